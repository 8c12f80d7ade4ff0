package gp_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/gp"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) { return gp.New(s, gp.Config{Seed: 1}) })
}

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return gp.New(s, gp.Config{Trials: trials, Seed: seed})
	})
}

// branin has three minima of 0.397887 in the square.
func branin(x []float64) float64 {
	a, b := x[0]*15-5, x[1]*15
	c := b - 5.1/(4*math.Pi*math.Pi)*a*a + 5/math.Pi*a - 6
	return c*c + 10*(1-1/(8*math.Pi))*math.Cos(a) + 10
}

// hartmann has its minimum of -3.32237 and a second one of -3.20316 in the cube.
func hartmann(x []float64) float64 {
	rates := [4][6]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
	centers := [4][6]float64{
		{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
		{0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
		{0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
		{0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381},
	}
	sum := 0.0
	for i, height := range [4]float64{1, 1.2, 3, 3.2} {
		e := 0.0
		for j, v := range x {
			e += rates[i][j] * (v - centers[i][j]) * (v - centers[i][j])
		}
		sum -= height * math.Exp(-e)
	}
	return sum
}

func TestFindsMinima(t *testing.T) {
	for _, c := range []struct {
		name         string
		f            func([]float64) float64
		dims, trials int
		enough       float64
	}{
		{"Branin", branin, 2, 40, 0.4},
		{"Hartmann 6", hartmann, 6, 60, -3.1},
	} {
		const seeds = 6
		var missed []float64
		for seed := range uint64(seeds) {
			s := spec(cube(c.dims))
			least := math.Inf(1)
			run(t, build(t, s, gp.Config{Seed: seed, Trials: c.trials}), c.trials, func(p sweep.Params) float64 {
				v := c.f(vector(p))
				least = min(least, v)
				return v
			})
			if least > c.enough {
				missed = append(missed, least)
			}
		}
		if len(missed) > 1 { // one of them may have an unlucky start
			t.Errorf("%s: %d of %d seeds end at %v after %d trials, want %g", c.name, len(missed), seeds, missed, c.trials, c.enough)
		}
	}
}

// Rates that should have been on a logarithmic scale: all that is good lies in a
// hundredth of each axis. Without a warp it ends above 1.
func TestFindsEdge(t *testing.T) {
	s := spec(cube(2))
	least := math.Inf(1)
	run(t, build(t, s, gp.Config{Seed: 1, Trials: 50}), 50, func(p sweep.Params) float64 {
		v := 0.0
		for _, x := range vector(p) {
			v += math.Pow(math.Log10(x+1e-5)+3, 2)
		}
		least = min(least, v)
		return v
	})
	if least > 0.05 {
		t.Errorf("%g after 50 trials", least)
	}
}

// A category decides which of two numbers exists; the best is in the branch that
// is worse at first sight.
func TestFindsBranch(t *testing.T) {
	when := func(name, kind string) sweep.Axis {
		return sweep.Axis{Names: []string{name}, Needs: []string{"kind"}, Domain: func(p sweep.Params) (sweep.Domain, error) {
			if got, _ := p["kind"].AsString(); got == kind {
				return sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1}, nil
			}
			return sweep.Domain{}, nil
		}}
	}
	kinds := sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("flat"), sweep.String("steep"), sweep.String("none")}}
	s := spec(append([]sweep.Axis{searchtest.Axis("kind", kinds), when("a", "flat"), when("b", "steep")}, cube(1)...))
	least := math.Inf(1)
	run(t, build(t, s, gp.Config{Seed: 3, Trials: 40}), 40, func(p sweep.Params) float64 {
		v := 1.0
		if a, ok := p["a"].AsFloat(); ok {
			v = 0.3 + a*a
		} else if b, ok := p["b"].AsFloat(); ok {
			v = 20 * (b - 0.8) * (b - 0.8)
		}
		x, _ := p["x0"].AsFloat()
		v += (x - 0.3) * (x - 0.3)
		least = min(least, v)
		return v
	})
	if least > 0.01 {
		t.Errorf("%g after 40 trials", least)
	}
}

// In a space too large to list, what was tried is not proposed again either.
func TestNoDoubles(t *testing.T) {
	var axes []sweep.Axis
	for _, name := range names[:3] {
		axes = append(axes, searchtest.Axis(name, sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 500}))
	}
	s := spec(axes)
	h := run(t, build(t, s, gp.Config{Seed: 1, Trials: 40}), 40, func(p sweep.Params) float64 {
		sum := 0.0
		for _, v := range vector(p) {
			sum += (v - 200) * (v - 200)
		}
		return sum
	})
	seen := map[string]bool{}
	for _, t := range h {
		seen[t.Params.Key()] = true
	}
	if len(seen) < len(h) {
		t.Errorf("%d variants in %d trials", len(seen), len(h))
	}
}

