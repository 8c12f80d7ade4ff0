package images

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// picture is a PNG file of one colour with a stripe, so that no two are equal.
func picture(t *testing.T, c color.Color, stripe int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 12, 8))
	for y := range 8 {
		for x := range 12 {
			img.Set(x, y, c)
			if y == stripe%8 && x <= stripe/8+3 {
				img.Set(x, y, color.White)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var red, blue = color.NRGBA{200, 10, 10, 255}, color.NRGBA{10, 10, 200, 255}

// classes are n pictures of each of two classes, below prefix.
func classes(t *testing.T, prefix string, n int) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for i := range n {
		files[fmt.Sprintf("%sred/%02d.png", prefix, i)] = picture(t, red, i)
		files[fmt.Sprintf("%sblue/%02d.PNG", prefix, i)] = picture(t, blue, i)
	}
	return files
}

func TestContract(t *testing.T) {
	sourcetest.Contract(t, New, sourcetest.Attrs{"path": sourcetest.Write(t, classes(t, "", 10)), "size": 4})
}

func TestClassesAndSplits(t *testing.T) {
	join := func(parts ...map[string][]byte) map[string][]byte {
		out := map[string][]byte{}
		for _, part := range parts {
			maps.Copy(out, part)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  map[string]int
	}{
		{"class folders", classes(t, "", 10), map[string]int{"train": 16, "val": 2, "test": 2}},
		{"class folders within a folder", classes(t, "photos/", 10), map[string]int{"train": 16, "val": 2, "test": 2}},
		{"train and val", join(classes(t, "train/", 10), classes(t, "val/", 3)), map[string]int{"train": 20, "val": 6}},
		{"train and test: val is cut from train", join(classes(t, "train/", 9), classes(t, "test/", 3)), map[string]int{"train": 16, "val": 2, "test": 6}},
		{"all three", join(classes(t, "train/", 4), classes(t, "validation/", 3), classes(t, "test/", 2)), map[string]int{"train": 8, "val": 6, "test": 4}},
		{
			"hidden and other files", join(classes(t, "", 10), map[string][]byte{
				"red/.DS_Store": {1}, ".cache/x.png": {1}, "__MACOSX/red/00.png": {1}, "notes.txt": {1}, "red/notes.txt": {1}, "cover.png": {1},
			}), map[string]int{"train": 16, "val": 2, "test": 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := sourcetest.Write(t, c.files)
			for form, path := range map[string]string{"folder": dir, "zip": asZip(t, c.files), "tar": asTar(t, c.files, false), "tar.gz": asTar(t, c.files, true)} {
				d := sourcetest.Open(t, New, sourcetest.Attrs{"path": path, "size": 4})
				if got := sourcetest.Sizes(d); !maps.Equal(got, c.want) {
					t.Errorf("%s: splits %v, want %v", form, got, c.want)
				}
				if !slices.Equal(d.Meta.Classes, []string{"blue", "red"}) {
					t.Errorf("%s: classes %q", form, d.Meta.Classes)
				}
			}
		})
	}
}

// However the pictures are packed, the data is the same.
func TestArchives(t *testing.T) {
	files := classes(t, "train/", 10)
	want := sourcetest.Open(t, New, sourcetest.Attrs{"path": sourcetest.Write(t, files)}).Fingerprint
	for form, path := range map[string]string{"zip": asZip(t, files), "tar": asTar(t, files, false), "tar.gz": asTar(t, files, true)} {
		if got := sourcetest.Open(t, New, sourcetest.Attrs{"path": path}).Fingerprint; got != want {
			t.Errorf("%s: other data than from the folder", form)
		}
	}
}

func asZip(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(sourcetest.Write(t, map[string][]byte{"x.zip": out.Bytes()}), "x.zip")
}

func asTar(t *testing.T, files map[string][]byte, zipped bool) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: "./" + name, Size: int64(len(content)), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name, content := "x.tar", out.Bytes()
	if zipped {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		name, content = "x.tar.gz", packed.Bytes()
	}
	return filepath.Join(sourcetest.Write(t, map[string][]byte{name: content}), name)
}

func TestFormatsAndEncoder(t *testing.T) {
	img, err := png.Decode(bytes.NewReader(picture(t, red, 20)))
	if err != nil {
		t.Fatal(err)
	}
	var asJPEG, asGIF bytes.Buffer
	if err := jpeg.Encode(&asJPEG, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&asGIF, img, nil); err != nil {
		t.Fatal(err)
	}
	files := classes(t, "", 10)
	files["red/a.jpeg"], files["red/b.gif"] = asJPEG.Bytes(), asGIF.Bytes()
	files["red/c.webp"] = []byte(webp)
	dir := sourcetest.Write(t, files)
	for _, c := range []struct {
		channels, normalise string
		keep                bool
	}{{"rgb", "data", false}, {"grey", "data", false}, {"grey", "data", true}, {"rgb", "imagenet", true}} {
		channels := c.channels
		d := sourcetest.Open(t, New, sourcetest.Attrs{"path": dir, "size": 4, "resize": 6, "channels": channels, "normalise": c.normalise, "keep_shape": c.keep})
		if want := map[string]int{"rgb": 3, "grey": 1}[channels]; d.Meta.Shape[0] != want {
			t.Errorf("%s: shape %v", channels, d.Meta.Shape)
		}
		if got := slices.Equal(d.Meta.Norm, imageNet); got != (c.normalise == "imagenet") {
			t.Errorf("normalise = %s: %v", c.normalise, d.Meta.Norm)
		}
		if size, want := d.Splits["train"].(artifact.Cropper).Size(0), map[bool]image.Point{false: {X: 4, Y: 4}, true: {X: 9, Y: 6}}[c.keep]; size != want {
			t.Errorf("keep_shape = %v: the first picture is kept as %v, want %v", c.keep, size, want)
		}
		for name := range files {
			got := sourcetest.Encoded(t, d, filepath.Join(dir, name))
			if len(got) != 1 || !sourcetest.Holds(d, got[0], strings.Split(name, "/")[0]) {
				t.Errorf("%s, %s is not encoded as it was prepared", channels, name)
			}
		}
	}
}

// webp is a picture of one red pixel.
const webp = "RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x01\x00\x01\x00\x02\x00\x34\x25\xa4\x00\x03\x70\x00\xfe\xfb\x94\x00\x00"

func TestUnreadable(t *testing.T) {
	files := classes(t, "", 10)
	files["red/broken.jpg"] = []byte("\xff\xd8\xff\xe0 not a picture")
	files["blue/short.png"] = picture(t, blue, 3)[:40]
	for form, path := range map[string]string{"folder": sourcetest.Write(t, files), "zip": asZip(t, files), "tar": asTar(t, files, false)} {
		_, _, err := sourcetest.Try(t, New, sourcetest.Attrs{"path": path})
		if err == nil || !strings.Contains(err.Error(), "short.png") || !strings.Contains(err.Error(), `on_error = "skip"`) {
			t.Errorf("%s: error %v, want one that names short.png and the cure", form, err)
		}
		d, said, err := sourcetest.Try(t, New, sourcetest.Attrs{"path": path, "on_error": "skip"})
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		n := 0
		for _, size := range sourcetest.Sizes(d) {
			n += size
		}
		if n != 20 || !strings.Contains(said, "broken.jpg") || !strings.Contains(said, "2 unreadable examples skipped") {
			t.Errorf("%s: %d examples and %q, want 20 and a word on 2 skipped", form, n, said)
		}
	}
}

func TestMistakes(t *testing.T) {
	one := classes(t, "", 4)
	maps.DeleteFunc(one, func(name string, _ []byte) bool { return strings.HasPrefix(name, "red") })
	folder := sourcetest.Write(t, classes(t, "", 4))
	for _, c := range []struct {
		name  string
		attrs sourcetest.Attrs
		want  string
	}{
		{"no folder", sourcetest.Attrs{"path": "nowhere"}, "nowhere"},
		{"an empty folder", sourcetest.Attrs{"path": t.TempDir()}, "no picture in a class folder"},
		{"a picture", sourcetest.Attrs{"path": filepath.Join(folder, "red", "00.png")}, "neither a folder nor"},
		{"one class", sourcetest.Attrs{"path": sourcetest.Write(t, one)}, "one class only"},
		{"resize below size", sourcetest.Attrs{"path": folder, "size": 8, "resize": 4}, "resize = 4"},
		{"grey like ImageNet", sourcetest.Attrs{"path": folder, "channels": "grey", "normalise": "imagenet"}, `normalise = "imagenet" needs channels = "rgb"`},
		{"no zip", sourcetest.Attrs{"path": filepath.Join(sourcetest.Write(t, map[string][]byte{"a.zip": []byte("no")}), "a.zip")}, "a.zip"},
		{"no tar.gz", sourcetest.Attrs{"path": filepath.Join(sourcetest.Write(t, map[string][]byte{"a.tgz": []byte("no gzip at all")}), "a.tgz")}, "unzip"},
		{"a zip that leads outside", sourcetest.Attrs{"path": asZip(t, map[string][]byte{"../../red/a.png": {1}})}, "leads outside"},
		{"the same from Windows", sourcetest.Attrs{"path": asZip(t, map[string][]byte{`red\..\..\a.png`: {1}})}, "leads outside"},
		{"a split of another name", sourcetest.Attrs{"path": folder, "split": map[string]float64{"train": 0.9, "vall": 0.1}}, `did you mean "val"`},
		{"shares of more than 1", sourcetest.Attrs{"path": folder, "split": map[string]float64{"train": 0.9, "val": 0.2}}, "sum to 1.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := sourcetest.Try(t, New, c.attrs)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// A folder that is a link, and links within it, lead to the same data.
func TestLinks(t *testing.T) {
	dir := sourcetest.Write(t, classes(t, "", 10))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	inner := filepath.Join(t.TempDir(), "photos")
	if err := os.MkdirAll(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"red", "blue"} {
		if err := os.Symlink(filepath.Join(dir, class), filepath.Join(inner, class)); err != nil {
			t.Fatal(err)
		}
	}
	want := sourcetest.Open(t, New, sourcetest.Attrs{"path": dir}).Fingerprint
	for _, path := range []string{link, inner} {
		if got := sourcetest.Open(t, New, sourcetest.Attrs{"path": path}).Fingerprint; got != want {
			t.Errorf("%s: other data than from the folder itself", path)
		}
	}
}

func TestRealPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": sourcetest.Real(t, "hymenoptera"), "size": 32})
	// Among them a GIF and a .jpeg, as found.
	if got, want := sourcetest.Sizes(d), map[string]int{"train": 245, "val": 153}; !maps.Equal(got, want) {
		t.Errorf("splits %v, want %v", got, want)
	}
	if !slices.Equal(d.Meta.Classes, []string{"ants", "bees"}) {
		t.Errorf("classes %q", d.Meta.Classes)
	}
}

func TestRealArchive(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": sourcetest.Real(t, "cifar10-small.zip"), "size": 32})
	got, want := sourcetest.Sizes(d), map[string]int{"train": 8889, "val": 1111, "test": 2000}
	if !maps.Equal(got, want) || len(d.Meta.Classes) != 10 {
		t.Errorf("splits %v of %d classes, want %v of 10", got, len(d.Meta.Classes), want)
	}
}
