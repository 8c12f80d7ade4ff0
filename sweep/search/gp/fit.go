package gp

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// The priors are normal in the logarithms. That of the length scales moves with
// the root of the number of features, as distances in the unit cube do (Hvarfner
// et al. 2024, section 5); values are standardised, so that the function's
// variance is near 1; most losses are nearly free of noise, but not all.
const (
	lengthMean, lengthSD = -1.6, 0.8
	scaleMean, scaleSD   = 0.0, 0.5
	noiseMean, noiseSD   = -12.0, 3.0

	lengthMin, lengthMax = -5.0, 6.0
	scaleMin, scaleMax   = -4.0, 6.0
	noiseMin, noiseMax   = -20.0, 1.0
)

// hyper are the logarithms of the length scales, of the function's variance and
// of the noise's.
type hyper []float64

func (h hyper) kernel(numbers int) kernel {
	k := kernel{numbers: numbers, weights: make([]float64, len(h)-2), scale: math.Exp(h[len(h)-2])}
	for i := range k.weights {
		k.weights[i] = math.Exp(-2 * h[i])
	}
	return k
}

func (h hyper) noise() float64 { return math.Exp(h[len(h)-1]) }

// prior is the middle of the priors for a number of features, and their widths.
func prior(features int) (mean, sd hyper) {
	mean, sd = make(hyper, features+2), make(hyper, features+2)
	for i := range features {
		mean[i], sd[i] = lengthMean+math.Log(float64(features))/2, lengthSD
	}
	mean[features], sd[features] = scaleMean, scaleSD
	mean[features+1], sd[features+1] = noiseMean, noiseSD
	return mean, sd
}

// bound limits the i-th of n hyperparameters.
func bound(i, n int) (lo, hi float64) {
	switch n - i {
	case 1:
		return noiseMin, noiseMax
	case 2:
		return scaleMin, scaleMax
	default:
		return lengthMin, lengthMax
	}
}

// evidence is what the hyperparameters of a Gaussian process are judged by.
type evidence struct {
	numbers int
	xs      [][]float64
	ys      []float64
	mean    hyper
	sd      hyper
}

// loss is the negative logarithm of the hyperparameters' density given the
// points, up to a constant, and its gradient (Rasmussen and Williams 2006,
// equations 5.8 and 5.9).
func (e evidence) loss(h, g []float64) float64 {
	k, n := hyper(h).kernel(e.numbers), len(e.xs)
	noise := hyper(h).noise()
	features := len(k.weights)
	var f factor
	slopes := triangle(n) // the kernel's derivatives by the squared distances
	rows := triangle(n)
	for a, row := range rows {
		for b := range a {
			value, slope := matern(k.distance(e.xs[a], e.xs[b]))
			row[b], slopes[a][b] = k.scale*value, k.scale*slope
		}
		row[a] = k.scale + noise
		f.extend(row)
	}
	alpha := slices.Clone(e.ys)
	f.forward(alpha)
	value := floats.Dot(alpha, alpha)/2 + f.halfLogDet()
	f.backward(alpha)
	clear(g)
	inverse := f.inverse()
	trace := 0.0 // of the inverse less alpha's outer product
	for a := range n {
		for b := range a {
			w := (inverse[a][b] - alpha[a]*alpha[b]) * slopes[a][b]
			e.byLength(g, w, e.xs[a], e.xs[b])
		}
		trace += inverse[a][a] - alpha[a]*alpha[a]
	}
	// Times the covariance with its noise it has the trace n - y'alpha.
	total := float64(n) - floats.Dot(e.ys, alpha) - noise*trace
	for i := range features {
		g[i] *= -2 * k.weights[i] // the squared distance's derivative by the logarithm of a length scale
	}
	g[features] = total / 2
	g[features+1] = noise * trace / 2
	for i, x := range h {
		z := (x - e.mean[i]) / e.sd[i]
		value += z * z / 2
		g[i] += z / e.sd[i]
	}
	return value
}

// byLength adds w times the squared differences of each feature.
func (e evidence) byLength(g []float64, w float64, a, b []float64) {
	for i := range e.numbers {
		d := a[i] - b[i]
		g[i] += w * d * d
	}
	for i := e.numbers; i < len(a); i++ {
		if a[i] != b[i] {
			g[i] += w
		}
	}
}

const (
	// coarse is how many points are few enough to start a fit from scratch.
	coarse = 60
	// fitSteps limits a fit from scratch, refineSteps one of more points that
	// starts from where fewer have led.
	fitSteps, refineSteps = 60, 15
)

// fit is the most likely hyperparameters of the first points. Those of many are
// sought from those of the first half, which cost an eighth, so that the answer
// depends on the points alone and not on earlier fits, and costs little more
// than it would with them.
func (l *layout) fit(xs [][]float64, ys []float64) hyper {
	mean, sd := prior(len(l.names))
	e := evidence{numbers: l.numbers, xs: xs, ys: ys, mean: mean, sd: sd}
	if len(xs) > coarse {
		half := len(xs) / 2
		h := l.fit(xs[:half], ys[:half])
		e.improve(h, refineSteps)
		return h
	}
	var best hyper
	least := math.Inf(1)
	for _, shift := range []float64{0, -1.5} {
		h := slices.Clone(mean)
		for i := range l.names {
			h[i] += shift
		}
		if loss := e.improve(h, fitSteps); loss < least {
			best, least = h, loss
		}
	}
	return best
}

func (e evidence) improve(h hyper, steps int) float64 {
	return minimize(e.loss, h,
		func(i int) float64 { lo, _ := bound(i, len(h)); return lo },
		func(i int) float64 { _, hi := bound(i, len(h)); return hi }, steps)
}
