package nn

import (
	"fmt"
	"math"
)

// BatchNorm is batch normalisation (Ioffe and Szegedy 2015) per channel of an
// image or per feature: by the batch's mean and variance while training, by
// their running averages in evaluation. A zero Momentum is 0.1, a zero Epsilon
// 1e-5.
type BatchNorm struct{ Momentum, Epsilon float64 }

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
	plane := size(b.in) / c
	if b.batch*plane < 2 {
		return nil, fmt.Errorf("it needs at least two values a channel: the batch size is %d", b.batch)
	}
	gamma, beta := b.param("weight", c), b.param("bias", c)
	mean, variance := b.buffer("running_mean", c), b.buffer("running_var", c)
	fill(gamma.Data, 1)
	fill(variance.Data, 1)
	return &batchNorm{
		BatchNorm: l, base: b.base(b.in, gamma, beta), mode: b.mode, batch: b.batch, channels: c, plane: plane,
		mean: mean.Data, variance: variance.Data,
		xhat: b.output(b.in), inv: make([]float32, c),
	}, nil
}

type batchNorm struct {
	BatchNorm
	base
	mode                   *mode
	batch, channels, plane int
	mean, variance         []float32 // running
	xhat                   []float32 // normalised input of the last training pass
	inv                    []float32 // 1/sd of the last training pass
}

// each calls f with the stretches of a channel.
func (k *batchNorm) each(channel int, f func(from, to int)) {
	for i := range k.batch {
		at := (i*k.channels + channel) * k.plane
		f(at, at+k.plane)
	}
}

func (k *batchNorm) forward(x []float32) {
	gamma, beta := k.learned[0].Data, k.learned[1].Data
	for c := range k.channels {
		if !k.mode.training {
			scale := gamma[c] / float32(math.Sqrt(float64(k.variance[c])+k.Epsilon))
			shift := beta[c] - k.mean[c]*scale
			k.each(c, func(from, to int) {
				for i := from; i < to; i++ {
					k.out[i] = x[i]*scale + shift
				}
			})
			continue
		}
		mean, variance := k.moments(c, x)
		inv := float32(1 / math.Sqrt(variance+k.Epsilon))
		k.inv[c] = inv
		n := float64(k.batch * k.plane)
		k.mean[c] += float32(k.Momentum * (mean - float64(k.mean[c])))
		k.variance[c] += float32(k.Momentum * (variance*n/(n-1) - float64(k.variance[c])))
		m := float32(mean)
		k.each(c, func(from, to int) {
			for i := from; i < to; i++ {
				k.xhat[i] = (x[i] - m) * inv
				k.out[i] = k.xhat[i]*gamma[c] + beta[c]
			}
		})
	}
}

func (k *batchNorm) moments(c int, x []float32) (mean, variance float64) {
	n := float64(k.batch * k.plane)
	k.each(c, func(from, to int) {
		for _, v := range x[from:to] {
			mean += float64(v)
		}
	})
	mean /= n
	k.each(c, func(from, to int) {
		for _, v := range x[from:to] {
			d := float64(v) - mean
			variance += d * d
		}
	})
	return mean, variance / n
}

func (k *batchNorm) backward(_, dy []float32) {
	gamma, dgamma, dbeta := k.learned[0].Data, k.learned[0].Grad, k.learned[1].Grad
	n := float32(k.batch * k.plane)
	for c := range k.channels {
		var sum, dot float64
		k.each(c, func(from, to int) {
			for i := from; i < to; i++ {
				sum += float64(dy[i])
				dot += float64(dy[i]) * float64(k.xhat[i])
			}
		})
		dbeta[c], dgamma[c] = float32(sum), float32(dot)
		if k.dx == nil {
			continue
		}
		scale, meanDY, meanDot := gamma[c]*k.inv[c], float32(sum)/n, float32(dot)/n
		k.each(c, func(from, to int) {
			for i := from; i < to; i++ {
				k.dx[i] = scale * (dy[i] - meanDY - k.xhat[i]*meanDot)
			}
		})
	}
}
