package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// script is a runner whose attempts end as it says, a second each.
type script struct {
	outcomes []sweep.Outcome
	began    []time.Time
}

func (s *script) Slots() int { return 1 }

func (s *script) Run(_ context.Context, _ sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	n := len(s.began)
	s.began = append(s.began, time.Now())
	report(sweep.Report{Step: 1})
	report(sweep.Report{Step: n + 2})
	time.Sleep(time.Second) // of a synctest bubble
	return sweep.Result{Outcome: s.outcomes[min(n, len(s.outcomes)-1)], Seconds: 1, PeakMemory: int64(10 - n)}, nil
}

func job(t *testing.T, seed uint64) sweep.Job {
	t.Helper()
	return sweep.Job{Trial: sweep.Trial{Seed: seed, Dir: t.TempDir()}}
}

func TestEachOutcomeHasItsAttempts(t *testing.T) {
	p := Policy{Failed: 1, Lost: 3, OutOfMemory: 2}
	for name, test := range map[string]struct {
		outcomes []sweep.Outcome // the last one ever after
		want     int             // attempts
	}{
		"succeeded":     {[]sweep.Outcome{sweep.Succeeded}, 1},
		"stopped":       {[]sweep.Outcome{sweep.Stopped}, 1},
		"diverged":      {[]sweep.Outcome{sweep.Diverged}, 1},
		"cancelled":     {[]sweep.Outcome{sweep.Cancelled}, 1},
		"timed out":     {[]sweep.Outcome{sweep.TimedOut}, 1},
		"failed":        {[]sweep.Outcome{sweep.Failed}, 2},
		"lost":          {[]sweep.Outcome{sweep.Lost}, 4},
		"out of memory": {[]sweep.Outcome{sweep.OutOfMemory}, 3},
		"by turns":      {[]sweep.Outcome{sweep.Lost, sweep.Failed, sweep.Lost, sweep.OutOfMemory, sweep.Failed}, 5},
		"in the end":    {[]sweep.Outcome{sweep.Lost, sweep.Lost, sweep.Succeeded}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := &script{outcomes: test.outcomes}
				var steps []int
				result, err := Retry(inner, p).Run(t.Context(), job(t, 1), func(r sweep.Report) { steps = append(steps, r.Step) })
				if err != nil || len(inner.began) != test.want || result.Attempts != test.want {
					t.Errorf("%d attempts, result %+v, %v; want %d", len(inner.began), result, err, test.want)
				}
				if result.Outcome != test.outcomes[len(test.outcomes)-1] || result.Seconds != float64(test.want) || result.PeakMemory != 10 {
					t.Errorf("result %+v", result)
				}
				if len(steps) != 2*test.want || !slices.Equal(steps[len(steps)-2:], []int{1, test.want + 1}) {
					t.Errorf("steps %v do not end as the last attempt's", steps)
				}
			})
		})
	}
}

// crowd is a runner of trials that need more memory than there is where more than fit
// run at once.
type crowd struct {
	mu    sync.Mutex
	slots int
	fit   int
	runs  map[*int]bool  // how many there have been at once with each
	short map[string]int // how many there were, by the trial that ran out of memory
	most  int            // at once, of those that succeeded
}

func (c *crowd) Slots() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slots
}

func (c *crowd) Halve(dir string) (slots, before int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before = c.slots
	if c.short[dir] > 1 {
		c.slots = min(before, c.short[dir]/2)
	}
	return c.slots, before, c.short[dir] > 1
}

func (c *crowd) Run(_ context.Context, j sweep.Job, _ func(sweep.Report)) (sweep.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.runs) >= c.slots {
		c.wait(time.Second)
	}
	together := new(int)
	c.runs[together] = true
	defer delete(c.runs, together)
	for other := range c.runs {
		*other = max(*other, len(c.runs))
	}
	c.wait(time.Minute)
	if *together > c.fit {
		c.short[j.Trial.Dir] = *together
		return sweep.Result{Outcome: sweep.OutOfMemory}, nil
	}
	c.most = max(c.most, *together)
	return sweep.Result{Outcome: sweep.Succeeded}, nil
}

