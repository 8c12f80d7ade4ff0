package gp

import (
	"math"
	"testing"
)

func TestKumaraswamy(t *testing.T) {
	for _, c := range [][2]float64{{1, 1}, {0.25, 4}, {4, 0.25}, {2, 3}, {0.3, 0.4}} {
		a, b := c[0], c[1]
		w := warp{places: []int{1}, a: []float64{a}, b: []float64{b}}
		last := 0.0
		for _, u := range []float64{0, 1e-9, 1e-3, 0.1, 0.5, 0.9, 0.999, 1} {
			got, byA, byB := kumaraswamy(u, a, b)
			if want := 1 - math.Pow(1-math.Pow(u, a), b); !near(got, want, 1e-9) {
				t.Errorf("at %g with %v it is %g, want %g", u, c, got, want)
			}
			if got < last || got > 1 {
				t.Errorf("at %g with %v it is %g, and before that %g", u, c, got, last)
			}
			last = got
			const h = 1e-5
			value := func(a, b float64) float64 { v, _, _ := kumaraswamy(u, a, b); return v }
			if want := (value(a*math.Exp(h), b) - value(a*math.Exp(-h), b)) / (2 * h); !near(byA, want, 1e-7) {
				t.Errorf("slope by log a at %g with %v is %g, by differences %g", u, c, byA, want)
			}
			if want := (value(a, b*math.Exp(h)) - value(a, b*math.Exp(-h))) / (2 * h); !near(byB, want, 1e-7) {
				t.Errorf("slope by log b at %g with %v is %g, by differences %g", u, c, byB, want)
			}
			x := w.bend([]float64{0.3, u})
			if x[0] != 0.3 || x[1] != got || w.unbend(0, 0.3) != 0.3 {
				t.Errorf("%g bent to %v with %v", u, x, c)
			}
			if back := w.unbend(1, got); math.Abs(back-u) > 1e-2*(1-u)+1e-9 { // digits are lost where the warp is flat
				t.Errorf("%g came back as %g with %v", u, back, c)
			}
		}
	}
}

func TestIdentityWarp(t *testing.T) {
	for _, u := range []float64{0, 1e-12, 0.2, 0.8, 1} {
		if got, _, _ := kumaraswamy(u, 1, 1); math.Abs(got-u) > 1e-15 {
			t.Errorf("%g became %g", u, got)
		}
	}
}
