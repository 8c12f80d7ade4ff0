package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// list is a Searcher over given variants.
type list []sweep.Params

func (l list) Next(n int, _ sweep.History) (sweep.Params, error) {
	if n >= len(l) {
		return nil, sweep.ErrExhausted
	}
	return l[n], nil
}

func variants(n int) list {
	l := make(list, n)
	for i := range l {
		l[i] = sweep.Params{"x": sweep.Int(int64(i))}
	}
	return l
}

func loop(s *looptest.Store, l sweep.Searcher, m *looptest.Machine) sweep.Loop {
	return sweep.Loop{
		Spec: sweep.Spec{
			Name:       "test",
			Objectives: []sweep.Objective{{Name: "score", Goal: sweep.Maximize}},
			Repeat:     1,
			Resolve: func(p sweep.Params) (sweep.Task, uint64, error) {
				return sweep.Task{Model: sweep.Block{Type: "fake", Config: sweep.Object(p)}}, 1, nil
			},
		},
		Run: "test-1", Searcher: l, Runner: m, Store: s,
		Prepare:  func(context.Context, sweep.Task) (string, error) { return "data", nil },
		TrialDir: func(t sweep.Trial) string { return fmt.Sprint(t.Number) },
		Now:      time.Now,
	}
}

// newMachine trains so many epochs, a minute each, of trials whose score is x and
// grows a little.
func newMachine(slots, epochs int) *looptest.Machine {
	return looptest.NewMachine(slots, epochs, func(t sweep.Trial, epoch int, _ float64) (sweep.Metrics, float64) {
		x, _ := t.Params["x"].AsFloat()
		return sweep.Metrics{"score": x + float64(epoch)/100}, 0
	})
}

func TestLoopRunsEveryVariantOnceOnAllSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(4, 3)
		start := time.Now()
		sum, err := loop(store, variants(10), m).Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] != 10 {
			t.Fatalf("Do = %+v, %v; want 10 succeeded", sum, err)
		}
		if m.Most() != 4 {
			t.Errorf("%d trials ran at once, want 4", m.Most())
		}
		if got, want := time.Since(start), 9*time.Minute; got != want {
			t.Errorf("10 trials of 3 minutes on 4 slots took %v, want %v", got, want)
		}
		for n, trial := range store.Kept {
			if x, _ := trial.Params["x"].AsInt(); int(x) != n || trial.Best.Step != 3 || len(trial.Reports) != 3 {
				t.Errorf("trial %d is %+v", n, trial)
			}
		}
	})
}

// A disk that takes longer than an epoch, and a clock that jumps by months either
// way: the run comes out as ever, in no more time than the disk takes, and no limit
// is reached by a jump.
func TestSlowDiskAndJumpingClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain, slow := looptest.NewStore(), looptest.NewStore()
		if _, err := loop(plain, variants(10), newMachine(3, 2)).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		slow.Slow = 90 * time.Second
		m := newMachine(3, 2)
		l := loop(slow, variants(10), m)
		l.Spec.Limits.Duration = time.Hour
		var jumps atomic.Int64
		l.Now = func() time.Time {
			return time.Now().Round(0).AddDate(0, int(jumps.Add(7)%24)-12, 0)
		}
		start := time.Now()
		sum, err := l.Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] != 10 {
			t.Fatalf("Do = %+v, %v", sum, err)
		}
		if got, want := time.Since(start), 4*(2*time.Minute+slow.Slow)+slow.Slow; got != want {
			t.Errorf("it took %v, want %v", got, want)
		}
		for n, trial := range slow.Kept {
			if want := plain.Kept[n]; trial.ID != want.ID || trial.Outcome != want.Outcome || trial.Seconds != want.Seconds || len(trial.Reports) != 2 {
				t.Errorf("trial %d is %+v, want %+v", n, trial, want)
			}
			if times := m.Launches()[trial.ID]; times != 1 || slow.Ends[n] != 1 {
				t.Errorf("trial %d was launched %d times and ended %d times", n, times, slow.Ends[n])
			}
		}
	})
}

