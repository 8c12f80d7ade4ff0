package gp

import "math"

// kernel is the Matérn 5/2 covariance with a length scale for each feature
// (Rasmussen and Williams 2006, equation 4.17). Between categories the distance
// is 0 or 1 (Hamming), which is that of the corners of a regular simplex: the
// covariance stays positive definite.
type kernel struct {
	numbers int       // the features before this one are numbers, the others codes of categories
	weights []float64 // of each feature: 1 over its squared length scale
	scale   float64   // the variance of the function
}

// distance is the squared distance of a and b in length scales.
func (k kernel) distance(a, b []float64) float64 {
	sum := 0.0
	for i, w := range k.weights[:k.numbers] {
		d := a[i] - b[i]
		sum += w * d * d
	}
	for i := k.numbers; i < len(k.weights); i++ {
		if a[i] != b[i] {
			sum += k.weights[i]
		}
	}
	return sum
}

// at is the covariance of the function's values at a and b.
func (k kernel) at(a, b []float64) float64 {
	value, _ := matern(k.distance(a, b))
	return k.scale * value
}

// matern is the correlation at a squared distance, and its derivative by that.
func matern(squared float64) (value, slope float64) {
	r := math.Sqrt(5 * squared)
	e := math.Exp(-r)
	return (1 + r + r*r/3) * e, -5.0 / 6 * (1 + r) * e
}
