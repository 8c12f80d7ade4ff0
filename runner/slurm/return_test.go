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
