package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Policy is how often a trial is tried again, by how it ended. A trial that
// diverged or was stopped has a result, one that was cancelled is gone on with.
type Policy struct {
	Failed      Attempts `hcl:"failed" doc:"Of a program that failed, which most do again." default:"0" min:"0" max:"100"`
	Lost        Attempts `hcl:"lost" doc:"Of a trial whose process vanished." default:"3" min:"0" max:"100"`
	OutOfMemory Attempts `hcl:"out_of_memory" doc:"Of a trial that ran out of memory; it then runs alone. \"halve parallelism\", for runner \"local\": half as many trials run at once from then on, and half of those, until it does." default:"1" min:"0" max:"100" oneof:"halve parallelism"`
	TimedOut    Attempts `hcl:"timed_out" doc:"Of a trial that ran longer than the timeout; it goes on from its checkpoint." default:"0" min:"0" max:"100"`
}

// Attempts is how many further ones follow one that ended so.
type Attempts int

// HalveParallelism is as many as it takes: each with half as many trials at once as ran
// together in the one before, and none after one that ran alone.
const HalveParallelism Attempts = -1

// UnmarshalText reads what can stand in the place of a number.
func (a *Attempts) UnmarshalText(text []byte) error {
	if string(text) != "halve parallelism" {
		return fmt.Errorf("%q is no number of attempts", text)
	}
	*a = HalveParallelism
	return nil
}

// retries is how many further attempts follow those that ended so.
func (p Policy) retries(o sweep.Outcome) Attempts {
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
	return &retry{Slotted: inner, policy: p}
}

type retry struct {
	Slotted
	policy Policy

	mu  sync.Mutex
	say func(string) // nil: nobody listens
}

// halving is a runner that knows how many trials ran at once with one.
type halving interface {
	// Halve has half as many run at once from now on, where a trial ran out of memory,
	// if there are not as few by now: trials that run out of it together do so once.
	// slots is how many there may be then, before is how many there could be; false:
	// the trial ran alone.
	Halve(trialDir string) (slots, before int, ok bool)
}

// Unwrap is the inner runner.
func (r *retry) Unwrap() sweep.Runner { return r.Slotted }

// Tell is for what a retry changes, and the inner runner's.
func (r *retry) Tell(say func(string)) {
	r.mu.Lock()
	r.say = say
	r.mu.Unlock()
	if inner, ok := As[Telling](r.Slotted); ok {
		inner.Tell(say)
	}
}

// Resize is the inner runner's, where it can.
func (r *retry) Resize(slots int) error {
	if inner, ok := r.Slotted.(sweep.Resizable); ok {
		return inner.Resize(slots)
	}
	return errors.New("this runner has as many slots as it has")
}

func (r *retry) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	var all sweep.Result // of the attempts together, of which a runner may have made some itself
	ended := map[sweep.Outcome]Attempts{}
	pauses := rand.New(rand.NewPCG(j.Trial.Seed, uint64(j.Trial.Number)))
	for attempt := 1; ; attempt++ {
		result, err := r.Slotted.Run(ctx, j, report) // a later attempt reports from the first step on: it takes back what it does not go on from
		all.Seconds += result.Seconds
		all.PeakMemory, all.PeakGPUMemory = max(all.PeakMemory, result.PeakMemory), max(all.PeakGPUMemory, result.PeakGPUMemory)
		all.Attempts += max(result.Attempts, 1)
		result.Attempts, result.Seconds, result.PeakMemory, result.PeakGPUMemory = all.Attempts, all.Seconds, all.PeakMemory, all.PeakGPUMemory
		if err != nil {
			return result, err
		}
		if most := r.policy.retries(result.Outcome); most == HalveParallelism {
			if !r.halve(j.Trial) {
				return result, nil
			}
		} else if ended[result.Outcome]++; ended[result.Outcome] > most {
			return result, nil
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

// halve makes room for a trial that ran out of memory; false: there is no more to be made.
func (r *retry) halve(t sweep.Trial) bool {
	inner, ok := As[halving](r.Slotted)
	if !ok {
		return false
	}
	slots, before, ok := inner.Halve(t.Dir)
	if !ok {
		return false
	}
	r.mu.Lock()
	say := r.say
	r.mu.Unlock()
	if say != nil && slots < before {
		say(fmt.Sprintf("trial %s ran out of memory: %s from now on, instead of %d", t.Name(), sweep.AtATime(slots), before))
	}
	return true
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
