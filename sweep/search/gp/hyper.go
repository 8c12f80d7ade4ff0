package gp

import (
	"math"
	"slices"
)

// The priors are normal in the logarithms. That of the length scales moves with
// the root of the number of features, as distances in the unit cube do (Hvarfner
// et al. 2024, section 5); values are standardised, so that the function's
// variance is near 1; most losses are nearly free of noise, but not all. A warp is
// none unless the points say so: with 0.75 for its width the regret was no smaller
// where warps are needed, and larger where they are not (Hartmann 6, 0.046 for 0.015).
const (
	lengthMean, lengthSD = -1.6, 0.8
	scaleMean, scaleSD   = 0.0, 0.5
	noiseMean, noiseSD   = -12.0, 3.0
	warpMean, warpSD     = 0.0, 0.4

	lengthMin, lengthMax = -5.0, 6.0
	scaleMin, scaleMax   = -4.0, 6.0
	noiseMin, noiseMax   = -20.0, 1.0
	warpMin, warpMax     = -1.5, 1.5
)

// hyper are logarithms: of the length scales, of the function's variance, of the
// noise's, and of the a and b of each feature that is warped.
type hyper []float64

// extended is h without warps up to n hyperparameters.
func (h hyper) extended(n int) hyper {
	for len(h) < n {
		h = append(h, warpMean)
	}
	return h
}

// Warps are fitted from warpFrom points on, and as many as warpShare for each: fewer
// show warps by chance (from 20 on in any case, the regret of a bowl in 20 dimensions
// was ten times as large).
const warpFrom, warpShare = 20, 6

// form says what the hyperparameters of a model are.
type form struct {
	features int
	numbers  int   // features that are numbers; they come first
	warped   []int // those of them whose places are warped
}

func (f form) kernel(h hyper) kernel {
	k := kernel{numbers: f.numbers, weights: make([]float64, f.features), scale: math.Exp(h[f.features])}
	for i := range k.weights {
		k.weights[i] = math.Exp(-2 * h[i])
	}
	return k
}

func (f form) noise(h hyper) float64 { return math.Exp(h[f.features+1]) }

func (f form) warp(h hyper) warp {
	w := warp{places: f.warped}
	for k := range f.warped {
		w.a = append(w.a, math.Exp(h[f.features+2+2*k]))
		w.b = append(w.b, math.Exp(h[f.features+3+2*k]))
	}
	return w
}

// model is one that has seen nothing yet.
func (f form) model(h hyper) *model {
	if !slices.ContainsFunc(h[f.features+2:], func(v float64) bool { return v != warpMean }) {
		f = f.straight() // no warp was fitted
	}
	return &model{kernel: f.kernel(h), noise: f.noise(h), warp: f.warp(h)}
}

// prior is the middle of the i-th hyperparameter's prior, and its width.
func (f form) prior(i int) (mean, sd float64) {
	switch {
	case i < f.features:
		return lengthMean + math.Log(float64(f.features))/2, lengthSD
	case i == f.features:
		return scaleMean, scaleSD
	case i == f.features+1:
		return noiseMean, noiseSD
	default:
		return warpMean, warpSD
	}
}

// bounds limit the i-th hyperparameter.
func (f form) bounds(i int) (lo, hi float64) {
	switch {
	case i < f.features:
		return lengthMin, lengthMax
	case i == f.features:
		return scaleMin, scaleMax
	case i == f.features+1:
		return noiseMin, noiseMax
	default:
		return warpMin, warpMax
	}
}

// len is how many hyperparameters there are.
func (f form) len() int { return f.features + 2 + 2*len(f.warped) }

// straight is the form without a warp.
func (f form) straight() form {
	f.warped = nil
	return f
}

// middle is the middle of the priors.
func (f form) middle() hyper {
	h := make(hyper, f.len())
	for i := range h {
		h[i], _ = f.prior(i)
	}
	return h
}
