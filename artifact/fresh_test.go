package artifact_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/data/csv"
	"github.com/inflame-deeplearning/sweep/artifact/data/idx"
	"github.com/inflame-deeplearning/sweep/artifact/data/images"
	"github.com/inflame-deeplearning/sweep/artifact/data/text"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// Every source that reads files sees those that have changed since it was prepared,
// and the manifests say which.
func TestSourcesAreLookedAtAgain(t *testing.T) {
	for _, test := range []struct {
		name   string
		files  map[string][]byte
		open   func(tb testing.TB, cache, dir string) *artifact.Dataset
		change map[string][]byte // nil: the file is removed
		want   artifact.Changes
	}{
		{
			"csv",
			map[string][]byte{"data.csv": table(10)},
			func(tb testing.TB, cache, dir string) *artifact.Dataset {
				tb.Helper()
				return sourcetest.OpenIn(tb, cache, csv.New, sourcetest.Attrs{"path": filepath.Join(dir, "data.csv"), "target": "y"})
			},
			map[string][]byte{"data.csv": table(20)},
			artifact.Changes{Changed: []string{"data.csv"}},
		},
		{
			"images",
			map[string][]byte{"a/1.png": picture(t, 1), "a/2.png": picture(t, 2), "b/1.png": picture(t, 3), "b/2.png": picture(t, 4)},
			func(tb testing.TB, cache, dir string) *artifact.Dataset {
				tb.Helper()
				return sourcetest.OpenIn(tb, cache, images.New, sourcetest.Attrs{"path": dir, "size": 4})
			},
			map[string][]byte{"a/1.png": picture(t, 9), "a/2.png": nil, "b/3.png": picture(t, 5)},
			artifact.Changes{Added: []string{"b/3.png"}, Removed: []string{"a/2.png"}, Changed: []string{"a/1.png"}},
		},
		{
			"idx",
			map[string][]byte{"train-images-idx3-ubyte": digits(6), "train-labels-idx1-ubyte": labels(6)},
			func(tb testing.TB, cache, dir string) *artifact.Dataset {
				tb.Helper()
				return sourcetest.OpenIn(tb, cache, idx.New, sourcetest.Attrs{"dir": dir})
			},
			map[string][]byte{"train-images-idx3-ubyte": digits(8), "train-labels-idx1-ubyte": labels(8)},
			artifact.Changes{Changed: []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}},
		},
		{
			"text",
			map[string][]byte{"a/1.txt": []byte("one"), "a/2.txt": []byte("two"), "b/1.txt": []byte("three"), "b/2.txt": []byte("four")},
			func(tb testing.TB, cache, dir string) *artifact.Dataset {
				tb.Helper()
				return sourcetest.OpenIn(tb, cache, text.New, sourcetest.Attrs{"path": dir})
			},
			map[string][]byte{"a/1.txt": []byte("six"), "b/2.txt": nil, "b/3.txt": []byte("five")},
			artifact.Changes{Added: []string{"b/3.txt"}, Removed: []string{"b/2.txt"}, Changed: []string{"a/1.txt"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cache, dir := t.TempDir(), sourcetest.Write(t, test.files)
			first := test.open(t, cache, dir)
			if again := test.open(t, cache, dir); again.Fingerprint != first.Fingerprint {
				t.Error("nothing has changed, and the fingerprint is another")
			}
			for name, content := range test.change {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if content == nil {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, time.Time{}, time.Unix(2e9, 0)); err != nil { // a clock may be too coarse
					t.Fatal(err)
				}
			}
			second := test.open(t, cache, dir)
			if second.Fingerprint == first.Fingerprint {
				t.Fatal("the files have changed, and the fingerprint has not")
			}
			var manifests []artifact.Manifest
			for _, d := range []*artifact.Dataset{first, second} {
				m, ok, err := artifact.ReadManifest(cache, d.Fingerprint)
				if err != nil || !ok {
					t.Fatalf("the manifest of %s: %v, %v", d.Fingerprint, ok, err)
				}
				for name, split := range d.Splits {
					if got := m.Splits[name]; got.Examples != split.Len() {
						t.Errorf("split %s has %d examples, its manifest says %+v", name, split.Len(), got)
					}
				}
				manifests = append(manifests, m)
			}
			got := manifests[0].Changes(manifests[1])
			for _, c := range []struct {
				what      string
				got, want []string
			}{{"added", got.Added, test.want.Added}, {"removed", got.Removed, test.want.Removed}, {"changed", got.Changed, test.want.Changed}} {
				if !slices.Equal(c.got, c.want) {
					t.Errorf("%s are %q, want %q", c.what, c.got, c.want)
				}
			}
		})
	}
}

