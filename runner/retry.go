package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Policy is how often a trial is tried again, by how it ended. A trial that
// diverged or was stopped has a result, one that was cancelled is gone on with.
type Policy struct {
	Failed      int `hcl:"failed" doc:"Of a program that failed, which most do again." default:"0" min:"0" max:"100"`
	Lost        int `hcl:"lost" doc:"Of a trial whose process vanished." default:"3" min:"0" max:"100"`
	OutOfMemory int `hcl:"out_of_memory" doc:"Of a trial that ran out of memory; it then runs alone." default:"1" min:"0" max:"100"`
	TimedOut    int `hcl:"timed_out" doc:"Of a trial that ran longer than the timeout; it goes on from its checkpoint." default:"0" min:"0" max:"100"`
}

// retries is how many further attempts follow one that ended so.
func (p Policy) retries(o sweep.Outcome) int {
	switch o {
	case sweep.Failed:
		return p.Failed
	case sweep.Lost:
		return p.Lost
	case sweep.OutOfMemory:
		return p.OutOfMemory
	case sweep.TimedOut:
		return p.TimedOut
	default:
		return 0
	}
}

// Retry is inner, running trials again as p has it: each outcome has attempts of
// its own. An attempt goes on from the last one's checkpoint, after a pause that
// doubles from a second to a minute.
func Retry(inner Slotted, p Policy) Slotted {
	if p == (Policy{}) {
		return inner
	}
	return retry{inner, p}
}

type retry struct {
	Slotted
	policy Policy
}

// Unwrap is the inner runner.
func (r retry) Unwrap() sweep.Runner { return r.Slotted }

// Resize is the inner runner's, where it can.
func (r retry) Resize(slots int) error {
	if inner, ok := r.Slotted.(sweep.Resizable); ok {
		return inner.Resize(slots)
	}
	return errors.New("this runner has as many slots as it has")
}

func (r retry) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	var all sweep.Result // of the attempts together, of which a runner may have made some itself
	ended := map[sweep.Outcome]int{}
	pauses := rand.New(rand.NewPCG(j.Trial.Seed, uint64(j.Trial.Number)))
	for attempt := 1; ; attempt++ {
		result, err := r.Slotted.Run(ctx, j, report) // a later attempt reports from the first step on: it takes back what it does not go on from
		all.Seconds += result.Seconds
		all.PeakMemory, all.PeakGPUMemory = max(all.PeakMemory, result.PeakMemory), max(all.PeakGPUMemory, result.PeakGPUMemory)
		all.Attempts += max(result.Attempts, 1)
		result.Attempts, result.Seconds, result.PeakMemory, result.PeakGPUMemory = all.Attempts, all.Seconds, all.PeakMemory, all.PeakGPUMemory
		if ended[result.Outcome]++; err != nil || ended[result.Outcome] > r.policy.retries(result.Outcome) {
			return result, err
		}
		if err := trialdir.Dir(j.Trial.Dir).ClearOutcome(); err != nil {
			return result, fmt.Errorf("try again: %w", err)
		}
		if !sleep(ctx, pause(attempt, pauses)) {
			result.Message = "it was to be tried again after this: " + result.Message
			result.Outcome = sweep.Cancelled
			if errors.Is(context.Cause(ctx), sweep.ErrStop) {
				result.Outcome = sweep.Stopped
			}
			return result, nil
		}
	}
}

const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// pause is how long to wait after an attempt: half of it at least, the rest by
// chance, so that trials that failed together do not come back together.
func pause(attempt int, r *rand.Rand) time.Duration {
	d := longestPause
	if attempt < 7 {
		d = min(firstPause<<(attempt-1), longestPause)
	}
	return d/2 + time.Duration(r.Int64N(int64(d/2)))
}

// sleep waits; false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
