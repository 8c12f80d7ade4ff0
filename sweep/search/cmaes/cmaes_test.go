package cmaes

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) })
}

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return New(s, Config{Trials: trials, Seed: seed})
	})
}

// spec is a sweep that minimizes.
func spec(axes ...sweep.Axis) sweep.Spec {
	return sweep.Spec{Space: sweep.Space{Axes: axes}, Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}}}
}

// cube is dims numbers from -5 to 5.
func cube(dims int) sweep.Spec {
	var axes []sweep.Axis
	for i := range dims {
		axes = append(axes, searchtest.Axis(fmt.Sprintf("p%02d", i), sweep.Domain{Shape: sweep.Uniform, Lo: -5, Hi: 5}))
	}
	return spec(axes...)
}

// minimize is a run of c in s's space, one trial at a time, and its best value; f
// gets the values of the parameters in the order of the axes.
func minimize(tb testing.TB, s sweep.Spec, c Config, f func(x []float64) float64) float64 {
	tb.Helper()
	searcher, err := New(s, c)
	if err != nil {
		tb.Fatal(err)
	}
	best := math.Inf(1)
	history := make(sweep.History, 0, c.Trials)
	x := make([]float64, len(s.Space.Axes))
	for n := range c.Trials {
		p, err := searcher.Next(n, history)
		if err != nil {
			tb.Fatal(err)
		}
		for i, a := range s.Space.Axes {
			x[i], _ = p[a.Names[0]].AsFloat()
		}
		value := f(x)
		best = min(best, value)
		history = append(history, sweep.Trial{
			Number: n, Variant: n, After: n, Ended: n + 1, Params: p, Outcome: sweep.Succeeded, Steps: 1,
			Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{searchtest.Metric: value}},
		})
	}
	return best
}

func sphere(x []float64) float64 {
	sum := 0.0
	for _, f := range x {
		sum += (f - 1) * (f - 1)
	}
	return sum
}

func ellipsoid(x []float64) float64 {
	sum := 0.0
	for i, f := range x {
		sum += math.Pow(1e6, float64(i)/float64(len(x)-1)) * (f - 1) * (f - 1)
	}
	return sum
}

func rosenbrock(x []float64) float64 {
	sum := 0.0
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		sum += 100*a*a + b*b
	}
	return sum
}

func rastrigin(x []float64) float64 {
	sum := 0.0
	for _, f := range x {
		sum += (f-1)*(f-1) + 10*(1-math.Cos(2*math.Pi*(f-1)))
	}
	return sum
}

// The budgets are one and a half times what the cmaes package for Python takes, in
// the median of five runs with bounds and steps as here: 670 for the sphere in five
// dimensions, 2750 in twenty, 1800 for Rosenbrock's function, 1350 and 13300 for the
// ellipsoid.
func TestConverges(t *testing.T) {
	for _, c := range []struct {
		name                string
		dims, trials, seeds int
		f                   func([]float64) float64
	}{
		{"sphere", 5, 1000, 5, sphere},
		{"sphere", 20, 4100, 3, sphere},
		{"rosenbrock", 5, 2700, 5, rosenbrock},
		{"ellipsoid", 5, 2000, 5, ellipsoid},
		{"ellipsoid", 20, 20000, 1, ellipsoid},
	} {
		t.Run(fmt.Sprint(c.name, " ", c.dims), func(t *testing.T) {
			var bests []float64
			for seed := range c.seeds {
				best := minimize(t, cube(c.dims), Config{Trials: c.trials, Seed: uint64(seed)}, c.f)
				bests = append(bests, best)
			}
			slices.Sort(bests)
			t.Logf("best values: %.2g", bests)
			if median := bests[len(bests)/2]; median > 1e-8 {
				t.Errorf("the median of the best values after %d is %g", c.trials, median)
			}
		})
	}
}

// Where the first start is caught in one of many minima, a later one finds the best.
func TestStartsAnew(t *testing.T) {
	found := 0
	for seed := range uint64(5) {
		first := minimize(t, cube(2), Config{Trials: 400, Seed: seed}, rastrigin)
		best := minimize(t, cube(2), Config{Trials: 5000, Seed: seed}, rastrigin)
		t.Logf("best after 400: %.2g, after 5000: %.2g", first, best)
		if best < 1e-8 {
			found++
		}
	}
	if found < 4 {
		t.Errorf("%d of 5 runs found the best of many minima", found)
	}
}

// BenchmarkLoop is 10,000 trials with 40 parameters, one after the other.
func BenchmarkLoop(b *testing.B) {
	for b.Loop() {
		minimize(b, cube(40), Config{Trials: 10_000, Seed: 1}, sphere)
	}
}

// A constraint leads it to where it is met.
func TestFeasible(t *testing.T) {
	searchtest.Feasible(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) })
}

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}
