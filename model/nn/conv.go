package nn

import (
	"errors"
	"fmt"

	"github.com/inflame-deeplearning/sweep/model/nn/gemm"
	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// Conv is a 2-dimensional convolution (cross-correlation) with a square kernel
// on [channels, height, width], zero-padded on all sides.
type Conv struct {
	Channels, Kernel, Stride, Padding int
	Activation                        Activation
	NoBias                            bool // as before a batch norm
}

func (l Conv) String() string {
	return fmt.Sprintf("conv %d, %dx%d, stride %d, padding %d", l.Channels, l.Kernel, l.Kernel, l.Stride, l.Padding)
}

func (l Conv) build(b *build) (kernel, error) {
	if len(b.in) != 3 {
		return nil, errImage
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
	weight := b.param("weight", []int{2, 3, 1, 0}, l.Channels, c, l.Kernel, l.Kernel)
	b.initialise(weight, rows, l.Channels*l.Kernel*l.Kernel, l.Activation)
	k := &conv{Conv: l, weight: weight, act: act, batch: b.batch, c: c, h: h, w: w, oh: oh, ow: ow, work: b.work}
	if !l.NoBias {
		k.bias = b.param("bias", nil, l.Channels)
	}
	k.base = b.base(shape, weight, k.bias)
	switch {
	case l.Kernel == 1 && l.Stride == 1 && l.Padding == 0:
		k.method = &pointwise{k}
	case winogradPays(k):
		k.method = newWinograd(k)
	default:
		k.method = newIm2col(k)
	}
	return k, nil
}

// conv is a convolution whichever way it is computed.
type conv struct {
	Conv
	base
	weight          *Param // as [height, width, in, out]
	bias            *Param // may be nil
	act             activation
	batch           int
	c, h, w, oh, ow int
	work            *workspace
	method          interface {
		forward(x []float32)
		// backward computes dx where it is not nil, and the weight's gradient
		// where the weight is trained.
		backward(x, dy []float32)
	}
}

func (k *conv) forward(x []float32) {
	k.method.forward(x)
	k.act.rest(k.out)
}

func (k *conv) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	if k.bias != nil && k.bias.Trained() {
		clear(k.bias.Grad)
		simd.SumRows(k.bias.Grad, dy)
	}
	k.method.backward(x, dy)
}

// epilogue is what follows the products.
func (k *conv) epilogue() gemm.Epilogue {
	e := gemm.Epilogue{ReLU: k.act.kind == ReLU}
	if k.bias != nil {
		e.Bias = k.bias.Data
	}
	return e
}

// pointwise is a 1x1 convolution: a dense layer on every pixel.
type pointwise struct{ *conv }

func (k *pointwise) forward(x []float32) {
	gemm.MulThen(false, false, k.batch*k.h*k.w, k.Channels, k.c, x, k.c, k.weight.Data, k.Channels, 0, k.out, k.Channels, k.epilogue())
}

func (k *pointwise) backward(x, dy []float32) {
	pixels := k.batch * k.h * k.w
	if k.weight.Trained() {
		gemm.Mul(true, false, k.c, k.Channels, pixels, x, k.c, dy, k.Channels, 0, k.weight.Grad, k.Channels)
	}
	if k.dx != nil {
		gemm.Mul(false, true, pixels, k.c, k.Channels, dy, k.Channels, k.weight.Data, k.Channels, 0, k.dx, k.c)
	}
}

// columnsSize is how many values of the columns' matrix are made at a time: they
// stay in the second-level cache.
const columnsSize = 1 << 17

// im2col multiplies a matrix that has a row for each output pixel, the inputs
// below the kernel, with the weights; a few lines of the output at a time.
type im2col struct {
	*conv
	rows  int // of the weights: kernel * kernel * c
	lines int // of the output at a time
}

func newIm2col(k *conv) *im2col {
	m := &im2col{conv: k, rows: k.Kernel * k.Kernel * k.c}
	m.lines = min(max(columnsSize/(m.rows*k.ow), 1), k.batch*k.oh)
	grow(&k.work.columns, m.lines*k.ow*m.rows)
	if k.dx != nil {
		grow(&k.work.dcolumns, m.lines*k.ow*m.rows)
	}
	return m
}

// each calls f with stretches of the output's pixels; columns holds their rows.
func (k *im2col) each(x []float32, f func(line, from, pixels int)) {
	total := k.batch * k.oh
	for line := 0; line < total; line += k.lines {
		count := min(k.lines, total-line)
		for i := range count {
			k.gather(x, line+i, k.work.columns[i*k.ow*k.rows:])
		}
		f(line, line*k.ow, count*k.ow)
	}
}

func (k *im2col) forward(x []float32) {
	k.each(x, func(_, from, pixels int) {
		gemm.MulThen(false, false, pixels, k.Channels, k.rows, k.work.columns, k.rows, k.weight.Data, k.Channels,
			0, k.out[from*k.Channels:], k.Channels, k.epilogue())
	})
}

func (k *im2col) backward(x, dy []float32) {
	clear(k.dx)
	beta := float32(0)
	k.each(x, func(line, from, pixels int) {
		g := dy[from*k.Channels:]
		if k.weight.Trained() {
			gemm.Mul(true, false, k.rows, k.Channels, pixels, k.work.columns, k.rows, g, k.Channels, beta, k.weight.Grad, k.Channels)
		}
		beta = 1
		if k.dx == nil {
			return
		}
		gemm.Mul(false, true, pixels, k.rows, k.Channels, g, k.Channels, k.weight.Data, k.Channels, 0, k.work.dcolumns, k.rows)
		for i := range pixels / k.ow {
			k.scatter(k.work.dcolumns[i*k.ow*k.rows:], line+i)
		}
	})
}

// gather writes the rows of a line of the output.
func (k *im2col) gather(x []float32, line int, dst []float32) {
	image, oy := line/k.oh, line%k.oh
	width := k.Kernel * k.c
	for ky := range k.Kernel {
		y := oy*k.Stride + ky - k.Padding
		if y < 0 || y >= k.h {
			for ox := range k.ow {
				clear(dst[ox*k.rows+ky*width:][:width])
			}
			continue
		}
		row := x[(image*k.h+y)*k.w*k.c:][:k.w*k.c]
		for ox := range k.ow {
			to := dst[ox*k.rows+ky*width:][:width]
			x0 := ox*k.Stride - k.Padding
			from, until := max(x0, 0), min(x0+k.Kernel, k.w)
			if until-from < k.Kernel {
				clear(to)
				if until <= from {
					continue
				}
			}
			copy(to[(from-x0)*k.c:], row[from*k.c:until*k.c])
		}
	}
}

// scatter adds the gradients of a line's rows to those of the image: gather's
// adjoint.
func (k *im2col) scatter(src []float32, line int) {
	image, oy := line/k.oh, line%k.oh
	width := k.Kernel * k.c
	for ky := range k.Kernel {
		y := oy*k.Stride + ky - k.Padding
		if y < 0 || y >= k.h {
			continue
		}
		row := k.dx[(image*k.h+y)*k.w*k.c:][:k.w*k.c]
		for ox := range k.ow {
			x0 := ox*k.Stride - k.Padding
			from, until := max(x0, 0), min(x0+k.Kernel, k.w)
			if until > from {
				at := ox*k.rows + ky*width + (from-x0)*k.c
				simd.Add(row[from*k.c:until*k.c], src[at:at+(until-from)*k.c])
			}
		}
	}
}
