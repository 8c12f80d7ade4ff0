// Package runner holds what runners have in common. Where trials run is in
// runner/<name>.
package runner

import (
	"context"
	"fmt"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Slotted is a runner that knows how many jobs it can run at once.
type Slotted interface {
	sweep.Runner
	sweep.Slotted
}

// Retry is inner, running a trial that failed by no decision of its own up to n
// times more. Each attempt goes on from the last one's checkpoint.
func Retry(inner Slotted, n int) Slotted {
	if n == 0 {
		return inner
	}
	return retry{inner, n}
}

type retry struct {
	Slotted
	n int
}

func (r retry) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	seconds := 0.0
	last := 0 // the last step reported: an attempt reports its checkpoint's steps again
	for attempt := 1; ; attempt++ {
		result, err := r.Slotted.Run(ctx, j, func(rep sweep.Report) {
			if rep.Step > last {
				last = rep.Step
				report(rep)
			}
		})
		result.Attempts = attempt
		seconds += result.Seconds
		result.Seconds = seconds
		if err != nil || attempt > r.n || !again(result.Outcome) || ctx.Err() != nil {
			return result, err
		}
		if err := trialdir.Dir(j.Trial.Dir).ClearOutcome(); err != nil {
			return result, fmt.Errorf("try again: %w", err)
		}
	}
}

// again reports whether another attempt may end otherwise.
func again(o sweep.Outcome) bool {
	switch o {
	case sweep.Failed, sweep.OutOfMemory, sweep.Lost:
		return true
	default:
		return false
	}
}
