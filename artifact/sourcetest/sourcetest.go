// Package sourcetest is the contract that every source of data keeps: Contract
// checks it. It also has what a source's own tests need: Open to prepare a
// block's data as a sweep does, and Real to find data sets that are too large
// for the repository. It is for tests only.
package sourcetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Attrs are a data block's attributes, as a sweep file gives them.
type Attrs map[string]any

// New is a source's constructor.
type New[C any] func(sweep.Spec, C) (artifact.Source, error)

// Try prepares the data of a block with those attributes, defaults filled in,
// in an empty cache, and opens it. said is what was logged.
func Try[C any](tb testing.TB, build New[C], attrs Attrs) (d *artifact.Dataset, said string, err error) {
	tb.Helper()
	return prepare(tb, tb.TempDir(), build, attrs)
}

func prepare[C any](tb testing.TB, cache string, build New[C], attrs Attrs) (d *artifact.Dataset, said string, err error) {
	tb.Helper()
	block, src, err := source(build, attrs)
	if err != nil {
		return nil, "", err
	}
	var log bytes.Buffer
	fingerprint, err := artifact.Prepare(tb.Context(), cache, block, src, &log)
	if err != nil {
		return nil, log.String(), err
	}
	if d, err = artifact.Open(cache, fingerprint); err == nil {
		tb.Cleanup(func() {
			if err := d.Close(); err != nil {
				tb.Errorf("close data set: %v", err)
			}
		})
	}
	return d, log.String(), err
}

// OpenIn is Open with a cache that is there, in which the data may be prepared already.
func OpenIn[C any](tb testing.TB, cache string, build New[C], attrs Attrs) *artifact.Dataset {
	tb.Helper()
	d, _, err := prepare(tb, cache, build, attrs)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Open is Try for data that must not fail.
func Open[C any](tb testing.TB, build New[C], attrs Attrs) *artifact.Dataset {
	tb.Helper()
	d, _, err := Try(tb, build, attrs)
	if err != nil {
		tb.Fatalf("prepare data: %v", err)
	}
	return d
}

func source[C any](build New[C], attrs Attrs) (sweep.Block, artifact.Source, error) {
	var given sweep.Value
	text, err := json.Marshal(attrs)
	if err == nil {
		err = json.Unmarshal(text, &given)
	}
	if err != nil {
		return sweep.Block{}, nil, err
	}
	var config C
	complete, problems := schema.Of(config).Complete(given)
	if len(problems) > 0 {
		return sweep.Block{}, nil, fmt.Errorf("%s", problems[0])
	}
	if err := schema.Decode(complete, &config); err != nil {
		return sweep.Block{}, nil, err
	}
	src, err := build(sweep.Spec{}, config)
	return sweep.Block{Type: "test", Config: complete}, src, err
}

// Contract checks what every source owes: the same inputs give the same data,
// all inputs are named, reading ends with its context, and what was prepared is
// whole and can be encoded again. attrs must lead to a train and a val split.
func Contract[C any](t *testing.T, build New[C], attrs Attrs) {
	t.Helper()
	d := Open(t, build, attrs)

	t.Run("the same again", func(t *testing.T) {
		if again := Open(t, build, attrs); again.Fingerprint != d.Fingerprint {
			t.Errorf("prepared twice, the fingerprints are %s and %s", d.Fingerprint, again.Fingerprint)
		}
	})
	t.Run("prepared once", func(t *testing.T) {
		cache := t.TempDir()
		for _, want := range []bool{true, false} {
			_, said, err := prepare(t, cache, build, attrs)
			if read := len(said) > 0; err != nil || read != want {
				t.Errorf("read = %v, %v, want %v", read, err, want)
			}
		}
	})
	t.Run("inputs exist", func(t *testing.T) {
		_, src, err := source(build, attrs)
		if err != nil {
			t.Fatal(err)
		}
		inputs, err := src.Inputs()
		if err != nil {
			t.Fatalf("inputs: %v", err)
		}
		for _, path := range inputs {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("input: %v", err)
			}
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		block, src, err := source(build, attrs)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := artifact.Prepare(ctx, t.TempDir(), block, src, nil); err == nil {
			t.Errorf("prepared under a context that had ended")
		}
	})
	t.Run("whole", func(t *testing.T) { whole(t, d) })
}

func whole(t *testing.T, d *artifact.Dataset) {
	t.Helper()
	if d.Splits[artifact.Train] == nil || d.Splits[artifact.Val] == nil {
		t.Fatalf("the splits are %v, want train and val among them", d.SplitNames())
	}
	text, err := json.Marshal(d.Meta)
	if err != nil {
		t.Fatalf("encode meta: %v", err)
	}
	var meta artifact.Meta
	if err := json.Unmarshal(text, &meta); err != nil {
		t.Fatalf("decode meta: %v", err)
	}
	if _, err := artifact.NewEncoder(meta); err != nil {
		t.Errorf("encoder: %v", err)
	}
	width := Width(d)
	x := make([]float32, width)
	for _, name := range d.SplitNames() {
		split := d.Splits[name]
		for i := range split.Len() {
			split.Features(i, x)
			if slices.ContainsFunc(x, func(f float32) bool { return math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) }) {
				t.Fatalf("%s %d has a feature that is no number", name, i)
			}
			if d.Meta.Kind == artifact.Classification {
				if l := split.Label(i); l < 0 || l >= len(d.Meta.Classes) {
					t.Fatalf("%s %d has label %d of %d classes", name, i, l, len(d.Meta.Classes))
				}
			}
		}
	}
}

// Width is the number of features of an example.
func Width(d *artifact.Dataset) int {
	n := 1
	for _, size := range d.Meta.Shape {
		n *= size
	}
	return n
}

// Encoded is the features of every example in input, by the encoder that d's
// meta describes after a way through JSON.
func Encoded(t *testing.T, d *artifact.Dataset, input string) [][]float32 {
	t.Helper()
	text, err := json.Marshal(d.Meta)
	if err != nil {
		t.Fatal(err)
	}
	var meta artifact.Meta
	if err := json.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	e, err := artifact.NewEncoder(meta)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float32
	for x, err := range e.Encode(input) {
		if err != nil {
			t.Fatalf("encode %.80s: %v", input, err)
		}
		out = append(out, slices.Clone(x))
	}
	return out
}

// Holds reports whether one of d's examples has exactly the features x, and is
// of that class where class is not empty.
func Holds(d *artifact.Dataset, x []float32, class string) bool {
	y := make([]float32, Width(d))
	for _, split := range d.Splits {
		for i := range split.Len() {
			split.Features(i, y)
			if slices.Equal(x, y) && (class == "" || d.Meta.Classes[split.Label(i)] == class) {
				return true
			}
		}
	}
	return false
}

// Sizes are the numbers of examples, by split.
func Sizes(d *artifact.Dataset) map[string]int {
	out := map[string]int{}
	for name, split := range d.Splits {
		out[name] = split.Len()
	}
	return out
}

// Real is a file or folder of the real data sets that lie beside the
// repository, in shared/data; the test is skipped where they do not.
func Real(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			continue
		}
		path := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			break
		}
		return path
	}
	t.Skipf("the real data set %s is not here", name)
	return ""
}

// Write writes files below a temporary folder, by name with slashes, and is
// that folder.
func Write(tb testing.TB, files map[string][]byte) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
