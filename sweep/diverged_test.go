package sweep_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// ending is a runner whose trials all end in one way.
type ending sweep.Result

func (e ending) Run(context.Context, sweep.Job, func(sweep.Report)) (sweep.Result, error) {
	return sweep.Result(e), nil
}

// A trial that diverged is a result, if the worst: it does not count as a failure.
func TestDivergedIsNoFailure(t *testing.T) {
	for outcome, want := range map[sweep.Outcome]string{
		sweep.Diverged: "complete", sweep.Failed: "too many failed trials", sweep.OutOfMemory: "too many failed trials",
		sweep.TimedOut: "too many failed trials", sweep.Lost: "too many failed trials",
	} {
		synctest.Test(t, func(t *testing.T) {
			store := looptest.NewStore()
			l := loop(store, variants(3), nil)
			l.Runner = ending{Outcome: outcome, PeakMemory: 5}
			l.Spec.Limits.Failures = 2
			sum, err := l.Do(t.Context())
			if err != nil || sum.Reason != want {
				t.Errorf("Do with trials that are %s = %+v, %v; want %s", outcome, sum, err, want)
			}
			if got := store.Kept[0].PeakMemory; got != 5 {
				t.Errorf("peak memory %d, want 5", got)
			}
		})
	}
}