// A store that fails at write k, for every k: nothing is lost, nothing counted
// twice, and the finished run looks as if nothing had happened.
func TestLoopGoesOnAfterAFailureAtAnyWrite(t *testing.T) {
	for k := 1; ; k++ {
		finished := false
		synctest.Test(t, func(t *testing.T) {
			store, m := looptest.NewStore(), newMachine(3, 2)
			store.FailAt = k
			_, err := loop(store, variants(5), m).Do(t.Context())
			finished = err == nil
			if !finished && !errors.Is(err, looptest.ErrDisk) {
				t.Fatalf("write %d fails: Do = %v, want the store's error", k, err)
			}
			store.FailAt = 0
			sum, err := loop(store, variants(5), m).Do(t.Context())
			if err != nil || sum.Counts[sweep.Succeeded] != 5 || !sum.Complete {
				t.Fatalf("write %d fails: second Do = %+v, %v", k, sum, err)
			}
			if len(store.Kept) != 5 {
				t.Errorf("write %d fails: %d trials recorded, want 5", k, len(store.Kept))
			}
			for n, times := range store.Ends {
				if times != 1 {
					t.Errorf("write %d fails: trial %d ended %d times", k, n, times)
				}
			}
			for id, launches := range m.Launches() {
				if launches > 2 {
					t.Errorf("write %d fails: trial %s launched %d times", k, id, launches)
				}
			}
			for _, trial := range store.Kept {
				if len(trial.Reports) != 2 || trial.Best.Step != 2 {
					t.Errorf("write %d fails: trial %d has curve %v", k, trial.Number, trial.Reports)
				}
			}
		})
		if finished {
			break
		}
	}
}

// A missing number in the store (two records in flight when the power went) is
// proposed again under its number.
func TestLoopFillsGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(1, 1)
		if _, err := loop(store, variants(4), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		delete(store.Kept, 1)
		if _, err := loop(store, variants(4), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if x, _ := store.Kept[1].Params["x"].AsInt(); x != 1 || store.Kept[1].Outcome != sweep.Succeeded {
			t.Errorf("trial 1 is %+v", store.Kept[1])
		}
	})
}

func TestLoopInterruptIsGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(2, 10)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(15*time.Minute, func() { cancel(sweep.ErrInterrupt) })
		sum, err := loop(store, variants(6), m).Do(ctx)
		if err != nil || !sum.Interrupted || sum.Complete || sum.Counts[sweep.Succeeded] != 2 || sum.Counts[sweep.Cancelled] != 2 {
			t.Fatalf("interrupted Do = %+v, %v; want 2 succeeded, 2 cancelled", sum, err)
		}
		sum, err = loop(store, variants(6), m).Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] != 6 {
			t.Errorf("second Do = %+v, %v; want 6 succeeded", sum, err)
		}
	})
}

func TestLoopLimits(t *testing.T) {
	target := 3.02
	for _, test := range []struct {
		name   string
		limits sweep.Limits
		reason string
		counts map[sweep.Outcome]int
	}{
		{"trials", sweep.Limits{Trials: 3}, "complete", map[sweep.Outcome]int{sweep.Succeeded: 3}},
		{"duration", sweep.Limits{Duration: 25 * time.Minute}, "time limit reached", map[sweep.Outcome]int{sweep.Succeeded: 2, sweep.Cancelled: 1}},
		{"target", sweep.Limits{Target: &target}, "target reached", map[sweep.Outcome]int{sweep.Succeeded: 3, sweep.Stopped: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := loop(looptest.NewStore(), variants(9), newMachine(1, 10))
				l.Spec.Limits = test.limits
				sum, err := l.Do(t.Context())
				if err != nil || sum.Reason != test.reason || !maps.Equal(sum.Counts, test.counts) {
					t.Errorf("Do = %+v, %v; want %s with %v", sum, err, test.reason, test.counts)
				}
			})
		})
	}
}

func TestLoopFailureLimitEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := looptest.NewStore()
		l := loop(store, variants(9), newMachine(1, 1))
		l.Spec.Limits.Failures = 2
		l.Spec.Objectives[0].Name = "accuracy" // which the trials do not report
		sum, err := l.Do(t.Context())
		if err != nil || sum.Reason != "too many failed trials" || sum.Counts[sweep.Failed] != 2 {
			t.Errorf("Do = %+v, %v", sum, err)
		}
		if want := `it ended without reporting accuracy; it reported ["score"]`; store.Kept[0].Message != want {
			t.Errorf("message %q, want %q", store.Kept[0].Message, want)
		}
	})
}