func TestSeveralObjectives(t *testing.T) {
	s := spec(cube(2))
	s.Objectives = []sweep.Objective{{Name: "cost", Goal: sweep.Minimize}, {Name: "gain", Goal: sweep.Maximize}}
	searcher := build(t, s, gp.Config{Seed: 1, Trials: 40})
	var h sweep.History
	for n := range 40 {
		p, err := searcher.Next(n, h)
		if err != nil {
			t.Fatal(err)
		}
		x := vector(p)
		h = append(h, ended(n, p, sweep.Metrics{"cost": x[0] + 3*x[1], "gain": math.Sqrt(x[0]) - x[1]}))
	}
	good := 0 // the best trade-offs have x1 = 0
	for _, t := range h[20:] {
		if x := vector(t.Params); x[1] < 0.05 {
			good++
		}
	}
	if good < 10 {
		t.Errorf("%d of the last 20 trials are good trade-offs", good)
	}
}

func TestFailuresEverywhere(t *testing.T) {
	s := spec(cube(2))
	searcher := build(t, s, gp.Config{Seed: 1, Trials: 30})
	var h sweep.History
	for n := range 30 {
		p, err := searcher.Next(n, h)
		if err != nil {
			t.Fatal(err)
		}
		trial := ended(n, p, nil)
		trial.Outcome = sweep.Diverged
		h = append(h, trial)
	}
}

func TestExplain(t *testing.T) {
	s := spec(cube(2))
	s.Objectives[0].Goal = sweep.Maximize
	searcher := build(t, s, gp.Config{Seed: 1, Trials: 20})
	h := run(t, searcher, 20, func(p sweep.Params) float64 { return 5 - vector(p)[0] })
	learner := searcher.(sweep.Learner)
	for n, words := range map[int]string{0: "spread over the space", 15: "of 15 trials expects loss 5 ("} {
		why, err := learner.Explain(n, h[:n])
		if err != nil || !strings.Contains(why, words) {
			t.Errorf("Explain(%d) = %q, %v; want %q in it", n, why, err, words)
		}
	}
}

// BenchmarkLoop is a whole run of 500 trials of 10 parameters.
func BenchmarkLoop(b *testing.B) {
	s := spec(cube(10))
	for b.Loop() {
		r := rand.New(rand.NewPCG(1, 1))
		run(b, build(b, s, gp.Config{Seed: 1, Trials: 500}), 500, func(p sweep.Params) float64 {
			sum := r.NormFloat64() / 100
			for i, v := range vector(p) {
				sum += float64(i+1) * (v - 0.3) * (v - 0.3)
			}
			return sum
		})
	}
}

func spec(axes []sweep.Axis) sweep.Spec {
	return sweep.Spec{Space: sweep.Space{Axes: axes}, Repeat: 1, Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}}}
}

var names = [...]string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"}

func cube(dims int) []sweep.Axis {
	var axes []sweep.Axis
	for _, name := range names[:dims] {
		axes = append(axes, searchtest.Axis(name, sweep.Domain{Shape: sweep.Uniform, Hi: 1}))
	}
	return axes
}

func vector(p sweep.Params) []float64 {
	var x []float64
	for _, name := range names {
		if v, ok := p[name].AsFloat(); ok {
			x = append(x, v)
		}
	}
	return x
}

func build(tb testing.TB, s sweep.Spec, c gp.Config) sweep.Searcher {
	tb.Helper()
	searcher, err := gp.New(s, c)
	if err != nil {
		tb.Fatal(err)
	}
	return searcher
}

func ended(n int, p sweep.Params, m sweep.Metrics) sweep.Trial {
	return sweep.Trial{
		Number: n, Variant: n, After: n, Ended: n + 1, Params: p, Steps: 1,
		Outcome: sweep.Succeeded, Best: sweep.Report{Step: 1, Metrics: m},
	}
}

// run is a run with one slot.
func run(tb testing.TB, searcher sweep.Searcher, trials int, f func(sweep.Params) float64) sweep.History {
	tb.Helper()
	var h sweep.History
	for n := range trials {
		p, err := searcher.Next(n, h)
		if err != nil {
			tb.Fatal(err)
		}
		h = append(h, ended(n, p, sweep.Metrics{searchtest.Metric: f(p)}))
	}
	return h
}

// A constraint leads it to where it is met.
func TestFeasible(t *testing.T) {
	searchtest.Feasible(t, func(s sweep.Spec) (sweep.Searcher, error) { return gp.New(s, gp.Config{Seed: 3}) })
}

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return gp.New(s, gp.Config{Seed: 1}) }, false)
}
