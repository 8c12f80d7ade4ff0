package model

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"iter"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/data/images"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// Photos is a data set of pictures of several shapes, kept.
func Photos(tb testing.TB, size, resize int) *artifact.Dataset {
	tb.Helper()
	files := map[string][]byte{}
	for i := range 24 {
		img := image.NewNRGBA(image.Rect(0, 0, resize+7*(i%3), resize+5*(i%2)))
		for k := range img.Bounds().Dx() * img.Bounds().Dy() {
			x, y := k%img.Bounds().Dx(), k/img.Bounds().Dx()
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 9), uint8(y*7 + i), uint8(x * y), 255})
		}
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			tb.Fatal(err)
		}
		files[fmt.Sprintf("%c/%d.png", 'a'+i%2, i)] = file.Bytes()
	}
	return sourcetest.Open(tb, images.New, sourcetest.Attrs{"path": sourcetest.Write(tb, files), "size": size, "resize": resize, "keep_shape": true, "normalise": "imagenet"})
}

func newLoader(d *artifact.Dataset, a Augment) *loader {
	width := sourcetest.Width(d)
	return &loader{Augment: a, meta: d.Meta, seed: 5, width: width, tmp: make([]float32, width)}
}

// loaded is what a loop over batches finds in the net's batch each time; with
// break after so many, 0 for all.
func loaded(l *loader, split artifact.Split, epoch, size, after int) (out []float32, rows []int) {
	order := make([]int, split.Len())
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	to := newBatch(size, l.width)
	n := 0
	for batch := range l.batches(split, order, epoch, to) {
		out = append(out, to.x...)
		for _, label := range to.labels {
			out = append(out, float32(label))
		}
		rows = append(rows, batch...)
		if n++; n == after {
			break
		}
	}
	return out, rows
}

// Whoever loads a batch, and whatever was loaded before it, it is the same.
func TestBatchesBeside(t *testing.T) {
	d := Photos(t, 16, 20)
	split := d.Splits[artifact.Train]
	for _, a := range []Augment{
		{},
		{Flip: true, Crop: 2, Shift: 1},
		{RandomResizedCrop: true, CropArea: 0.08},
		{RandomResizedCrop: true, CropArea: 0.3, Flip: true, Shift: 2},
	} {
		for _, epoch := range []int{0, 1} {
			const size = 5 // the last batch is smaller
			got, rows := loaded(newLoader(d, a), split, epoch, size, 0)
			l := newLoader(d, a)
			var want []float32
			to := newBatch(size, l.width)
			for part := range slices.Chunk(slices.Clone(rows), size) {
				l.load(split, part, epoch, to)
				want = append(want, to.x...)
				for _, label := range to.labels {
					want = append(want, float32(label))
				}
			}
			if len(rows) != split.Len() || !slices.Equal(got, want) {
				t.Errorf("%+v, epoch %d: other batches than without a goroutine", a, epoch)
			}
			// One that was broken off leaves nothing behind.
			l = newLoader(d, a)
			loaded(l, split, epoch, size, 2)
			if again, _ := loaded(l, split, epoch, size, 0); !slices.Equal(again, want) {
				t.Errorf("%+v, epoch %d: other batches after a loop that was broken off", a, epoch)
			}
		}
	}
}

// An example is augmented by its seed, epoch and row, and by nothing else.
func TestFeaturesDependOnSeedEpochAndRow(t *testing.T) {
	d := Photos(t, 16, 20)
	split := d.Splits[artifact.Train]
	l := newLoader(d, Augment{RandomResizedCrop: true, CropArea: 0.08, Flip: true})
	draw := func(seed uint64, epoch, row int) []float32 {
		x := make([]float32, l.width)
		l.seed = seed
		l.features(split, row, epoch, x)
		return x
	}
	first := draw(5, 1, 3)
	for _, other := range [][]float32{draw(6, 1, 3), draw(5, 2, 3), draw(5, 1, 4)} {
		if slices.Equal(first, other) {
			t.Error("another seed, epoch or row gives the same")
		}
	}
	if !slices.Equal(first, draw(5, 1, 3)) {
		t.Error("drawn again, it is another")
	}
	plain := make([]float32, l.width)
	split.Features(3, plain)
	if !slices.Equal(plain, draw(5, 0, 3)) {
		t.Error("evaluation changes examples")
	}
}

// A panic of the goroutine's is the loop's.
func TestBatchesPanic(t *testing.T) {
	d := Photos(t, 16, 20)
	l := newLoader(d, Augment{Flip: true})
	fault := errors.New("fault")
	defer func() {
		if got, _ := recover().(error); !errors.Is(got, fault) {
			t.Errorf("panic %v, want %v", got, fault)
		}
	}()
	for range l.batches(faulty{d.Splits[artifact.Train], fault}, []int{0, 1, 2}, 1, newBatch(1, l.width)) {
		continue
	}
}

type faulty struct {
	artifact.Split
	fault error
}

func (f faulty) Features(int, []float32) { panic(f.fault) }

func BenchmarkLoad(b *testing.B) {
	d := Photos(b, 224, 256)
	for name, a := range map[string]Augment{
		"plain": {}, "flip": {Flip: true}, "crop": {RandomResizedCrop: true, CropArea: 0.08}, "crop and flip": {RandomResizedCrop: true, CropArea: 0.08, Flip: true},
	} {
		b.Run(name, func(b *testing.B) {
			l := newLoader(d, a)
			x := make([]float32, l.width)
			split := d.Splits[artifact.Train]
			for i := range b.N {
				l.features(split, i%split.Len(), 1+i/split.Len(), x)
			}
		})
	}
}

func BenchmarkCheap(b *testing.B) {
	d := Photos(b, 28, 28)
	split := d.Splits[artifact.Train]
	order := make([]int, 128*100)
	for i := range order {
		order[i] = i % split.Len()
	}
	l := newLoader(d, Augment{})
	to := newBatch(128, l.width)
	for name, run := range map[string]func(artifact.Split, []int, int, *batch) iter.Seq[[]int]{"direct": l.batches, "beside": l.beside} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for range run(split, order, 1, to) {
					continue
				}
			}
		})
	}
}
