package gp

import "math"

// halfLogTau is log(2 pi) / 2.
const halfLogTau = 0.91893853320467274178

// logEI is the logarithm of the improvement on best to be expected of a value
// that is normally distributed, and its derivatives by mean and deviation (Ament
// et al. 2023, equation 9). Unlike the improvement itself it is neither 0 nor
// flat where an improvement is unlikely.
func logEI(best, mean, sd float64) (value, byMean, bySD float64) {
	z := (best - mean) / sd
	h, slope := logH(z)
	return h + math.Log(sd), -slope / sd, (1 - slope*z) / sd
}

// logH is the logarithm of h(z) = density(z) + z * distribution(z) of the
// standard normal, and its derivative. For z = -t below -1 it is log density(t)
// + log g, where g = 1 - t M(t) and M is Mills' ratio, the tail over the density;
// g tends to 1/t², so that far out its asymptotic series takes over before the
// difference loses its digits.
func logH(z float64) (value, slope float64) {
	if z > -1 {
		below := math.Erfc(-z/math.Sqrt2) / 2
		h := math.Exp(-z*z/2-halfLogTau) + z*below
		return math.Log(h), below / h
	}
	t := -z
	logDensity := -t*t/2 - halfLogTau
	g := 0.0
	if t < 10 {
		g = 1 - t*math.Erfc(t/math.Sqrt2)/2/math.Exp(logDensity)
	} else {
		g = millsGap(t)
	}
	return logDensity + math.Log(g), (1 - g) / (t * g)
}

// millsGap is 1 - t M(t) for large t: 1/t² - 3/t⁴ + 15/t⁶ - ... (Abramowitz and
// Stegun 26.2.12); from t = 10 on, twenty terms leave an error below rounding.
func millsGap(t float64) float64 {
	sum, term := 0.0, -1.0
	for k := range 20 {
		term *= -float64(2*k+1) / (t * t)
		sum += term
	}
	return sum
}
