package artifact

import (
	"image"
	"slices"
)

// Scaler is what scaling a part of an image needs besides it, to be used again:
// the zero value is ready. Images are scaled as Pillow and torchvision do with
// antialiasing: a triangle filter, widened by the factor that an image shrinks
// by, that looks at nothing outside of the part.
type Scaler struct {
	x, y taps
	rows []float32 // of one channel, scaled to the width but not the height
}

// taps says which pixels make each pixel of a scaled row: n[i] from first[i] on,
// of the weights from i*most on.
type taps struct {
	from, to int // the scaling that they are for
	most     int
	first, n []int
	weights  []int32 // sum to one
}

// one is 1 in fixed point: a byte times the sum of weights fits 31 bits.
const one = 1 << 22

func (t *taps) prepare(from, to int) {
	if t.from == from && t.to == to {
		return
	}
	scale := float64(from) / float64(to)
	support := max(scale, 1)
	t.from, t.to, t.most = from, to, 2*int(support+1)+1
	t.first, t.n = resized(t.first, to), resized(t.n, to)
	t.weights = resized(t.weights, to*t.most)
	for i := range to {
		middle := (float64(i) + 0.5) * scale
		first, end := max(int(middle-support+0.5), 0), min(int(middle+support+0.5), from)
		sum := 0.0
		weight := func(k int) float64 {
			d := (float64(k) + 0.5 - middle) / support
			return max(1-max(d, -d), 0)
		}
		for k := first; k < end; k++ {
			sum += weight(k)
		}
		left, largest := int32(one), 0
		w := t.weights[i*t.most : i*t.most+end-first]
		for k := range w {
			w[k] = int32(weight(first+k)/sum*one + 0.5)
			left -= w[k]
			if w[k] > w[largest] {
				largest = k
			}
		}
		w[largest] += left // what rounding took: an even area keeps its colour
		t.first[i], t.n[i] = first, len(w)
	}
}

func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// prepare makes ready to scale from to size.
func (s *Scaler) prepare(from image.Rectangle, size image.Point) {
	s.x.prepare(from.Dx(), size.X)
	s.y.prepare(from.Dy(), size.Y)
	s.rows = resized(s.rows, size.X*from.Dy())
}

// scale brings a part of a channel, whose rows are stride long, to dst.
func (s *Scaler) scale(pixels []byte, stride int, from image.Rectangle, flip bool, dst []float32, norm Scale) {
	w := s.x.to
	for y := range from.Dy() {
		start := (from.Min.Y+y)*stride + from.Min.X
		s.x.row(pixels[start:start+from.Dx()], s.rows[y*w:(y+1)*w], flip)
	}
	scale, shift := norm.linear()
	scale /= one // of the weights of x
	for y := range s.y.to {
		weights := s.y.weights[y*s.y.most:][:s.y.n[y]]
		sumRows(s.rows[s.y.first[y]*w:], weights, scale/one, shift, dst[y*w:(y+1)*w])
	}
}

// row scales a row to dst, times one.
func (t *taps) row(src []byte, dst []float32, flip bool) {
	at, step := 0, 1
	if flip {
		at, step = len(dst)-1, -1
	}
	for i, first := range t.first {
		from := src[first : first+t.n[i]]
		weights := t.weights[i*t.most:][:len(from)]
		sum := int32(0)
		for k, p := range from {
			sum += int32(p) * weights[k]
		}
		dst[at] = float32(sum)
		at += step
	}
}

// sumRows is the weighted sum of rows as long as dst, times scale, less shift.
func sumRows(rows []float32, weights []int32, scale, shift float32, dst []float32) {
	n := len(dst)
	a, u := rows[:n], float32(weights[0])*scale
	if len(weights) == 1 {
		for i := range dst {
			dst[i] = a[i]*u - shift
		}
		return
	}
	b, v := rows[n:][:n], float32(weights[1])*scale
	for i := range dst {
		dst[i] = a[i]*u + b[i]*v - shift
	}
	for k := 2; k < len(weights); k++ {
		a, u := rows[k*n:][:n], float32(weights[k])*scale
		for i := range dst {
			dst[i] += a[i] * u
		}
	}
}