// A file whose size and time are known is not read for its hash again.
func TestManifestKnowsFilesOfTheLast(t *testing.T) {
	cache, dir := t.TempDir(), sourcetest.Write(t, map[string][]byte{"a/1.txt": []byte("one"), "b/1.txt": []byte("two")})
	open := func() artifact.Manifest {
		d := sourcetest.OpenIn(t, cache, text.New, sourcetest.Attrs{"path": dir})
		m, _, err := artifact.ReadManifest(cache, d.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := open()
	same, err := os.Stat(filepath.Join(dir, "a", "1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	// Of the same size and time, it is taken for the same.
	if err := os.WriteFile(filepath.Join(dir, "a", "1.txt"), []byte("six"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, "a", "1.txt"), time.Time{}, same.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b", "2.txt"), []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := before.Changes(open()); len(c.Changed) > 0 || !slices.Equal(c.Added, []string{"b/2.txt"}) {
		t.Errorf("the changes are %+v", c)
	}
}

func TestChangesInWords(t *testing.T) {
	of := func(files map[string]string, train map[string]int) artifact.Manifest {
		m := artifact.Manifest{Splits: map[string]artifact.Share{}}
		for name, hash := range files {
			m.Files = append(m.Files, artifact.ManifestFile{Name: name, Hash: hash})
		}
		n := 0
		for _, k := range train {
			n += k
		}
		m.Splits["train"] = artifact.Share{Examples: n, Classes: train}
		return m
	}
	was := of(map[string]string{"a": "1", "b": "2"}, map[string]int{"x": 2, "y": 2})
	for _, test := range []struct {
		now  artifact.Manifest
		want string
	}{
		{was, "other settings"},
		{of(map[string]string{"a": "1", "b": "3"}, map[string]int{"x": 2, "y": 2}), "1 file changed"},
		{of(map[string]string{"a": "1", "c": "3", "d": "4"}, map[string]int{"x": 2, "y": 3}), "2 files added, 1 removed; train 4 to 5 examples"},
	} {
		if got := was.Changes(test.now).String(); got != test.want {
			t.Errorf("the changes are %q, want %q", got, test.want)
		}
	}
	swapped := was.Changes(of(map[string]string{"a": "1", "b": "2"}, map[string]int{"x": 1, "y": 3}))
	if s, ok := swapped.Splits["train"]; !ok || s.To.Classes["y"] != 3 {
		t.Errorf("the balance of classes has changed, and the changes are %+v", swapped)
	}
}

func table(rows int) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "x,y")
	for i := range rows {
		fmt.Fprintf(&b, "%d,%s\n", i, []string{"no", "yes"}[i%2])
	}
	return b.Bytes()
}

func picture(t *testing.T, grey uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: 20*grey + uint8(i)}.Y
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func digits(n int) []byte {
	b := []byte{0, 0, 8, 3}
	for _, size := range []int{n, 2, 2} {
		b = binary.BigEndian.AppendUint32(b, uint32(size))
	}
	for i := range n * 4 {
		b = append(b, byte(i))
	}
	return b
}

func labels(n int) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, uint32(n))
	for i := range n {
		b = append(b, byte(i%2))
	}
	return b
}
