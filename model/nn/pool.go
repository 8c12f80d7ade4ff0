package nn

import (
	"errors"
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// MaxPool takes the largest value of each Size x Size window; a zero Stride is
// Size. Windows that do not fit the image and its Padding are left out.
type MaxPool struct{ Size, Stride, Padding int }

func (l MaxPool) String() string { return fmt.Sprintf("max pool %d", l.Size) }

func (l MaxPool) build(b *build) (kernel, error) {
	w, err := newWindow(b, l.Size, l.Stride, l.Padding)
	if err != nil {
		return nil, err
	}
	k := &maxPool{window: w, base: b.base(w.outShape())}
	k.from = make([]float32, len(k.out))
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
			return nil, errImage
		}
		w := window{batch: b.batch, channels: b.in[0], h: b.in[1], w: b.in[2], oh: 1, ow: 1, sizeH: b.in[1], sizeW: b.in[2], stride: 1}
		return &avgPool{window: w, base: b.base(w.outShape())}, nil
	}
	w, err := newWindow(b, l.Size, l.Stride, 0)
	if err != nil {
		return nil, err
	}
	return &avgPool{window: w, base: b.base(w.outShape())}, nil
}

// window is the geometry of pooling.
type window struct {
	batch, channels               int
	h, w, oh, ow                  int
	sizeH, sizeW, stride, padding int
}

func newWindow(b *build, size, stride, padding int) (window, error) {
	if len(b.in) != 3 {
		return window{}, errImage
	}
	if stride == 0 {
		stride = size
	}
	if size < 1 || stride < 1 {
		return window{}, errors.New("size and stride must be at least 1")
	}
	if padding < 0 || 2*padding > size {
		return window{}, errors.New("padding must be from 0 to half of the size")
	}
	c, h, w := b.in[0], b.in[1], b.in[2]
	if h+2*padding < size || w+2*padding < size {
		return window{}, fmt.Errorf("its %dx%d window is larger than the image: pool less, or less often", size, size)
	}
	return window{
		batch: b.batch, channels: c, h: h, w: w, oh: (h+2*padding-size)/stride + 1, ow: (w+2*padding-size)/stride + 1,
		sizeH: size, sizeW: size, stride: stride, padding: padding,
	}, nil
}

func (w window) outShape() []int { return []int{w.channels, w.oh, w.ow} }

type maxPool struct {
	window
	base
	from []float32 // which of the window's positions each output came from
}

func (k *maxPool) forward(x []float32) {
	k.each(func(o int) {
		fill(k.out[o:o+k.channels], float32(math.Inf(-1)))
	}, func(o, i, position int) {
		simd.MaxIndex(k.out[o:o+k.channels], k.from[o:o+k.channels], x[i:i+k.channels], float32(position))
	})
}

func (k *maxPool) backward(_, dy []float32) {
	if k.dx == nil {
		return
	}
	clear(k.dx)
	k.each(func(int) {}, func(o, i, position int) {
		simd.AddWhere(k.dx[i:i+k.channels], dy[o:o+k.channels], k.from[o:o+k.channels], float32(position))
	})
}

type avgPool struct {
	window
	base
}

func (k *avgPool) forward(x []float32) {
	clear(k.out)
	k.each(func(int) {}, func(o, i, _ int) { simd.Add(k.out[o:o+k.channels], x[i:i+k.channels]) })
	simd.Scale(k.out, 1/float32(k.sizeH*k.sizeW))
}

func (k *avgPool) backward(_, dy []float32) {
	if k.dx == nil {
		return
	}
	clear(k.dx)
	scale := 1 / float32(k.sizeH*k.sizeW)
	k.each(func(int) {}, func(o, i, _ int) { simd.AXPY(k.dx[i:i+k.channels], dy[o:o+k.channels], scale) })
}

// each calls start with every output pixel and f with it and every input pixel
// of its window, by the place of their first channel.
func (w window) each(start func(o int), f func(o, i, position int)) {
	o := 0
	for image := range w.batch {
		for oy := range w.oh {
			for ox := range w.ow {
				start(o)
				for ky := range w.sizeH {
					y := oy*w.stride + ky - w.padding
					if y < 0 || y >= w.h {
						continue
					}
					for kx := range w.sizeW {
						if x := ox*w.stride + kx - w.padding; x >= 0 && x < w.w {
							f(o, ((image*w.h+y)*w.w+x)*w.channels, ky*w.sizeW+kx)
						}
					}
				}
				o += w.channels
			}
		}
	}
}
