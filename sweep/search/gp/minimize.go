package gp

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

const (
	memory   = 8     // steps that the curvature is taken from
	sufficed = 1e-4  // of the decrease that the slope promises (Armijo)
	flat     = 1e-5  // gradient below which a point counts as a minimum
	settled  = 1e-9  // relative decrease below which a search ends
	halvings = 15    // of a step before a direction is given up
	margin   = 1e-12 // distance from a bound that counts as none
)

// minimize improves x within lo and hi by L-BFGS (Nocedal and Wright 2006,
// algorithm 7.4) with Bertsekas's projection (1982): coordinates that lean on a
// bound and want out of the box rest, the others move by the curvature among
// themselves, and steps are folded back into the box. gonum's L-BFGS knows no
// bounds, and most proposals have a coordinate on one. f is the function; it
// writes its gradient to g. The result is the value at x.
func minimize(f func(x, g []float64) float64, x []float64, lo, hi func(i int) float64, steps int) float64 {
	n := len(x)
	g, next, nextG, dir := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	free := make([]bool, n)
	var past curvature
	value := f(x, g)
	for range steps {
		steepest := 0.0
		for i := range x {
			free[i] = (x[i] > lo(i)+margin || g[i] < 0) && (x[i] < hi(i)-margin || g[i] > 0)
			if free[i] {
				steepest = max(steepest, math.Abs(g[i]))
			}
		}
		if steepest < flat {
			break
		}
		past.direction(dir, g, free)
		step := 1.0
		if len(past.pairs) == 0 {
			step = min(1, 0.1/steepest)
		}
		moved := false
		var after float64
		for range halvings {
			slope := 0.0
			for i := range x {
				next[i] = min(max(x[i]+step*dir[i], lo(i)), hi(i))
				slope += g[i] * (next[i] - x[i])
			}
			if after = f(next, nextG); after <= value+sufficed*slope && slope < 0 {
				moved = true
				break
			}
			shrunk := 0.5
			if over := 2 * (after - value - slope); slope < 0 && over > 0 && !math.IsInf(over, 1) {
				shrunk = min(max(-slope/over, 0.1), 0.5) // the minimum of a parabola
			}
			step *= shrunk
		}
		if !moved {
			if len(past.pairs) == 0 {
				break
			}
			past.pairs = nil // the curvature misled: once more, straight down
			continue
		}
		past.learn(x, next, g, nextG)
		small := value-after <= settled*(1+math.Abs(value))
		copy(x, next)
		copy(g, nextG)
		value = after
		if small {
			break
		}
	}
	return value
}

// curvature is what the last steps say of the second derivatives.
type curvature struct{ pairs []pair }

type pair struct{ s, y []float64 } // a step, and the change of the gradient over it

func (c *curvature) learn(x, next, g, nextG []float64) {
	s, y := make([]float64, len(x)), make([]float64, len(x))
	floats.SubTo(s, next, x)
	floats.SubTo(y, nextG, g)
	if floats.Dot(s, y) <= 1e-10*floats.Dot(y, y) {
		return
	}
	if len(c.pairs) == memory {
		c.pairs = c.pairs[1:]
	}
	c.pairs = append(c.pairs, pair{s, y})
}

// direction is the step to the minimum of the parabola that fits the last steps,
// in the free coordinates.
func (c *curvature) direction(dir, g []float64, free []bool) {
	dot := func(a, b []float64) float64 {
		sum := 0.0
		for i, ok := range free {
			if ok {
				sum += a[i] * b[i]
			}
		}
		return sum
	}
	for i, ok := range free {
		if dir[i] = 0; ok {
			dir[i] = -g[i]
		}
	}
	along := make([]float64, len(c.pairs))
	curve := make([]float64, len(c.pairs))
	scale := 1.0
	for k := len(c.pairs) - 1; k >= 0; k-- {
		p := c.pairs[k]
		if curve[k] = dot(p.s, p.y); curve[k] <= 0 {
			continue
		}
		if scale == 1 {
			scale = curve[k] / dot(p.y, p.y)
		}
		along[k] = dot(p.s, dir) / curve[k]
		add(dir, -along[k], p.y, free)
	}
	floats.Scale(scale, dir)
	for k, p := range c.pairs {
		if curve[k] > 0 {
			add(dir, along[k]-dot(p.y, dir)/curve[k], p.s, free)
		}
	}
	if floats.Dot(dir, g) >= 0 { // not downhill: rounding, or curvature of other free coordinates
		for i, ok := range free {
			if dir[i] = 0; ok {
				dir[i] = -g[i]
			}
		}
	}
}

func add(dst []float64, alpha float64, s []float64, free []bool) {
	for i, ok := range free {
		if ok {
			dst[i] += alpha * s[i]
		}
	}
}
