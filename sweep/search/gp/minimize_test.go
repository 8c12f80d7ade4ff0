package gp

import (
	"math"
	"testing"
)

func same(v float64) func(int) float64 { return func(int) float64 { return v } }

func TestMinimizeValley(t *testing.T) {
	x := []float64{-1.2, 1}
	value := minimize(func(x, g []float64) float64 {
		a, b := 1-x[0], x[1]-x[0]*x[0]
		g[0], g[1] = -2*a-400*x[0]*b, 200*b
		return a*a + 100*b*b
	}, x, same(-5), same(5), 200)
	if value > 1e-8 || math.Abs(x[0]-1) > 1e-3 {
		t.Errorf("Rosenbrock's valley: %g at %v", value, x)
	}
}

// The free minimum of this bowl is at (2, -1, 0.5); in the unit box it leans on
// two sides, and the third coordinate moves because the first two cannot.
func TestMinimizeLeansOnBounds(t *testing.T) {
	x := []float64{0.3, 0.9, 0.9}
	minimize(func(x, g []float64) float64 {
		a, b, c := x[0]-2, x[1]+1, x[2]-0.5
		g[0], g[1], g[2] = 2*a+0.5*c, 8*b, 2*c+0.5*a
		return a*a + 4*b*b + c*c + 0.5*a*c
	}, x, same(0), same(1), 100)
	for i, want := range []float64{1, 0, 0.75} {
		if math.Abs(x[i]-want) > 1e-4 {
			t.Errorf("x[%d] = %g, want %g", i, x[i], want)
		}
	}
}
