package gp

import (
	"math"
	"testing"
)

// integral is log h(z) by Simpson's rule: h(z) = density(z) times the integral of
// s exp(-s²/2 + z s) over s from 0 on, which stays in range for any z.
func integral(z float64) float64 {
	end := math.Max(z, 0) + 12
	if z < -1 {
		end = 45 / -z
	}
	const n = 20000
	step, sum := end/n, 0.0
	for i := range n + 1 {
		s := float64(i) * step
		weight := 2 + 2*float64(i%2)
		if i == 0 || i == n {
			weight = 1
		}
		sum += weight * s * math.Exp(-s*s/2+z*s)
	}
	return math.Log(sum*step/3) - z*z/2 - halfLogTau
}

func TestLogHIsTheIntegral(t *testing.T) {
	for _, z := range []float64{5, 1, 0, -0.5, -0.999, -1.001, -3, -9.99, -10.01, -30, -200, -1e4} {
		got, slope := logH(z)
		if want := integral(z); !near(got, want, 1e-10) {
			t.Errorf("log h(%g) = %.15g, want %.15g", z, got, want)
		}
		h := 1e-5 * math.Max(1, math.Abs(z))
		up, _ := logH(z + h)
		down, _ := logH(z - h)
		if want := (up - down) / (2 * h); !near(slope, want, 1e-6) {
			t.Errorf("slope at %g is %g, by differences %g", z, slope, want)
		}
	}
}

// Far below, h(z) is density(z) / z².
func TestLogHFarOut(t *testing.T) {
	for _, z := range []float64{-1e3, -1e6, -1e9, -1e12} {
		got, slope := logH(z)
		if want := -z*z/2 - halfLogTau - 2*math.Log(-z); !near(got, want, 1e-11) {
			t.Errorf("log h(%g) = %.15g, want %.15g", z, got, want)
		}
		if !near(slope, -z, 1e-5) {
			t.Errorf("slope at %g is %g", z, slope)
		}
	}
}

func TestLogEISlopes(t *testing.T) {
	for _, mean := range []float64{-1, 0.5, 3, 40} {
		const best, sd, h = 0.2, 0.7, 1e-6
		_, byMean, bySD := logEI(best, mean, sd)
		value := func(mean, sd float64) float64 { v, _, _ := logEI(best, mean, sd); return v }
		if want := (value(mean+h, sd) - value(mean-h, sd)) / (2 * h); !near(byMean, want, 1e-5) {
			t.Errorf("slope by the mean at %g is %g, by differences %g", mean, byMean, want)
		}
		if want := (value(mean, sd+h) - value(mean, sd-h)) / (2 * h); !near(bySD, want, 1e-5) {
			t.Errorf("slope by the deviation at %g is %g, by differences %g", mean, bySD, want)
		}
	}
}
