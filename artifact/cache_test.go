package artifact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// fake is a source made of functions.
type fake struct {
	inputs []string
	read   func(b *Builder) error
	reads  *atomic.Int32
}

func (f fake) Inputs() ([]string, error) { return f.inputs, nil }

func (f fake) Read(_ context.Context, b *Builder) error {
	if f.reads != nil {
		f.reads.Add(1)
	}
	return f.read(b)
}

// kinds are small data sets of each encoding.
var kinds = map[string]func(b *Builder) error{
	"images": func(b *Builder) error {
		b.Images(ImageEncoding{Width: 2, Height: 1, Channels: 3, Resize: 1})
		for i := range 10 {
			b.Image([]byte{byte(i), 1, 2, 3, 4, 5}, fmt.Sprint(i%2), "")
		}
		return nil
	},
	"pictures": func(b *Builder) error {
		b.Images(ImageEncoding{Width: 2, Height: 2, Channels: 1, Resize: 2, KeepShape: true})
		for i := range 10 {
			w, h := 2+i%3, 2+i%2
			b.Picture(Picture{w, h, bytes.Repeat([]byte{byte(i)}, w*h)}, fmt.Sprint(i%2), "")
		}
		return nil
	},
	"rows": func(b *Builder) error {
		b.Rows(RowEncoding{Columns: []Column{{Name: "x"}, {Name: "y", Use: TargetUse}}, Separator: ",", Target: "y"}, Regression)
		for i := range 10 {
			b.Row([]string{fmt.Sprint(i), ""}, "", float64(i), "")
		}
		return nil
	},
	"texts": func(b *Builder) error {
		b.Texts(TextEncoding{Features: 32, NGrams: 1})
		for i := range 10 {
			b.Text(fmt.Sprintf("text number %d", i), fmt.Sprint(i%2), "")
		}
		return nil
	},
}

func block(t *testing.T, attrs string) sweep.Block {
	t.Helper()
	b := sweep.Block{Type: "fake"}
	if err := json.Unmarshal([]byte(attrs), &b.Config); err != nil {
		t.Fatal(err)
	}
	return b
}

const halves = `{"split": {"train": 0.5, "val": 0.5}, "split_seed": 1, "on_error": "fail"}`

