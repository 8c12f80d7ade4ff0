package gp

import (
	"math"
	"math/rand/v2"
)

// scalar turns several objectives into one: the augmented Tchebycheff distance
// with random weights of Knowles (2006, ParEGO, equation 2), each objective
// scaled to what has been seen of it.
func scalar(values [][]float64, r *rand.Rand) []float64 {
	out := make([]float64, len(values))
	if len(values) == 0 {
		return out
	}
	objectives := len(values[0])
	if objectives == 1 {
		for i, v := range values {
			out[i] = v[0]
		}
		return out
	}
	weights, sum := make([]float64, objectives), 0.0
	for k := range weights {
		weights[k] = r.ExpFloat64() // scaled to sum 1: uniform over the simplex
		sum += weights[k]
	}
	largest := make([]float64, len(values))
	for k, w := range weights {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range values {
			if !math.IsInf(v[k], 0) {
				lo, hi = min(lo, v[k]), max(hi, v[k])
			}
		}
		for i, v := range values {
			f := v[k]
			if !math.IsInf(f, 0) {
				f = (f - lo) / max(hi-lo, math.SmallestNonzeroFloat64)
			}
			f *= w / sum
			largest[i] = max(largest[i], f)
			out[i] += 0.05 * f
		}
	}
	for i := range out {
		out[i] += largest[i]
	}
	return out
}
