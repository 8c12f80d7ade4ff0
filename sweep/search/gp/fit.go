package gp

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// evidence is what the hyperparameters of a Gaussian process are judged by.
type evidence struct {
	form
	xs [][]float64
	ys []float64
}

// loss is the negative logarithm of the hyperparameters' density given the
// points, up to a constant, and its gradient (Rasmussen and Williams 2006,
// equations 5.8 and 5.9).
func (e evidence) loss(h, g []float64) float64 {
	k, n := e.kernel(h), len(e.xs)
	noise := e.noise(h)
	xs := e.warp(h).all(e.xs)
	var f factor
	slopes := triangle(n) // the kernel's derivatives by the squared distances
	rows := triangle(n)
	for a, row := range rows {
		for b := range a {
			value, slope := matern(k.distance(xs[a], xs[b]))
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
	pulls := make([][]float64, n)
	for a := range pulls {
		pulls[a] = make([]float64, len(e.warped))
	}
	trace := 0.0 // of the inverse less alpha's outer product
	for a := range n {
		for b := range a {
			w := (inverse[a][b] - alpha[a]*alpha[b]) * slopes[a][b]
			e.byLength(g, w, xs[a], xs[b])
			e.pull(pulls[a], pulls[b], w, xs[a], xs[b])
		}
		trace += inverse[a][a] - alpha[a]*alpha[a]
	}
	e.byWarp(g[e.features+2:], h, k, pulls)
	// Times the covariance with its noise it has the trace n - y'alpha.
	total := float64(n) - floats.Dot(e.ys, alpha) - noise*trace
	for i := range e.features {
		g[i] *= -2 * k.weights[i] // the squared distance's derivative by the logarithm of a length scale
	}
	g[e.features] = total / 2
	g[e.features+1] = noise * trace / 2
	for i, x := range h {
		mean, sd := e.prior(i)
		z := (x - mean) / sd
		value += z * z / 2
		g[i] += z / sd
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

// pull adds w times the differences of the warped features to those of a, and takes
// them from those of b: twice the features' weights times these sums are the loss's
// derivatives by the places of a point.
func (e evidence) pull(ofA, ofB []float64, w float64, a, b []float64) {
	for i, place := range e.warped {
		d := w * (a[place] - b[place])
		ofA[i] += d
		ofB[i] -= d
	}
}

// byWarp is the derivatives by the warp, through the places of the points.
func (e evidence) byWarp(g []float64, h hyper, k kernel, pulls [][]float64) {
	w := e.warp(h)
	for i, place := range w.places {
		for p, pull := range pulls {
			_, byA, byB := kumaraswamy(e.xs[p][place], w.a[i], w.b[i])
			g[2*i] += pull[i] * byA
			g[2*i+1] += pull[i] * byB
		}
		g[2*i] *= 2 * k.weights[place]
		g[2*i+1] *= 2 * k.weights[place]
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
func (f form) fit(xs [][]float64, ys []float64) hyper {
	g := f
	if len(xs) < max(warpFrom, warpShare*len(f.warped)) {
		g = f.straight()
	}
	e := evidence{form: g, xs: xs, ys: ys}
	var h hyper
	if half := len(xs) / 2; len(xs) > coarse {
		h = g.fit(xs[:half], ys[:half])
		e.improve(h, refineSteps)
	} else if h = g.straight().scratch(xs, ys).extended(g.len()); len(g.warped) > 0 {
		e.improve(h, fitSteps)
	}
	return h.extended(f.len())
}

// scratch is the most likely hyperparameters of few points.
func (f form) scratch(xs [][]float64, ys []float64) hyper {
	e := evidence{form: f, xs: xs, ys: ys}
	var best hyper
	least := math.Inf(1)
	for _, shift := range []float64{0, -1.5} {
		h := f.middle()
		for i := range f.features {
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
		func(i int) float64 { lo, _ := e.bounds(i); return lo },
		func(i int) float64 { _, hi := e.bounds(i); return hi }, steps)
}
