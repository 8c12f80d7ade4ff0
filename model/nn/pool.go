package nn

import (
	"errors"
	"fmt"
)

// MaxPool takes the largest value of each Size x Size window; a zero Stride is
// Size. Windows that do not fit are left out.
type MaxPool struct{ Size, Stride int }

func (l MaxPool) String() string { return fmt.Sprintf("max pool %d", l.Size) }

func (l MaxPool) build(b *build) (kernel, error) {
	w, err := newWindow(b, l.Size, l.Stride)
	if err != nil {
		return nil, err
	}
	k := &maxPool{window: w, base: b.base(w.outShape())}
	k.from = make([]int32, len(k.out))
	return k, nil
}

// AvgPool takes the mean of each Size x Size window; a zero Size is the whole
// image, a zero Stride is Size.
type AvgPool struct{ Size, Stride int }

func (l AvgPool) String() string {
	if l.Size == 0 {
		return "global average pool"
	}
	return fmt.Sprintf("average pool %d", l.Size)
}

func (l AvgPool) build(b *build) (kernel, error) {
	if l.Size == 0 {
		if len(b.in) != 3 {
			return nil, errors.New("it needs an image, [channels, height, width]")
		}
		w := window{planes: b.batch * b.in[0], channels: b.in[0], h: b.in[1], w: b.in[2], oh: 1, ow: 1, sizeH: b.in[1], sizeW: b.in[2], stride: 1}
		return &avgPool{window: w, base: b.base(w.outShape())}, nil
	}
	w, err := newWindow(b, l.Size, l.Stride)
	if err != nil {
		return nil, err
	}
	return &avgPool{window: w, base: b.base(w.outShape())}, nil
}

// window is the geometry of pooling.
type window struct {
	planes, channels     int
	h, w, oh, ow         int
	sizeH, sizeW, stride int
}

func newWindow(b *build, size, stride int) (window, error) {
	if len(b.in) != 3 {
		return window{}, errors.New("it needs an image, [channels, height, width]")
	}
	if stride == 0 {
		stride = size
	}
	if size < 1 || stride < 1 {
		return window{}, errors.New("size and stride must be at least 1")
	}
	c, h, w := b.in[0], b.in[1], b.in[2]
	if h < size || w < size {
		return window{}, fmt.Errorf("its %dx%d window is larger than the image: pool less, or less often", size, size)
	}
	return window{
		planes: b.batch * c, channels: c, h: h, w: w,
		oh: (h-size)/stride + 1, ow: (w-size)/stride + 1, sizeH: size, sizeW: size, stride: stride,
	}, nil
}

func (w window) outShape() []int { return []int{w.channels, w.oh, w.ow} }

type maxPool struct {
	window
	base
	from []int32 // where in the input each output came from
}

func (k *maxPool) forward(x []float32) {
	o := 0
	for p := range k.planes {
		for oy := range k.oh {
			for ox := range k.ow {
				at := (p*k.h+oy*k.stride)*k.w + ox*k.stride
				best, from := x[at], at
				for dy := range k.sizeH {
					line := x[at+dy*k.w : at+dy*k.w+k.sizeW]
					for dx, v := range line {
						if v > best {
							best, from = v, at+dy*k.w+dx
						}
					}
				}
				k.out[o], k.from[o] = best, int32(from)
				o++
			}
		}
	}
}

func (k *maxPool) backward(_, dy []float32) {
	if k.dx == nil {
		return
	}
	clear(k.dx)
	for o, from := range k.from {
		k.dx[from] += dy[o]
	}
}

type avgPool struct {
	window
	base
}

func (k *avgPool) forward(x []float32) {
	scale := 1 / float32(k.sizeH*k.sizeW)
	k.each(func(o, at int) {
		sum := float32(0)
		for dy := range k.sizeH {
			for _, v := range x[at+dy*k.w : at+dy*k.w+k.sizeW] {
				sum += v
			}
		}
		k.out[o] = sum * scale
	})
}

func (k *avgPool) backward(_, dy []float32) {
	if k.dx == nil {
		return
	}
	clear(k.dx)
	scale := 1 / float32(k.sizeH*k.sizeW)
	k.each(func(o, at int) {
		g := dy[o] * scale
		for y := range k.sizeH {
			line := k.dx[at+y*k.w : at+y*k.w+k.sizeW]
			for i := range line {
				line[i] += g
			}
		}
	})
}

// each calls f with every output and the first input of its window.
func (w window) each(f func(o, at int)) {
	o := 0
	for p := range w.planes {
		for oy := range w.oh {
			for ox := range w.ow {
				f(o, (p*w.h+oy*w.stride)*w.w+ox*w.stride)
				o++
			}
		}
	}
}
