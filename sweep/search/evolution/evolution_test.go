package evolution

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func config() Config { return Config{Seed: 3, Population: 20} }

func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3, Population: 6}) })
}

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return New(s, Config{Trials: trials, Seed: seed, Population: 20})
	})
}

// A constraint leads it to where it is met.
func TestFeasible(t *testing.T) {
	searchtest.Feasible(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) })
}

// problem is losses of numbers from 0 to 1.
type problem struct {
	name      string
	dims      int
	losses    func(x []float64) []float64
	reference []float64
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, f := range x {
		sum += f
	}
	return sum / float64(len(x))
}

// The first three problems of Zitzler, Deb and Thiele 2000 ("Comparison of Multiobjective
// Evolutionary Algorithms") in 30 dimensions, and the second of Deb, Thiele, Laumanns and
// Zitzler 2005 ("Scalable Test Problems") with three objectives.
func problems() []problem {
	zdt := func(name string, second func(f, g float64) float64) problem {
		return problem{name, 30, func(x []float64) []float64 {
			g := 1 + 9*mean(x[1:])
			return []float64{x[0], g * second(x[0], g)}
		}, []float64{1.1, 7}}
	}
	return []problem{
		zdt("zdt1", func(f, g float64) float64 { return 1 - math.Sqrt(f/g) }),
		zdt("zdt2", func(f, g float64) float64 { return 1 - f*f/g/g }),
		zdt("zdt3", func(f, g float64) float64 { return 1 - math.Sqrt(f/g) - f/g*math.Sin(10*math.Pi*f) }),
		{"dtlz2", 12, func(x []float64) []float64 {
			g := 1.0
			for _, f := range x[2:] {
				g += (f - 0.5) * (f - 0.5)
			}
			a, b := x[0]*math.Pi/2, x[1]*math.Pi/2
			return []float64{g * math.Cos(a) * math.Cos(b), g * math.Cos(a) * math.Sin(b), g * math.Sin(a)}
		}, []float64{2, 2, 2}},
	}
}

// run is the losses of a search's trials.
func run(tb testing.TB, p problem, build func(sweep.Spec) (sweep.Searcher, error), trials, slots int, seed uint64) [][]float64 {
	tb.Helper()
	spec := sweep.Spec{Limits: sweep.Limits{Trials: trials}}
	for i := range p.dims {
		spec.Space.Axes = append(spec.Space.Axes, searchtest.Axis(fmt.Sprint("x", i), sweep.Domain{Shape: sweep.Uniform, Hi: 1}))
	}
	for i := range p.reference {
		spec.Objectives = append(spec.Objectives, sweep.Objective{Name: fmt.Sprint("f", i), Goal: sweep.Minimize})
	}
	searcher, err := build(spec)
	if err != nil {
		tb.Fatal(err)
	}
	var rows [][]float64
	simulation := searchtest.Simulation{Spec: spec, Slots: slots, Trials: trials, Seed: seed, End: func(t sweep.Trial, _ *rand.Rand) (sweep.Outcome, sweep.Metrics) {
		x := make([]float64, p.dims)
		for i := range x {
			x[i], _ = t.Params[fmt.Sprint("x", i)].AsFloat()
		}
		row, m := p.losses(x), sweep.Metrics{}
		for i, v := range row {
			m[fmt.Sprint("f", i)] = v
		}
		rows = append(rows, row)
		return sweep.Succeeded, m
	}}
	if _, err := simulation.Run(searcher); err != nil {
		tb.Fatal(err)
	}
	return rows
}

// What 300 trials dominate is clearly more than at random.
func TestSpreadsOverTradeoffs(t *testing.T) {
	if testing.Short() {
		t.Skip("it compares quality, not code")
	}
	for _, p := range problems() {
		t.Run(p.name, func(t *testing.T) {
			var ours, theirs []float64
			for seed := range uint64(3) {
				for _, slots := range []int{1, 8} {
					rows := run(t, p, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: seed, Population: 20}) }, 300, slots, seed)
					ours = append(ours, sweep.Hypervolume(rows, p.reference))
				}
				rows := run(t, p, func(s sweep.Spec) (sweep.Searcher, error) { return random.New(s, random.Config{Seed: seed}) }, 300, 1, seed)
				theirs = append(theirs, sweep.Hypervolume(rows, p.reference))
			}
			t.Logf("hypervolume %.4g, at random %.4g", ours, theirs)
			if slices.Min(ours) <= slices.Max(theirs) {
				t.Errorf("hypervolume %.4g, at random %.4g", ours, theirs)
			}
		})
	}
}