// wait passes time, of a synctest bubble. It needs the lock.
func (c *crowd) wait(d time.Duration) {
	c.mu.Unlock()
	time.Sleep(d)
	c.mu.Lock()
}

func TestParallelismIsHalvedUntilTrialsFit(t *testing.T) {
	for name, test := range map[string]struct {
		slots, trials, fit int
		left, most         int // slots in the end, trials that succeeded at once
		want               sweep.Outcome
		attempts, said     int
	}{
		"they fit":                {8, 8, 8, 8, 8, sweep.Succeeded, 1, 0},
		"half of them fit":        {8, 8, 5, 4, 4, sweep.Succeeded, 2, 1},
		"one fits":                {8, 8, 1, 1, 1, sweep.Succeeded, 3, 3},
		"an odd number":           {7, 7, 2, 1, 1, sweep.Succeeded, 3, 2},
		"none fits":               {8, 8, 0, 1, 0, sweep.OutOfMemory, 3, 3},
		"one slot":                {1, 1, 0, 1, 0, sweep.OutOfMemory, 1, 0},
		"alone on many":           {8, 1, 0, 8, 0, sweep.OutOfMemory, 1, 0},
		"fewer than there can be": {8, 4, 2, 2, 2, sweep.Succeeded, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &crowd{slots: test.slots, fit: test.fit, runs: map[*int]bool{}, short: map[string]int{}}
				r := Retry(c, Policy{OutOfMemory: HalveParallelism})
				var said []string
				r.(Telling).Tell(func(text string) { said = append(said, text) })
				var group errgroup.Group
				most := 0 // attempts
				for n := range test.trials {
					j := job(t, uint64(n))
					group.Go(func() error {
						result, err := r.Run(t.Context(), j, func(sweep.Report) {})
						if result.Outcome != test.want {
							t.Errorf("trial %d: %+v", n, result)
						}
						c.mu.Lock()
						defer c.mu.Unlock()
						most = max(most, result.Attempts)
						return err
					})
				}
				if err := group.Wait(); err != nil || c.slots != test.left || c.most != test.most {
					t.Errorf("%d slots are left, %d succeeded at once, %v; want %d and %d", c.slots, c.most, err, test.left, test.most)
				}
				if len(said) != test.said || most != test.attempts {
					t.Errorf("said %q in %d attempts at the most, want %d in %d", said, most, test.said, test.attempts)
				}
			})
		})
	}
}

func TestPausesDouble(t *testing.T) {
	begins := func(seed uint64) (out []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			inner := &script{outcomes: []sweep.Outcome{sweep.Lost}}
			if _, err := Retry(inner, Policy{Lost: 9}).Run(t.Context(), job(t, seed), func(sweep.Report) {}); err != nil {
				t.Fatal(err)
			}
			for i := range inner.began[1:] {
				out = append(out, inner.began[i+1].Sub(inner.began[i])-time.Second)
			}
		})
		return out
	}
	pauses := begins(1)
	for i, d := range pauses {
		most := min(time.Second<<i, time.Minute)
		if d < most/2 || d >= most {
			t.Errorf("pause %d is %v, want from %v to %v", i+1, d, most/2, most)
		}
	}
	if !slices.Equal(pauses, begins(1)) {
		t.Error("the same trial pauses otherwise")
	}
	if slices.Equal(pauses, begins(2)) {
		t.Error("another trial pauses the same")
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	for cause, want := range map[error]sweep.Outcome{
		sweep.ErrInterrupt: sweep.Cancelled, sweep.ErrStop: sweep.Stopped, errors.New("fire"): sweep.Cancelled,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			inner := &script{outcomes: []sweep.Outcome{sweep.Failed}}
			began := time.Now()
			time.AfterFunc(1200*time.Millisecond, func() { cancel(cause) })
			result, err := Retry(inner, Policy{Failed: 5}).Run(ctx, job(t, 1), func(sweep.Report) {})
			if err != nil || result.Outcome != want || len(inner.began) != 1 || time.Since(began) != 1200*time.Millisecond {
				t.Errorf("%v: result %+v, %v after %v and %d attempts", cause, result, err, time.Since(began), len(inner.began))
			}
		})
	}
}
