package past_test

import (
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// A trial that diverged is the worst result there is, also beside a better one of
// the same variant; one that failed says nothing of it.
func TestDivergedIsTheWorst(t *testing.T) {
	good := sweep.Trial{Outcome: sweep.Succeeded, Ended: 1, Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{"loss": 1}}}
	for outcome, want := range map[sweep.Outcome]float64{
		sweep.Diverged: math.Inf(1), sweep.Failed: 1, sweep.OutOfMemory: 1, sweep.Lost: 1, sweep.TimedOut: 1,
	} {
		other := sweep.Trial{Outcome: outcome, Ended: 2, Best: good.Best}
		p := past.Result(sweep.History{good, other}, []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}})
		if p.Value() != want {
			t.Errorf("with one that is %s: %g, want %g", outcome, p.Value(), want)
		}
	}
}
