package idx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// encode is an idx file of bytes.
func encode(data []byte, shape ...int) []byte {
	out := []byte{0, 0, 8, byte(len(shape))}
	for _, n := range shape {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return append(out, data...)
}

func zipped(t *testing.T, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pictures are n images of 3 x 2 pixels, no two equal, and their labels.
func pictures(n int) (images, labels []byte) {
	for i := range n {
		for p := range 6 {
			images = append(images, byte(i*6+p))
		}
		labels = append(labels, byte(i%2))
	}
	return images, labels
}

// files are a data set under MNIST's names.
func files(train, test int) map[string][]byte {
	out := map[string][]byte{}
	for name, n := range map[string]int{"train": train, "t10k": test} {
		if n == 0 {
			continue
		}
		images, labels := pictures(n)
		out[name+"-images-idx3-ubyte"] = encode(images, n, 2, 3)
		out[name+"-labels-idx1-ubyte"] = encode(labels, n)
	}
	return out
}

func TestContract(t *testing.T) {
	sourcetest.Contract(t, New, sourcetest.Attrs{"dir": sourcetest.Write(t, files(40, 10))})
}

func TestSplits(t *testing.T) {
	for _, c := range []struct {
		name        string
		train, test int
		attrs       sourcetest.Attrs
		want        map[string]int
	}{
		{"the test files are the test split, val is cut from train", 36, 10, nil, map[string]int{"train": 32, "val": 4, "test": 10}},
		{"no test files", 40, 0, nil, map[string]int{"train": 32, "val": 4, "test": 4}},
		{"no val asked for", 36, 10, sourcetest.Attrs{"split": map[string]float64{"train": 1}}, map[string]int{"train": 36, "test": 10}},
		{"a limit on the training images", 36, 10, sourcetest.Attrs{"limit": 18}, map[string]int{"train": 16, "val": 2, "test": 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			attrs := sourcetest.Attrs{"dir": sourcetest.Write(t, files(c.train, c.test))}
			maps.Copy(attrs, c.attrs)
			got := sourcetest.Sizes(sourcetest.Open(t, New, attrs))
			for _, name := range []string{"train", "val", "test"} {
				if got[name] != c.want[name] {
					t.Errorf("%s has %d examples, want %d", name, got[name], c.want[name])
				}
			}
		})
	}
}

// The files may be zipped or not; it makes no difference.
func TestZipped(t *testing.T) {
	plain := files(20, 4)
	packed := map[string][]byte{}
	for name, file := range plain {
		packed[name+".gz"] = zipped(t, file)
	}
	a := sourcetest.Open(t, New, sourcetest.Attrs{"dir": sourcetest.Write(t, plain)})
	b := sourcetest.Open(t, New, sourcetest.Attrs{"dir": sourcetest.Write(t, packed)})
	if a.Fingerprint != b.Fingerprint {
		t.Errorf("zipped files lead to other data")
	}
}

func TestEncoder(t *testing.T) {
	d := sourcetest.Open(t, New, sourcetest.Attrs{"dir": sourcetest.Write(t, files(20, 4))})
	images, labels := pictures(20)
	for i := range 20 {
		img := &image.Gray{Pix: images[i*6 : i*6+6], Stride: 3, Rect: image.Rect(0, 0, 3, 2)}
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.png")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		class := string('0' + rune(labels[i]))
		if got := sourcetest.Encoded(t, d, path); len(got) != 1 || !sourcetest.Holds(d, got[0], class) {
			t.Errorf("image %d is not encoded as it was prepared", i)
		}
	}
}

func TestMistakes(t *testing.T) {
	images, labels := pictures(10)
	change := func(name string, file []byte) map[string][]byte {
		out := files(10, 4)
		if out[name] = file; file == nil {
			delete(out, name)
		}
		return out
	}
	const trainImages, trainLabels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  []string // parts of the message
	}{
		{"no files", nil, []string{trainImages, "set dir to the folder"}},
		{"labels missing", change(trainLabels, nil), []string{trainLabels}},
		{"test labels missing", change("t10k-labels-idx1-ubyte", nil), []string{"t10k-labels-idx1-ubyte"}},
		{"short images", change(trainImages, encode(images[:33], 10, 2, 3)), []string{trainImages, "cut short in row 6 of 10", "27 bytes are missing"}},
		{"long images", change(trainImages, encode(append(images, 1), 10, 2, 3)), []string{trainImages, "goes on after its 10 rows"}},
		{"short header", change(trainImages, encode(images, 10, 2, 3)[:9]), []string{trainImages, "header is cut short"}},
		{"labels in place of images", change(trainImages, encode(labels, 10)), []string{trainImages, "in 3 dimensions"}},
		{"not idx", change(trainLabels, []byte("label\n1\n2\n3\n")), []string{trainLabels, "no idx file"}},
		{"huge header", change(trainImages, encode(nil, 1<<30, 1<<30, 1<<30)), []string{trainImages, "not possible"}},
		{"header promises 16 GB", change(trainImages, encode(images, 1<<20, 1<<7, 1<<7)), []string{trainImages, "cut short"}},
		{"fewer labels", change(trainLabels, encode(labels[:9], 9)), []string{"10 images", "9 labels"}},
		{"test images of another size", change("t10k-images-idx3-ubyte", encode(images[:24], 4, 3, 2)), []string{"t10k-images", "2x3", "3x2"}},
		{"broken gzip", change(trainImages, []byte{0x1f, 0x8b, 1, 2, 3}), []string{trainImages, "unzip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := sourcetest.Try(t, New, sourcetest.Attrs{"dir": sourcetest.Write(t, c.files)})
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

func TestMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	d := sourcetest.Open(t, New, sourcetest.Attrs{"dir": sourcetest.Real(t, "mnist")})
	for name, want := range map[string]int{"train": 53333, "val": 6667, "test": 10000} {
		if got := d.Splits[name].Len(); got < want-1 || got > want+1 {
			t.Errorf("%s has %d examples, want %d", name, got, want)
		}
	}
	// The mean and deviation of MNIST's training images that every tutorial quotes.
	if n := d.Meta.Norm[0]; n.Mean < 0.130 || n.Mean > 0.131 || n.SD < 0.308 || n.SD > 0.3085 {
		t.Errorf("mean %g and deviation %g, want about 0.1307 and 0.3081", n.Mean, n.SD)
	}
	if first := d.Meta.Classes[d.Splits[artifact.Test].Label(0)]; first != "7" {
		t.Errorf("the first test image is a %s, want the 7", first)
	}
}

func FuzzRead(f *testing.F) {
	images, labels := pictures(3)
	f.Add(encode(images, 3, 2, 3), 3)
	f.Add(encode(labels, 3), 1)
	f.Add(encode(nil, 1<<31, 1<<31, 1<<31), 3)
	f.Add(encode(nil, 2149580928, 7, 2046820602), 3) // a product beyond 64 bits
	f.Fuzz(func(t *testing.T, file []byte, dims int) {
		dims = 1 + 2*(dims&1) // 1 or 3, as the files have
		data, shape, err := read(bytes.NewReader(file), dims)
		if err != nil {
			return
		}
		size := 1
		for _, n := range shape {
			size *= n
		}
		if len(shape) != dims || len(data) != size {
			t.Errorf("read %d bytes of shape %v", len(data), shape)
		}
	})
}
