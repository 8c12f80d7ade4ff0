package nn

import (
	"errors"
	"fmt"
)

// Conv is a 2-dimensional convolution (cross-correlation) with a square kernel
// on [channels, height, width], zero-padded on all sides.
type Conv struct {
	Channels, Kernel, Stride, Padding int
	Activation                        Activation
}

func (l Conv) String() string {
	return fmt.Sprintf("conv %d, %dx%d, stride %d, padding %d", l.Channels, l.Kernel, l.Kernel, l.Stride, l.Padding)
}

func (l Conv) build(b *build) (kernel, error) {
	if len(b.in) != 3 {
		return nil, errors.New("it needs an image, [channels, height, width]")
	}
	if l.Channels < 1 || l.Kernel < 1 || l.Stride < 1 || l.Padding < 0 {
		return nil, errors.New("channels, kernel and stride must be at least 1, padding at least 0")
	}
	c, h, w := b.in[0], b.in[1], b.in[2]
	oh, ow := (h+2*l.Padding-l.Kernel)/l.Stride+1, (w+2*l.Padding-l.Kernel)/l.Stride+1
	if h+2*l.Padding < l.Kernel || w+2*l.Padding < l.Kernel {
		return nil, fmt.Errorf("its %dx%d kernel is larger than the padded image", l.Kernel, l.Kernel)
	}
	shape := []int{l.Channels, oh, ow}
	rows := c * l.Kernel * l.Kernel
	if size([]int{b.batch, l.Channels, oh, ow}) == 0 || size([]int{l.Channels, rows}) == 0 {
		return nil, errors.New("its output would not fit into memory")
	}
	act, err := newActivation(l.Activation, b.batch*size(shape))
	if err != nil {
		return nil, err
	}
	weight, bias := b.param("weight", l.Channels, c, l.Kernel, l.Kernel), b.param("bias", l.Channels)
	b.initialise(weight.Data, rows, l.Channels*l.Kernel*l.Kernel, l.Activation)
	k := &conv{Conv: l, base: b.base(shape, weight, bias), act: act, batch: b.batch, c: c, h: h, w: w, oh: oh, ow: ow}
	k.columns = make([]float32, rows*oh*ow)
	k.dcolumns = make([]float32, rows*oh*ow)
	return k, nil
}

// conv multiplies the weights [channels, rows] with a matrix that has, for each
// output pixel, a column of the rows = c*kernel*kernel inputs below the kernel.
type conv struct {
	Conv
	base
	act               activation
	batch             int
	c, h, w, oh, ow   int
	columns, dcolumns []float32 // [rows, oh*ow], of one image
}

func (k *conv) forward(x []float32) {
	in, pixels := k.c*k.h*k.w, k.oh*k.ow
	rows := k.c * k.Kernel * k.Kernel
	bias := k.learned[1].Data
	for i := range k.batch {
		k.gather(x[i*in : (i+1)*in])
		out := k.out[i*k.Channels*pixels : (i+1)*k.Channels*pixels]
		for ch, b := range bias {
			fill(out[ch*pixels:(ch+1)*pixels], b)
		}
		multiply(false, false, k.Channels, pixels, rows, k.learned[0].Data, k.columns, 1, out)
	}
	k.act.forward(k.out)
}

func fill(xs []float32, v float32) {
	for i := range xs {
		xs[i] = v
	}
}

func (k *conv) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	in, pixels := k.c*k.h*k.w, k.oh*k.ow
	rows := k.c * k.Kernel * k.Kernel
	dw, db := k.learned[0].Grad, k.learned[1].Grad
	clear(dw)
	clear(db)
	clear(k.dx)
	for i := range k.batch {
		k.gather(x[i*in : (i+1)*in]) // again: to keep them for the batch would cost more memory than time
		g := dy[i*k.Channels*pixels : (i+1)*k.Channels*pixels]
		multiply(false, true, k.Channels, rows, pixels, g, k.columns, 1, dw)
		for ch := range db {
			sum := float32(0)
			for _, v := range g[ch*pixels : (ch+1)*pixels] {
				sum += v
			}
			db[ch] += sum
		}
		if k.dx != nil {
			multiply(true, false, rows, pixels, k.Channels, k.learned[0].Data, g, 0, k.dcolumns)
			k.scatter(k.dx[i*in : (i+1)*in])
		}
	}
}

// span is the output positions whose input position o*stride + offset lies in
// [0, n).
func (k *conv) span(offset, n, outputs int) (from, to int) {
	if offset < 0 {
		from = (-offset + k.Stride - 1) / k.Stride
	}
	to = outputs
	if last := n - 1 - offset; last < 0 {
		to = 0
	} else {
		to = min(to, last/k.Stride+1)
	}
	return min(from, to), to
}

// gather lays an image out as columns.
func (k *conv) gather(x []float32) {
	row := 0
	for c := range k.c {
		plane := x[c*k.h*k.w : (c+1)*k.h*k.w]
		for kh := range k.Kernel {
			y0, y1 := k.span(kh-k.Padding, k.h, k.oh)
			for kw := range k.Kernel {
				x0, x1 := k.span(kw-k.Padding, k.w, k.ow)
				dst := k.columns[row*k.oh*k.ow : (row+1)*k.oh*k.ow]
				row++
				clear(dst[:y0*k.ow])
				clear(dst[y1*k.ow:])
				for oy := y0; oy < y1; oy++ {
					line := dst[oy*k.ow : (oy+1)*k.ow]
					clear(line[:x0])
					clear(line[x1:])
					if x0 >= x1 {
						continue
					}
					from := (oy*k.Stride+kh-k.Padding)*k.w + kw - k.Padding
					if k.Stride == 1 {
						copy(line[x0:x1], plane[from+x0:])
						continue
					}
					for ox := x0; ox < x1; ox++ {
						line[ox] = plane[from+ox*k.Stride]
					}
				}
			}
		}
	}
}

// scatter adds columns of gradients up to that of an image: gather's adjoint.
func (k *conv) scatter(dx []float32) {
	row := 0
	for c := range k.c {
		plane := dx[c*k.h*k.w : (c+1)*k.h*k.w]
		for kh := range k.Kernel {
			y0, y1 := k.span(kh-k.Padding, k.h, k.oh)
			for kw := range k.Kernel {
				x0, x1 := k.span(kw-k.Padding, k.w, k.ow)
				src := k.dcolumns[row*k.oh*k.ow : (row+1)*k.oh*k.ow]
				row++
				for oy := y0; oy < y1; oy++ {
					from := (oy*k.Stride+kh-k.Padding)*k.w + kw - k.Padding
					for ox := x0; ox < x1; ox++ {
						plane[from+ox*k.Stride] += src[oy*k.ow+ox]
					}
				}
			}
		}
	}
}