// With one objective it comes much nearer to the best than random search.
func TestOneObjective(t *testing.T) {
	sphere := problem{"sphere", 5, func(x []float64) []float64 {
		sum := 0.0
		for _, f := range x {
			sum += (f - 0.6) * (f - 0.6)
		}
		return []float64{sum}
	}, []float64{1}}
	best := func(rows [][]float64) float64 { return slices.MinFunc(rows, slices.Compare[[]float64])[0] }
	for seed := range uint64(3) {
		own := best(run(t, sphere, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: seed, Population: 20}) }, 200, 1, seed))
		other := best(run(t, sphere, func(s sweep.Spec) (sweep.Searcher, error) { return random.New(s, random.Config{Seed: seed}) }, 200, 1, seed))
		t.Logf("best loss %.3g, at random %.3g", own, other)
		if own > other/3 {
			t.Errorf("seed %d: best loss %g, at random %g", seed, own, other)
		}
	}
}

// Explain says which of the best the parents are.
func TestExplainNamesTheParents(t *testing.T) {
	spec := sweep.Spec{
		Space:      sweep.Space{Axes: []sweep.Axis{searchtest.Axis("x", sweep.Domain{Shape: sweep.Uniform, Hi: 1})}},
		Objectives: []sweep.Objective{{Name: "a", Goal: sweep.Minimize}, {Name: "b", Goal: sweep.Maximize}},
		Limits:     sweep.Limits{Trials: 50},
	}
	searcher, err := New(spec, Config{Seed: 1, Population: 4})
	if err != nil {
		t.Fatal(err)
	}
	var history sweep.History
	for n := range 8 {
		x := float64(n) / 8
		history = append(history, sweep.Trial{
			Number: n, Variant: n, After: n, Ended: n + 1, Params: sweep.Params{"x": sweep.Float(x)}, Outcome: sweep.Succeeded,
			Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{"a": 1 - x, "b": x}}, // the later the better
		})
	}
	why, err := searcher.(sweep.Learner).Explain(8, history)
	if err != nil || !strings.Contains(why, "bred from variant ") || !strings.Contains(why, "of the 4 best of 8 results") || !strings.Contains(why, "(front ") {
		t.Errorf("Explain = %q, %v", why, err)
	}
	for i := range 4 {
		if strings.Contains(why, fmt.Sprintf("variant %d ", i)) {
			t.Errorf("variant %d is not among the best: %s", i, why)
		}
	}
	why, err = searcher.(sweep.Learner).Explain(1, history[:1])
	if err != nil || !strings.Contains(why, "spread over the space until 4 variants") {
		t.Errorf("Explain = %q, %v", why, err)
	}
}

// A place is inherited where it means the same in the child.
func TestInherited(t *testing.T) {
	texts := func(n int) sweep.Domain {
		d := sweep.Domain{Shape: sweep.Choice}
		for i := range n {
			d.Choices = append(d.Choices, sweep.String(strings.Repeat("x", i)))
		}
		return d
	}
	numbers := sweep.Domain{Shape: sweep.Uniform, Hi: 1}
	for _, test := range []struct {
		name        string
		parent, own sweep.Domain
		want        bool
	}{
		{"the same", numbers, numbers, true},
		{"another range", numbers, sweep.Domain{Shape: sweep.LogInt, Lo: 1, Hi: 9}, true},
		{"absent in the parent", sweep.Domain{}, numbers, false},
		{"texts", texts(3), texts(3), true},
		{"more texts", texts(4), texts(3), false},
		{"numbers for texts", numbers, texts(3), false},
	} {
		p := past.Point{Domains: []sweep.Domain{test.parent}, Units: []float64{0.7}}
		if got := inherited(p, 0, test.own); (got == 0.7) != test.want || !math.IsNaN(got) && got != 0.7 {
			t.Errorf("%s: inherited %g", test.name, got)
		}
	}
}

// BenchmarkLoop is 10,000 trials of two objectives, one after the other.
func BenchmarkLoop(b *testing.B) {
	p := problems()[0]
	for b.Loop() {
		run(b, p, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) }, 10_000, 1, 1)
	}
}
