package sweep_test

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// atMost is a constraint: metric size must not be above bound.
func atMost(bound float64) *sweep.Constraint {
	return &sweep.Constraint{Measure: func(m sweep.Metrics) float64 {
		size, ok := m["size"]
		if !ok {
			return math.Inf(1)
		}
		return size - bound
	}}
}

// A trial's best step is a feasible one where there is one, else the one that
// violates least.
func TestBestStepIsFeasible(t *testing.T) {
	spec := sweep.Spec{Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}, Feasible: atMost(10)}
	var trial sweep.Trial
	for _, step := range []struct {
		step      int
		metrics   sweep.Metrics
		best      int
		violation float64
	}{
		{1, sweep.Metrics{"size": 1}, 0, 0}, // no objective
		{2, sweep.Metrics{"loss": 1}, 2, sweep.MaxViolation},
		{3, sweep.Metrics{"loss": 3, "size": 14}, 3, 4},
		{4, sweep.Metrics{"loss": 9, "size": 12}, 4, 2},
		{5, sweep.Metrics{"loss": math.NaN(), "size": 1}, 4, 2},
		{6, sweep.Metrics{"loss": 8, "size": 10}, 6, 0},
		{7, sweep.Metrics{"loss": 1, "size": 11}, 6, 0},
		{8, sweep.Metrics{"loss": 7, "size": 5}, 8, 0},
		{6, sweep.Metrics{"loss": 0, "size": 13}, 4, 2}, // steps 6 to 8 are taken back
	} {
		trial.Add(sweep.Report{Step: step.step, Metrics: step.metrics}, spec)
		if trial.Best.Step != step.best || trial.Violation != step.violation {
			t.Errorf("after step %d the best is %d, violation %g; want %d, %g", step.step, trial.Best.Step, trial.Violation, step.best, step.violation)
		}
	}
}

// An earlier run's result is judged by this run's constraint, and the target is
// reached by none that is not feasible.
func TestLoopKeepsToTheConstraint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(1, 2)
		if _, err := loop(store, variants(3), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		later := looptest.NewStore()
		for _, trial := range store.Kept {
			trial.Reports[0].Metrics["size"] = 1 // of the first step alone
			later.Earlier[trial.ID] = trial
		}
		l := loop(later, variants(5), m)
		target := 2.0
		l.Spec.Feasible, l.Spec.Limits.Target = atMost(1), &target
		sum, err := l.Do(t.Context())
		if err != nil || sum.Cached != 3 || sum.Reason != "complete" {
			t.Fatalf("Do = %+v, %v; want 3 cached, and the target not reached", sum, err)
		}
		for n, want := range []int{1, 1, 1, 2, 2} {
			if got := later.Kept[n]; got.Best.Step != want || (got.Violation == 0) != (n < 3) {
				t.Errorf("trial %d: best step %d, violation %g", n, got.Best.Step, got.Violation)
			}
		}
	})
}
