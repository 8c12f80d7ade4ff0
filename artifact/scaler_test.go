package artifact

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// noise is a split of one picture of noise, of each size.
func noise(tb testing.TB, size int, extents ...image.Point) pictures {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	e := &ImageEncoding{Width: size, Height: size, Channels: 3, Resize: size, KeepShape: true}
	m := Meta{Kind: Classification, Shape: []int{3, size, size}, Encoder: Encoding{Image: e}, Classes: []string{"a"}}
	m.Norm = []Scale{{0.485, 0.229}, {0.456, 0.224}, {0.406, 0.225}}
	table := &table{meta: m, count: len(extents), width: 3 * size * size, labels: make([]int32, len(extents))}
	var index []int32
	for i, at := range extents {
		table.sizes = append(table.sizes, uint32(at.X), uint32(at.Y))
		for range 3 * at.X * at.Y {
			table.pixels = append(table.pixels, byte(r.IntN(256)))
		}
		index = append(index, int32(i))
	}
	if !table.sound() {
		tb.Fatal("the table is not sound")
	}
	return pictures{part{table, index}}
}

// naive is what Crop should write, by the definition and in float64: each pixel
// is the mean of those around it, weighted by a triangle over both axes.
func naive(p pictures, i int, from image.Rectangle, flip bool) []float64 {
	m, picture := p.table.meta, p.table.picture(i)
	h, w := m.Shape[1], m.Shape[2]
	sx, sy := float64(from.Dx())/float64(w), float64(from.Dy())/float64(h)
	tent := func(d, scale float64) float64 { return max(1-math.Abs(d)/max(scale, 1), 0) }
	var out []float64
	for ch, norm := range m.Norm {
		for y := range h {
			for x := range w {
				if flip {
					x = w - 1 - x
				}
				sum, weights := 0.0, 0.0
				for v := range from.Dy() {
					wy := tent(float64(v)+0.5-(float64(y)+0.5)*sy, sy)
					for u := range from.Dx() {
						if weight := wy * tent(float64(u)+0.5-(float64(x)+0.5)*sx, sx); weight > 0 {
							sum += weight * float64(picture.Pixels[(ch*picture.Height+from.Min.Y+v)*picture.Width+from.Min.X+u])
							weights += weight
						}
					}
				}
				out = append(out, (sum/weights/255-norm.Mean)/norm.SD)
			}
		}
	}
	return out
}

func TestCrop(t *testing.T) {
	p := noise(t, 12, image.Pt(40, 25), image.Pt(12, 90))
	var s Scaler
	for i, cuts := range [][]image.Rectangle{
		{image.Rect(0, 0, 40, 25), image.Rect(3, 4, 15, 16), image.Rect(39, 24, 40, 25), image.Rect(7, 0, 9, 25), image.Rect(0, 11, 40, 12), image.Rect(10, 2, 27, 13)},
		{image.Rect(0, 0, 12, 90), image.Rect(1, 50, 8, 90)},
	} {
		for _, from := range cuts {
			for _, flip := range []bool{false, true} {
				got := make([]float32, 3*12*12)
				p.Crop(i, from, flip, got, &s)
				for k, want := range naive(p, i, from, flip) {
					if math.Abs(float64(got[k])-want) > 1e-5 {
						t.Fatalf("picture %d, %v, flip %v: number %d is %v, want %v", i, from, flip, k, got[k], want)
					}
				}
			}
		}
	}
}

// The features are the centre, and cutting out just that scales nothing.
func TestCropOfTheCentre(t *testing.T) {
	p := noise(t, 8, image.Pt(21, 8), image.Pt(8, 8), image.Pt(9, 30))
	var s Scaler
	for i := range p.Len() {
		size := p.Size(i)
		at := image.Pt((size.X-8)/2, (size.Y-8)/2)
		want, got := make([]float32, 3*8*8), make([]float32, 3*8*8)
		p.Features(i, want)
		p.Crop(i, image.Rectangle{at, at.Add(image.Pt(8, 8))}, false, got, &s)
		for k := range got {
			if math.Abs(float64(got[k]-want[k])) > 1e-6 {
				t.Fatalf("picture %d: number %d is %v, want %v", i, k, got[k], want[k])
			}
		}
	}
}

// An even colour stays as it is, however much the picture shrinks.
func TestCropKeepsColours(t *testing.T) {
	p := noise(t, 7, image.Pt(1999, 1013))
	for i := range p.table.pixels {
		p.table.pixels[i] = 255
	}
	var s Scaler
	x := make([]float32, 3*7*7)
	p.Crop(0, image.Rect(0, 0, 1999, 1013), false, x, &s)
	for k, f := range x {
		norm := p.table.meta.Norm[k/49]
		if want := (1 - norm.Mean) / norm.SD; math.Abs(float64(f)-want) > 1e-5 {
			t.Fatalf("number %d is %v, want %v", k, f, want)
		}
	}
}

func TestCropAllocatesNothing(t *testing.T) {
	p := noise(t, 24, image.Pt(60, 40))
	var s Scaler
	x := make([]float32, 3*24*24)
	cut := image.Rect(0, 0, 60, 40)
	p.Crop(0, cut, true, x, &s) // the scratch grows to the largest
	if n := testing.AllocsPerRun(20, func() {
		cut.Max.X = 30 + (cut.Max.X+7)%30
		p.Crop(0, cut, true, x, &s)
	}); n > 0 {
		t.Errorf("%v allocations a crop", n)
	}
}

func BenchmarkCrop(b *testing.B) {
	p := noise(b, 224, image.Pt(341, 256))
	x := make([]float32, 3*224*224)
	for _, from := range []image.Rectangle{image.Rect(0, 0, 341, 256), image.Rect(20, 10, 220, 190), image.Rect(50, 60, 140, 150)} {
		b.Run(fmt.Sprint(from.Size()), func(b *testing.B) {
			var s Scaler
			for i := range b.N {
				cut := from
				cut.Max.X -= i % 2 // the weights are never those of the last crop
				p.Crop(0, cut, false, x, &s)
			}
		})
	}
}

func BenchmarkCentre(b *testing.B) {
	p := noise(b, 224, image.Pt(341, 256))
	x := make([]float32, 3*224*224)
	for b.Loop() {
		p.Features(0, x)
	}
}
