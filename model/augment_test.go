package model

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// Parts lie in the picture, and are of the shares and shapes that were asked
// for, but for rounding to whole pixels.
func TestPart(t *testing.T) {
	for _, size := range []image.Point{{256, 256}, {341, 256}, {224, 800}} {
		for _, least := range []float64{0.08, 0.5} {
			a := Augment{RandomResizedCrop: true, CropArea: least}
			r := rand.New(rand.NewPCG(3, 4))
			const n = 4000
			smallest, largest, logs := 1.0, 0.0, 0.0
			for range n {
				part := a.part(size, r)
				if part.Empty() || !part.In(image.Rectangle{Max: size}) {
					t.Fatalf("%v of %v", part, size)
				}
				w, h := float64(part.Dx()), float64(part.Dy())
				if w/h < narrowest*0.97 || w/h > widest*1.03 {
					t.Fatalf("%v of %v: shape %v", part, size, w/h)
				}
				area := w * h / float64(size.X*size.Y)
				if fallback := part == middleOf(a, size); area < least*0.97 && !fallback {
					t.Fatalf("%v of %v: area %v, want at least %v", part, size, area, least)
				}
				smallest, largest, logs = min(smallest, area), max(largest, area), logs+math.Log(w/h)
			}
			if size.X == size.Y && (smallest > least+0.01 || largest < 0.97 || math.Abs(logs/n) > 0.02) {
				t.Errorf("%v: areas from %v to %v, mean log of the shapes %v: want %v to 1 and 0", size, smallest, largest, logs/n, least)
			}
		}
	}
}

// middleOf is what is cut out where nothing fits: no part of all of the area
// does where the picture is longer than the shapes.
func middleOf(a Augment, size image.Point) image.Rectangle {
	a.CropArea = 1
	return a.part(size, rand.New(rand.NewPCG(1, 1)))
}

func TestPartWhereNoneFits(t *testing.T) {
	for size, want := range map[image.Point]image.Rectangle{
		{100, 10}: image.Rect(43, 0, 56, 10),
		{9, 100}:  image.Rect(0, 44, 9, 56),
		{1, 1}:    image.Rect(0, 0, 1, 1),
	} {
		if got := middleOf(Augment{}, size); got != want {
			t.Errorf("of %v: %v, want %v", size, got, want)
		}
	}
}
