package gp

import (
	"math"
	"slices"
)

// warp bends the places of some features by the distribution function of
// Kumaraswamy, w = 1 - (1 - u^a)^b, so that a function that is steep near one
// bound and flat near the other is as rough at both (Snoek et al. 2014; with this
// function in place of the beta distribution's, Cowen-Rivers et al. 2022, HEBO).
// With a = b = 1 it changes nothing.
type warp struct {
	places []int     // the features that it bends
	a, b   []float64 // of each of them
}

// bend is the features x bent; x itself where there is nothing to bend.
func (w warp) bend(x []float64) []float64 {
	if len(w.places) == 0 {
		return x
	}
	out := slices.Clone(x)
	for k, place := range w.places {
		out[place], _, _ = kumaraswamy(x[place], w.a[k], w.b[k])
	}
	return out
}

// all is bend of many points.
func (w warp) all(xs [][]float64) [][]float64 {
	out := make([][]float64, len(xs))
	for i, x := range xs {
		out[i] = w.bend(x)
	}
	return out
}

// unbend is where the feature at place was before it was bent to v: the same
// function seen from the other corner.
func (w warp) unbend(place int, v float64) float64 {
	k := slices.Index(w.places, place)
	if k < 0 {
		return v
	}
	u, _, _ := kumaraswamy(1-v, 1/w.b[k], 1/w.a[k])
	return 1 - u
}

// kumaraswamy is 1 - (1 - u^a)^b and its derivatives by the logarithms of a and b.
func kumaraswamy(u, a, b float64) (value, byA, byB float64) {
	switch {
	case u <= 0:
		return 0, 0, 0
	case u >= 1:
		return 1, 0, 0
	}
	t := a * math.Log(u)
	l := log1mExp(t)
	value = -math.Expm1(b * l)
	return value, b * t * math.Exp(t+(b-1)*l), -b * l * (1 - value)
}

// log1mExp is log(1 - exp(t)) of a negative t without loss of digits (Mächler 2012).
func log1mExp(t float64) float64 {
	if t > -math.Ln2 {
		return math.Log(-math.Expm1(t))
	}
	return math.Log1p(-math.Exp(t))
}
