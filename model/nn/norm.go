package nn

import (
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// BatchNorm is batch normalisation (Ioffe and Szegedy 2015) per channel of an
// image or per feature, and an activation: by the batch's mean and variance
// while training, by their running averages in evaluation. A zero Momentum is
// 0.1, a zero Epsilon 1e-5.
type BatchNorm struct {
	Momentum, Epsilon float64
	Activation        Activation
}

func (BatchNorm) String() string { return "batch norm" }

func (l BatchNorm) build(b *build) (kernel, error) {
	if l.Momentum == 0 {
		l.Momentum = 0.1
	}
	if l.Epsilon == 0 {
		l.Epsilon = 1e-5
	}
	if l.Momentum < 0 || l.Momentum > 1 || l.Epsilon < 0 {
		return nil, fmt.Errorf("momentum %g must be from 0 to 1, epsilon %g above 0", l.Momentum, l.Epsilon)
	}
	c := b.in[0]
	rows := b.batch * size(b.in) / c
	if rows < 2 && !b.frozen {
		return nil, fmt.Errorf("it needs at least two values a channel: the batch size is %d", b.batch)
	}
	act, err := newActivation(l.Activation, rows*c)
	if err != nil {
		return nil, err
	}
	gamma, beta := b.param("weight", nil, c), b.param("bias", nil, c)
	mean, variance := b.buffer("running_mean", c), b.buffer("running_var", c)
	fill(gamma.Data, 1)
	fill(variance.Data, 1)
	k := &batchNorm{
		BatchNorm: l, base: b.base(b.in, gamma, beta), act: act, mode: b.mode, rows: rows, channels: c,
		gamma: gamma, beta: beta, runningMean: mean.Data, runningVariance: variance.Data,
		sum: make([]float64, c), squares: make([]float64, c),
	}
	for _, v := range []*[]float32{&k.mean, &k.inv, &k.a, &k.b, &k.c} {
		*v = make([]float32, c)
	}
	return k, nil
}

func fill(xs []float32, v float32) {
	for i := range xs {
		xs[i] = v
	}
}

type batchNorm struct {
	BatchNorm
	base
	act                          activation
	mode                         *mode
	rows, channels               int
	gamma, beta                  *Param
	runningMean, runningVariance []float32

	mean, inv    []float32 // and 1/sd of the last training pass
	sum, squares []float64
	a, b, c      []float32 // coefficients by channel
}

// normBlock is how many values are added up as float32 before the sum goes on
// as float64.
const normBlock = 256

// blocks calls f with stretches of rows.
func (k *batchNorm) blocks(f func(from, to int)) {
	for r := 0; r < k.rows; r += normBlock {
		f(r*k.channels, min(r+normBlock, k.rows)*k.channels)
	}
}

// flush adds the float32 sums a and b to sum and squares, and clears them.
func (k *batchNorm) flush() {
	for c := range k.channels {
		k.sum[c] += float64(k.a[c])
		k.squares[c] += float64(k.b[c])
	}
	clear(k.a)
	clear(k.b)
}

func (k *batchNorm) start() {
	clear(k.sum)
	clear(k.squares)
	clear(k.a)
	clear(k.b)
}

func (k *batchNorm) forward(x []float32) {
	if k.mode.training && k.gamma.Trained() {
		k.measure(x)
	} else {
		for c := range k.channels {
			k.mean[c] = k.runningMean[c]
			k.inv[c] = float32(1 / math.Sqrt(float64(k.runningVariance[c])+k.Epsilon))
		}
	}
	for c := range k.channels {
		k.a[c] = k.gamma.Data[c] * k.inv[c]
		k.b[c] = k.beta.Data[c] - k.mean[c]*k.a[c]
	}
	if k.act.kind == ReLU {
		simd.ScaleShiftReLU(k.out, x, k.a, k.b)
		return
	}
	simd.ScaleShift(k.out, x, k.a, k.b)
	k.act.forward(k.out)
}

// measure takes the moments of the batch and moves the running ones.
func (k *batchNorm) measure(x []float32) {
	k.start()
	copy(k.c, x[:k.channels]) // near the mean, so that the variance keeps its digits
	k.blocks(func(from, to int) {
		simd.Moments(k.a, k.b, x[from:to], k.c)
		k.flush()
	})
	n := float64(k.rows)
	for c := range k.channels {
		offset := k.sum[c] / n
		mean, variance := offset+float64(k.c[c]), max(k.squares[c]/n-offset*offset, 0)
		if math.IsNaN(k.squares[c]) {
			variance = k.squares[c]
		}
		k.mean[c], k.inv[c] = float32(mean), float32(1/math.Sqrt(variance+k.Epsilon))
		k.runningMean[c] += float32(k.Momentum * (mean - float64(k.runningMean[c])))
		k.runningVariance[c] += float32(k.Momentum * (variance*n/(n-1) - float64(k.runningVariance[c])))
	}
}

func (k *batchNorm) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	if !k.gamma.Trained() {
		if k.dx != nil {
			clear(k.b)
			simd.ScaleShift(k.dx, dy, k.a, k.b)
		}
		return
	}
	k.start()
	k.blocks(func(from, to int) {
		simd.SumProducts(k.a, k.b, dy[from:to], x[from:to], k.mean)
		k.flush()
	})
	n := float64(k.rows)
	for c := range k.channels {
		inv, mean := float64(k.inv[c]), float64(k.mean[c])
		sum, dot := k.sum[c], k.squares[c]*inv
		k.beta.Grad[c], k.gamma.Grad[c] = float32(sum), float32(dot)
		// dx = a*(dy - sum/n - xhat*dot/n) with xhat = (x-mean)*inv, by power of x.
		a := float64(k.gamma.Data[c]) * inv
		k.a[c] = float32(a)
		k.b[c] = float32(-a * inv * dot / n)
		k.c[c] = float32(a * (mean*inv*dot - sum) / n)
	}
	if k.dx != nil {
		simd.Combine(k.dx, dy, k.a, x, k.b, k.c)
	}
}
