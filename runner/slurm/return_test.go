//go:build unix

package slurm

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A trial that ended while nobody watched, and whose word has not arrived yet, is not
// launched a second time, whether the queue still has its job or not.
func TestEndedJustNow(t *testing.T) {
	for _, brief := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			s := &simulated{t: t, steps: 10, each: time.Minute, free: 4, calls: map[string]int{}, spent: map[string]time.Duration{}, late: 40 * time.Second, brief: brief}
			run := func(ctx context.Context) sweep.Result {
				r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: 4, Poll: 5 * time.Second, Grace: time.Minute}, s.run)
				if err != nil {
					t.Fatal(err)
				}
				result, err := r.Run(ctx, sweep.Job{Trial: sweep.Trial{Run: "one-1", ID: "4a5b", Dir: filepath.Join(dir, "one")}}, func(sweep.Report) {})
				if err != nil {
					t.Fatal(err)
				}
				return result
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(&runner.HeldError{}) }) // as if it were killed
			run(ctx)
			time.Sleep(9*time.Minute + 10*time.Second)
			if result := run(t.Context()); result.Outcome != sweep.Succeeded || s.last != 1 {
				t.Errorf("forgotten: %v: result %+v after %d arrays, want one", brief, result, s.last)
			}
			s.work.Wait()
		})
	}
}

// A runner that learns that another has taken over leaves its jobs alone; one that is
// interrupted ends them.
func TestOnlyAnInterruptionEndsJobs(t *testing.T) {
	for _, test := range []struct {
		cause error
		ends  bool
	}{{&runner.HeldError{}, false}, {sweep.ErrInterrupt, true}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2*time.Minute, func() { cancel(test.cause) })
			s := &simulated{}
			if result := simulate(ctx, t, s); result.Outcome != sweep.Cancelled || s.calls["scancel"] > 0 != test.ends {
				t.Errorf("%v: result %+v, calls %v", test.cause, result, s.calls)
			}
		})
	}
}

// A runner that is asked to end waits for the word of a trial that has ended just before,
// and not for one of a trial that never ran; what has said nothing is known to have ended.
func TestAskedToEndAfterTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		full  bool          // whether there is no room for it
		brief bool          // whether Slurm forgets it at once
		late  time.Duration // of its word
		want  sweep.Outcome
		most  time.Duration // until the runner ends
	}{
		"a word that arrives":             {late: 40 * time.Second, want: sweep.Succeeded, most: 40 * time.Second},
		"a word that does not":            {late: time.Hour, want: sweep.Cancelled, most: time.Minute},
		"a word of one that is forgotten": {brief: true, late: 40 * time.Second, want: sweep.Succeeded, most: 40 * time.Second},
		"it never ran":                    {full: true, want: sweep.Cancelled, most: 2 * time.Second},
		"it never ran, and is forgotten":  {full: true, brief: true, want: sweep.Cancelled, most: 15 * time.Second},
	} {
		dir := t.TempDir()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &simulated{t: t, steps: 10, each: time.Minute, free: 4, calls: map[string]int{}, spent: map[string]time.Duration{}, late: test.late, brief: test.brief}
				if test.full {
					s.free = 0
				}
				r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: 4, Poll: 5 * time.Second, Grace: time.Minute}, s.run)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				var asked time.Time
				time.AfterFunc(10*time.Minute+20*time.Second, func() {
					asked = time.Now()
					cancel(sweep.ErrInterrupt)
				})
				trial := sweep.Trial{Run: "one-1", ID: "4a5b", Dir: filepath.Join(dir, "one")}
				result, err := r.Run(ctx, sweep.Job{Trial: trial}, func(sweep.Report) {})
				if took := time.Since(asked); err != nil || result.Outcome != test.want || took > test.most {
					t.Errorf("result %+v, %v, after %v", result, err, took)
				}
				if left, ok, err := trialdir.Dir(trial.Dir).OutcomeOf(1); err != nil || !ok || left.Outcome != test.want {
					t.Errorf("what is left says %+v, %v, %v", left, ok, err)
				}
				s.work.Wait()
			})
		})
	}
}