func prepared(t *testing.T, cache string, b sweep.Block, src Source) *Dataset {
	t.Helper()
	fingerprint, err := Prepare(t.Context(), cache, b, src, nil)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	d, err := Open(cache, fingerprint)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestPrepareOnce(t *testing.T) {
	input := filepath.Join(t.TempDir(), "input")
	write := func(text string, age time.Duration) {
		t.Helper()
		when := time.Unix(1e9, 0).Add(-age)
		if err := errors.Join(os.WriteFile(input, []byte(text), 0o600), os.Chtimes(input, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", time.Hour)
	var reads atomic.Int32
	cache := filepath.Join(t.TempDir(), "made", "when needed")
	src := fake{inputs: []string{input}, read: kinds["images"], reads: &reads}
	steps := []struct {
		name   string
		change func()
		attrs  string
		reads  int32
	}{
		{"the first time", func() {}, halves, 1},
		{"again", func() {}, halves, 1},
		{"other settings", func() {}, `{"split": {"train": 0.8, "val": 0.2}, "split_seed": 1, "on_error": "fail"}`, 2},
		{"the first settings again", func() {}, halves, 2},
		{"an input of another time", func() { write("one", time.Minute) }, halves, 3},
		{"an input of another size", func() { write("longer", time.Minute) }, halves, 4},
		{"the cache emptied", func() {
			if err := os.RemoveAll(cache); err != nil {
				t.Fatal(err)
			}
		}, halves, 5},
	}
	for _, s := range steps {
		s.change()
		prepared(t, cache, block(t, s.attrs), src)
		if got := reads.Load(); got != s.reads {
			t.Fatalf("%s: the source was read %d times, want %d", s.name, got, s.reads)
		}
	}
}

func TestKinds(t *testing.T) {
	for name, read := range kinds {
		t.Run(name, func(t *testing.T) {
			d := prepared(t, t.TempDir(), block(t, halves), fake{read: read})
			if got := d.SplitNames(); len(got) != 2 || d.Splits[Train].Len()+d.Splits[Val].Len() != 10 {
				t.Errorf("splits %v", got)
			}
			n := 1
			for _, size := range d.Meta.Shape {
				n *= size
			}
			x := make([]float32, n)
			for _, split := range d.Splits {
				for i := range split.Len() {
					split.Features(i, x)
				}
			}
		})
	}
}

// Many processes may prepare the same data at once: it is read once, and all
// get it.
func TestPrepareAtOnce(t *testing.T) {
	var reads atomic.Int32
	cache := t.TempDir()
	var group sync.WaitGroup
	answers := make([]string, 8)
	b, src := block(t, halves), fake{read: kinds["texts"], reads: &reads}
	for i := range answers {
		group.Go(func() {
			fingerprint, err := Prepare(t.Context(), cache, b, src, nil)
			if err != nil {
				t.Errorf("prepare: %v", err)
			}
			answers[i] = fingerprint
		})
	}
	group.Wait()
	if reads.Load() != 1 {
		t.Errorf("the source was read %d times, want once", reads.Load())
	}
	for _, a := range answers {
		if a != answers[0] || len(a) != 16 {
			t.Errorf("fingerprints %q", answers)
			break
		}
	}
}

// A file of the cache that is cut short anywhere, or changed in its header, is
// an error for Open that says what to do, and Prepare makes it anew.
func TestDamage(t *testing.T) {
	for name, read := range kinds {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			b, src := block(t, halves), fake{read: read}
			fingerprint, err := Prepare(t.Context(), cache, b, src, nil)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(cache, fingerprint+".data")
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for end := 0; end < len(whole)-alignment; end += 7 {
				if err := os.WriteFile(path, whole[:end], 0o600); err != nil {
					t.Fatal(err)
				}
				if d, err := Open(cache, fingerprint); err == nil {
					t.Fatalf("opened, cut to %d of %d bytes: %v", end, len(whole), d.Close())
				} else if !errors.Is(err, errDamaged) || !strings.Contains(err.Error(), path) {
					t.Fatalf("cut to %d bytes: error %v, want one that names %s", end, err, path)
				}
			}
			again, err := Prepare(t.Context(), cache, b, src, nil)
			if err != nil || again != fingerprint {
				t.Fatalf("prepared again: %s, %v, want %s", again, err, fingerprint)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole) {
				t.Errorf("the file was not made anew (%v)", err)
			}
		})
	}
}

func TestOpenMistakes(t *testing.T) {
	for _, fingerprint := range []string{"", "..", "../../etc/passwd", "0123", "0123456789abcdeg", "0123456789abcdef"} {
		if d, err := Open(t.TempDir(), fingerprint); err == nil {
			t.Errorf("opened %q: %v", fingerprint, d.Close())
		}
	}
}

func TestPrepareMistakes(t *testing.T) {
	for _, c := range []struct {
		name string
		src  fake
		want string
	}{
		{"an input that is not there", fake{inputs: []string{"nowhere"}}, "nowhere"},
		{"a source's error", fake{read: func(*Builder) error { return errors.New("row 7 is odd") }}, "row 7 is odd"},
		{"nothing", fake{read: func(b *Builder) error { b.Texts(TextEncoding{Features: 16}); return nil }}, "the data set is empty"},
		{"no training data", fake{read: func(b *Builder) error {
			b.Texts(TextEncoding{Features: 16})
			b.Text("x", "a", Test)
			return nil
		}}, "the training split is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := t.TempDir()
			_, err := Prepare(t.Context(), cache, block(t, halves), c.src, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
			left, err := filepath.Glob(filepath.Join(cache, "*.data"))
			if err != nil || len(left) > 0 {
				t.Errorf("it left %q behind (%v)", left, err)
			}
		})
	}
}

// A split that should be there but is not is worth a word.
func TestEmptySplitIsTold(t *testing.T) {
	var said bytes.Buffer
	b := block(t, `{"split": {"train": 0.95, "val": 0.05}, "split_seed": 1, "on_error": "fail"}`)
	if _, err := Prepare(t.Context(), t.TempDir(), b, fake{read: kinds["images"]}, &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "split val is empty") {
		t.Errorf("it said %q", said.String())
	}
}

// No content of a cache file makes Open, or the splits it gives, panic.
func FuzzParse(f *testing.F) {
	for _, read := range kinds {
		b := &Builder{splitting: Splitting{Split: map[string]float64{Train: 0.5, Val: 0.5}}}
		if err := read(b); err != nil {
			f.Fatal(err)
		}
		c, err := b.finish()
		if err != nil {
			f.Fatal(err)
		}
		var file bytes.Buffer
		if err := c.write(&file); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := parse(file)
		if err != nil {
			return
		}
		width, ok := d.Meta.width()
		if !ok || width > 1<<16 {
			return
		}
		x := make([]float32, width)
		var s Scaler
		for _, split := range d.Splits {
			for i := range split.Len() {
				split.Features(i, x)
				if c, ok := split.(Cropper); ok && c.Size(i).X < 1<<12 && c.Size(i).Y < 1<<12 {
					c.Crop(i, image.Rectangle{Max: c.Size(i)}, true, x, &s)
				}
				if d.Meta.Kind == Classification {
					if l := split.Label(i); l >= len(d.Meta.Classes) {
						t.Fatalf("label %d of %d classes", l, len(d.Meta.Classes))
					}
				} else {
					split.Target(i)
				}
			}
		}
	})
}