// below stops trials whose score is under a bound after the second step.
type below float64

func (b below) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	last := t.Reports[len(t.Reports)-1]
	if last.Step >= 2 && last.Metrics["score"] < float64(b) {
		return sweep.Verdict{Stop: true, Reason: "score below 2"}
	}
	return sweep.Verdict{}
}

func TestLoopStopsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := looptest.NewStore()
		l := loop(store, variants(4), newMachine(2, 5))
		l.Stopper = below(2)
		sum, err := l.Do(t.Context())
		if err != nil || sum.Counts[sweep.Stopped] != 2 || sum.Counts[sweep.Succeeded] != 2 {
			t.Fatalf("Do = %+v, %v; want 2 stopped, 2 succeeded", sum, err)
		}
		if got := store.Kept[0]; got.Message != "score below 2" || got.Steps != 2 {
			t.Errorf("stopped trial: message %q after %d steps", got.Message, got.Steps)
		}
	})
}

func TestLoopRepeatsShareParametersAndDifferInSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := looptest.NewStore()
		l := loop(store, variants(2), newMachine(2, 1))
		l.Spec.Repeat = 3
		if _, err := l.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for n, trial := range store.Kept {
			if trial.Variant != n/3 || trial.Repeat != n%3 || trial.Seed != uint64(1+n%3) {
				t.Errorf("trial %d: variant %d, repeat %d, seed %d", n, trial.Variant, trial.Repeat, trial.Seed)
			}
			seen[trial.ID] = true
		}
		if len(seen) != 6 {
			t.Errorf("%d identities, want 6", len(seen))
		}
	})
}

func TestLoopTakesOverCachedResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(1, 2)
		if _, err := loop(store, variants(3), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		later := looptest.NewStore()
		for _, trial := range store.Kept {
			later.Earlier[trial.ID] = trial
		}
		l := loop(later, variants(4), m)
		l.Run = "test-2"
		sum, err := l.Do(t.Context())
		if err != nil || sum.Cached != 3 || sum.Counts[sweep.Succeeded] != 4 {
			t.Fatalf("Do = %+v, %v; want 3 of 4 cached", sum, err)
		}
		if got := later.Kept[2]; got.CachedAs != "test-1/2" || got.Dir != "2" || len(got.Reports) != 2 {
			t.Errorf("cached trial is %+v", got)
		}
		l.Fresh, l.Store = true, looptest.NewStore()
		if sum, _ := l.Do(t.Context()); sum.Cached != 0 {
			t.Errorf("fresh run took %d results from cache", sum.Cached)
		}
	})
}

func TestLoopTellsEventsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop(looptest.NewStore(), variants(1), newMachine(1, 2))
		var kinds []sweep.EventKind
		l.Observe = func(e sweep.Event) { kinds = append(kinds, e.Kind) }
		if _, err := l.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []sweep.EventKind{sweep.RunStarted, sweep.TrialStarted, sweep.TrialReported, sweep.TrialReported, sweep.TrialEnded, sweep.RunEnded}
		if !slices.Equal(kinds, want) {
			t.Errorf("events %v, want %v", kinds, want)
		}
	})
}

// sums is a Learner that proposes the sum of what it knows.
type sums struct{}

func (sums) Next(n int, past sweep.History) (sweep.Params, error) {
	sum := float64(n)
	for _, t := range past {
		if settled, ok := t.Settled(); ok {
			sum += settled.Best.Metrics["score"]
		}
	}
	return sweep.Params{"x": sweep.Float(sum)}, nil
}

func (sums) Explain(int, sweep.History) (string, error) { return "a sum", nil }

