package gp

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// scaling turns values into ones that a Gaussian process fits, in the same order,
// and back: shifted and scaled, bent by a power, and then with mean 0 and
// variance 1.
type scaling struct {
	shift, unit float64
	power       float64
	mean, sd    float64
}

// enormous is where a value counts as no larger, so that squares stay finite.
const enormous = 1e100

// normalise makes values fit. Infinite ones (failures) become the worst that was
// seen. The power is the one that makes the distribution most like a normal one
// (Yeo and Johnson 2000; as in HEBO, Cowen-Rivers et al. 2022, section 4.1), which
// also takes the weight from a few enormous losses.
func normalise(values []float64) ([]float64, scaling) {
	out := slices.Clone(values)
	failure := worst(out)
	for i, v := range out {
		if math.IsInf(v, 0) {
			v = failure
		}
		out[i] = min(max(v, -enormous), enormous)
	}
	s := scaling{power: 1}
	s.shift, s.unit = stat.PopMeanStdDev(out, nil)
	s.unit = positive(s.unit, s.shift)
	for i, v := range out {
		out[i] = (v - s.shift) / s.unit
	}
	if len(out) > 2 {
		s.power = likeliest(out)
	}
	for i, v := range out {
		out[i] = bend(v, s.power)
	}
	s.mean, s.sd = stat.PopMeanStdDev(out, nil)
	s.sd = positive(s.sd, s.mean)
	for i, v := range out {
		out[i] = (v - s.mean) / s.sd
	}
	return out, s
}

// penalised gives points that violate the constraint values worse than those of all
// feasible ones, by the ranks of their violations, up to twice as far from the best
// as the worst is: a model of values alone is then led back to where the constraint
// is met, by the least step first (after Deb 2000, "An efficient constraint handling
// method for genetic algorithms", equation 4, with ranks for amounts). Failures have
// an infinite violation, and stay infinite.
func penalised(values, violations []float64) []float64 {
	var levels []float64
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, v := range violations {
		switch {
		case v == 0:
			lo, hi = min(lo, values[i]), max(hi, values[i])
		case !math.IsInf(v, 1):
			levels = append(levels, v)
		}
	}
	if len(levels) == 0 {
		return values
	}
	if lo > hi { // nothing is feasible yet
		lo, hi = 0, 0
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	out := slices.Clone(values)
	for i, v := range violations {
		if k, found := slices.BinarySearch(levels, v); found {
			out[i] = hi + positive(hi-lo, hi)*float64(k+1)/float64(len(levels))
		}
	}
	return out
}

// positive is a width to divide by: 1 where it is that of equal values.
func positive(width, at float64) float64 {
	if !(width > 1e-12*math.Abs(at)) || math.IsInf(width, 0) {
		return 1
	}
	return width
}

// worst is the largest finite value; 0: there is none.
func worst(values []float64) float64 {
	out, found := 0.0, false
	for _, v := range values {
		if !math.IsInf(v, 0) && (!found || v > out) {
			out, found = v, true
		}
	}
	return out
}

// back is the value that was turned into v.
func (s scaling) back(v float64) float64 {
	return s.shift + s.unit*unbend(s.mean+s.sd*v, s.power)
}

// bend is Yeo and Johnson's transform of v by a power.
func bend(v, power float64) float64 {
	if v < 0 {
		return -boxCox(-v, 2-power)
	}
	return boxCox(v, power)
}

// unbend is the inverse of bend.
func unbend(v, power float64) float64 {
	if v < 0 {
		return -unBoxCox(-v, 2-power)
	}
	return unBoxCox(v, power)
}

// boxCox is ((1+v)^power - 1) / power.
func boxCox(v, power float64) float64 {
	if math.Abs(power) < 1e-9 {
		return math.Log1p(v)
	}
	return math.Expm1(power*math.Log1p(v)) / power
}

// unBoxCox is the inverse of boxCox; infinite past the largest value that a
// negative power leads to.
func unBoxCox(v, power float64) float64 {
	switch {
	case math.Abs(power) < 1e-9:
		return math.Expm1(v)
	case power*v <= -1:
		return math.Inf(1)
	}
	return math.Expm1(math.Log1p(power*v) / power)
}

// The powers looked at: a few enormous losses need a far negative one to leave
// something of the differences of the others.
const powerMin, powerMax = -8, 4

// likeliest is the power under which values are most like normal ones.
func likeliest(values []float64) float64 {
	jacobian := 0.0
	for _, v := range values {
		jacobian += math.Copysign(math.Log1p(math.Abs(v)), v)
	}
	work := make([]float64, len(values))
	return golden(func(power float64) float64 {
		for i, v := range values {
			work[i] = bend(v, power)
		}
		_, variance := stat.PopMeanVariance(work, nil)
		return float64(len(values))/2*math.Log(variance) - (power-1)*jacobian
	}, powerMin, powerMax)
}

// golden is the minimum of a function with one between lo and hi, by sections.
func golden(f func(float64) float64, lo, hi float64) float64 {
	ratio := (math.Sqrt(5) - 1) / 2
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for hi-lo > 1e-3 {
		if fa < fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return (lo + hi) / 2
}
