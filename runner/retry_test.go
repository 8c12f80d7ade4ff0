package runner

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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
