package glyphs_test

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/data/glyphs"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func TestContract(t *testing.T) {
	sourcetest.Contract(t, glyphs.New, sourcetest.Attrs{"count": 100})
}

func TestSplitsAreEven(t *testing.T) {
	d := sourcetest.Open(t, glyphs.New, sourcetest.Attrs{"count": 200, "size": 12})
	for name, want := range map[string]int{artifact.Train: 16, artifact.Val: 2, artifact.Test: 2} {
		split := d.Splits[name]
		counts := make([]int, 10)
		for i := range split.Len() {
			counts[split.Label(i)]++
		}
		for digit, n := range counts {
			if n != want {
				t.Errorf("%s has %d examples of %d, want %d", name, n, digit, want)
			}
		}
	}
}

// The training split has mean 0 and standard deviation 1.
func TestNormalised(t *testing.T) {
	d := sourcetest.Open(t, glyphs.New, sourcetest.Attrs{"count": 100})
	train := d.Splits[artifact.Train]
	x := make([]float32, sourcetest.Width(d))
	sum, squares := 0.0, 0.0
	for i := range train.Len() {
		train.Features(i, x)
		for _, f := range x {
			sum += float64(f)
			squares += float64(f) * float64(f)
		}
	}
	n := float64(train.Len() * len(x))
	if mean, variance := sum/n, squares/n; mean > 1e-3 || mean < -1e-3 || variance < 0.99 || variance > 1.01 {
		t.Errorf("the training split has mean %g and variance %g, want 0 and 1", mean, variance)
	}
}

func TestAttributesMatter(t *testing.T) {
	seen := map[string]sourcetest.Attrs{}
	for _, attrs := range []sourcetest.Attrs{
		{"count": 40},
		{"count": 40, "seed": 2},
		{"count": 40, "difficulty": 0},
		{"count": 40, "difficulty": 1},
		{"count": 40, "size": 8},
		{"count": 40, "split_seed": 2},
	} {
		d := sourcetest.Open(t, glyphs.New, attrs)
		if other, ok := seen[d.Fingerprint]; ok {
			t.Errorf("%v and %v lead to the same data", attrs, other)
		}
		seen[d.Fingerprint] = attrs
	}
}

// A classifier by the nearest mean image shows that difficulty is what it says:
// print is read without fault, and the default leaves much to learn.
func TestDifficulty(t *testing.T) {
	previous := 1.01
	for _, c := range []struct{ difficulty, low, high float64 }{{0, 0.9, 1}, {0.5, 0.2, 0.8}, {1, 0.1, 0.4}} {
		d := sourcetest.Open(t, glyphs.New, sourcetest.Attrs{"count": 1000, "difficulty": c.difficulty})
		got := nearestMean(d)
		t.Logf("difficulty %g: %.3f right", c.difficulty, got)
		if got < c.low || got > c.high || got >= previous {
			t.Errorf("difficulty %g: %g right, want %g to %g and less than before (%g)", c.difficulty, got, c.low, c.high, previous)
		}
		previous = got
	}
}

func nearestMean(d *artifact.Dataset) float64 {
	width := sourcetest.Width(d)
	means := make([][]float64, len(d.Meta.Classes))
	for i := range means {
		means[i] = make([]float64, width)
	}
	x := make([]float32, width)
	train, val := d.Splits[artifact.Train], d.Splits[artifact.Val]
	for i := range train.Len() { // as many of each class
		train.Features(i, x)
		for j, f := range x {
			means[train.Label(i)][j] += float64(f) * float64(len(means)) / float64(train.Len())
		}
	}
	right := 0
	for i := range val.Len() {
		val.Features(i, x)
		best, least := 0, -1.0
		for class, mean := range means {
			distance := 0.0
			for j, f := range x {
				distance += (float64(f) - mean[j]) * (float64(f) - mean[j])
			}
			if least < 0 || distance < least {
				best, least = class, distance
			}
		}
		if best == val.Label(i) {
			right++
		}
	}
	return float64(right) / float64(val.Len())
}

// A picture of an example is encoded as the example was.
func TestEncoder(t *testing.T) {
	d := sourcetest.Open(t, glyphs.New, sourcetest.Attrs{"count": 40, "size": 16})
	x := make([]float32, sourcetest.Width(d))
	d.Splits[artifact.Val].Features(0, x)
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	norm := d.Meta.Norm[0]
	for i, f := range x {
		img.Pix[i] = byte((float64(f)*norm.SD+norm.Mean)*255 + 0.5)
	}
	path := filepath.Join(t.TempDir(), "digit.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	class := d.Meta.Classes[d.Splits[artifact.Val].Label(0)]
	if got := sourcetest.Encoded(t, d, path); len(got) != 1 || !sourcetest.Holds(d, got[0], class) {
		t.Errorf("the picture of an example is not encoded as it")
	}
}

func BenchmarkRead2000(b *testing.B) {
	for b.Loop() {
		src, err := glyphs.New(sweep.Spec{}, glyphs.Config{Size: 20, Count: 2000, Difficulty: 0.5, Seed: 1, Splitting: artifact.Splitting{Split: map[string]float64{"train": 1}}})
		if err != nil {
			b.Fatal(err)
		}
		if err := src.Read(b.Context(), &artifact.Builder{}); err != nil {
			b.Fatal(err)
		}
	}
}
