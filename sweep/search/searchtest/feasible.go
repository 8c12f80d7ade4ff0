package searchtest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Feasible tries a learner on a loss whose least values are infeasible: of two
// numbers from 0 to 1 the sum of the squares, where the constraint is that their sum
// be 1.7 at least, as it is in a twentieth of the space. The best feasible loss is
// 1.445.
func Feasible(t *testing.T, build func(sweep.Spec) (sweep.Searcher, error)) {
	t.Helper()
	unit := sweep.Domain{Shape: sweep.Uniform, Hi: 1}
	for seed := range uint64(3) {
		spec := sweep.Spec{
			Space:      sweep.Space{Axes: []sweep.Axis{Axis("x", unit), Axis("y", unit)}},
			Objectives: []sweep.Objective{{Name: Metric, Goal: sweep.Minimize}},
			Limits:     sweep.Limits{Trials: 100},
			Feasible:   &sweep.Constraint{Measure: func(m sweep.Metrics) float64 { return 1.7 - m["sum"] }},
		}
		searcher, err := build(spec)
		if err != nil {
			t.Fatal(err)
		}
		simulation := Simulation{Spec: spec, Slots: 2, Trials: 100, Seed: seed, End: func(t sweep.Trial, _ *rand.Rand) (sweep.Outcome, sweep.Metrics) {
			x, _ := t.Params["x"].AsFloat()
			y, _ := t.Params["y"].AsFloat()
			return sweep.Succeeded, sweep.Metrics{Metric: x*x + y*y, "sum": x + y}
		}}
		history, err := simulation.Run(searcher)
		if err != nil {
			t.Fatal(err)
		}
		feasible, best := 0, math.Inf(1)
		for n, trial := range history {
			if trial.Violation > 0 {
				continue
			}
			best = min(best, trial.Best.Metrics[Metric])
			if n >= len(history)/2 {
				feasible++
			}
		}
		t.Logf("seed %d: %d of the last %d are feasible, the best loss is %.4g", seed, feasible, len(history)/2, best)
		if feasible < len(history)/8 || best > 1.6 {
			t.Errorf("seed %d: %d of the last %d are feasible, the best loss is %g", seed, feasible, len(history)/2, best)
		}
	}
}