// What a learner decided can be decided again from what is recorded, also where
// the run was interrupted in between.
func TestLoopRecordsWhatASearcherKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(3, 5)
		l := loop(store, nil, m)
		l.Searcher = sweep.WithTry(sums{}, []sweep.Params{{"x": sweep.Float(-1)}})
		l.Spec.Repeat, l.Spec.Limits.Trials = 2, 24
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(17*time.Minute, func() { cancel(sweep.ErrInterrupt) })
		if sum, err := l.Do(ctx); err != nil || !sum.Interrupted {
			t.Fatalf("interrupted Do = %+v, %v", sum, err)
		}
		if sum, err := l.Do(t.Context()); err != nil || sum.Counts[sweep.Succeeded] != 24 {
			t.Fatalf("second Do = %+v, %v", sum, err)
		}
		past, err := store.Trials()
		if err != nil {
			t.Fatal(err)
		}
		ends := map[int]bool{}
		for n, trial := range past {
			ends[trial.Ended] = true
			if trial.Repeat > 0 {
				continue
			}
			p, err := l.Searcher.Next(trial.Variant, past.Before(n))
			if err != nil || p.Key() != trial.Params.Key() {
				t.Errorf("trial %d was %s, decided again it is %s (%v)", n, trial.Params.Key(), p.Key(), err)
			}
		}
		if len(ends) != 24 || ends[0] || !ends[24] {
			t.Errorf("the trials ended in the order %v, want each of 1 to 24 once", ends)
		}
	})
}

// rungs pauses trials at their second epoch, and promotes those whose score is even.
type rungs struct{}

func (rungs) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	if t.Reports[len(t.Reports)-1].Step == 2 && len(t.Pauses) == 0 {
		return sweep.Verdict{Stop: true, Pause: true, Reason: "paused"}
	}
	return sweep.Verdict{}
}

func (rungs) Promote(past sweep.History) (int, bool) {
	for n := range past {
		if past[n].Paused() && int(past[n].Best.Metrics["score"])%2 == 0 {
			return n, true
		}
	}
	return 0, false
}

// The same where trials are paused and go on: until they end again, what is known
// of them is what they had when they were paused.
func TestLoopRecordsWhatASearcherKnewOfPausedTrials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(3, 5)
		l := loop(store, nil, m)
		l.Searcher, l.Stopper = sums{}, rungs{}
		l.Spec.Limits.Trials = 24
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(17*time.Minute, func() { cancel(sweep.ErrInterrupt) })
		if sum, err := l.Do(ctx); err != nil || !sum.Interrupted {
			t.Fatalf("interrupted Do = %+v, %v", sum, err)
		}
		if sum, err := l.Do(t.Context()); err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] == 0 || sum.Counts[sweep.Stopped] == 0 {
			t.Fatalf("second Do = %+v, %v", sum, err)
		}
		past, err := store.Trials()
		if err != nil {
			t.Fatal(err)
		}
		for n, trial := range past {
			p, err := l.Searcher.Next(trial.Variant, past.Before(n))
			if err != nil || p.Key() != trial.Params.Key() {
				t.Errorf("trial %d was %s, decided again it is %s (%v)", n, trial.Params.Key(), p.Key(), err)
			}
		}
	})
}

// A job that was launched again may take back what it had reported.
func TestTrialAdd(t *testing.T) {
	spec := sweep.Spec{Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}}
	var trial sweep.Trial
	for _, step := range []struct {
		step   int
		loss   float64
		best   int
		losses []float64
	}{
		{1, 5, 1, []float64{5}},
		{2, 3, 2, []float64{5, 3}},
		{3, 1, 3, []float64{5, 3, 1}},
		{3, 4, 2, []float64{5, 3, 4}},
		{4, 2, 4, []float64{5, 3, 4, 2}},
		{2, 6, 1, []float64{5, 6}},
		{1, 7, 1, []float64{7}},
	} {
		held := trial.Reports
		before := slices.Clone(held)
		trial.Add(sweep.Report{Step: step.step, Metrics: sweep.Metrics{"loss": step.loss}}, spec)
		var losses []float64
		for _, r := range trial.Reports {
			losses = append(losses, r.Metrics["loss"])
		}
		if !slices.Equal(losses, step.losses) || trial.Steps != len(losses) || trial.Best.Step != step.best {
			t.Errorf("after step %d: losses %v in %d steps, the best at %d; want %v and %d", step.step, losses, trial.Steps, trial.Best.Step, step.losses, step.best)
		}
		for i := range held {
			if held[i].Step != before[i].Step || held[i].Metrics["loss"] != before[i].Metrics["loss"] {
				t.Errorf("step %d changes the reports that somebody held", step.step)
			}
		}
	}
}
