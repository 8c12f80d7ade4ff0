package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// memory is a Store in memory that can fail at its n-th write, as a disk that
// fills up or a process that dies between two writes would.
type memory struct {
	mu      sync.Mutex
	trials  map[int]sweep.Trial
	cached  map[string]sweep.Trial
	writes  int
	failAt  int // 0: never
	outcome map[int]int
}

var errDisk = errors.New("disk full")

func newMemory() *memory {
	return &memory{trials: map[int]sweep.Trial{}, cached: map[string]sweep.Trial{}, outcome: map[int]int{}}
}

func (m *memory) Put(t sweep.Trial, reports ...sweep.Report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.writes == m.failAt {
		return errDisk
	}
	old := m.trials[t.Number]
	t.Reports = slices.Clone(old.Reports)
	for _, r := range reports {
		t.Reports = slices.DeleteFunc(t.Reports, func(o sweep.Report) bool { return o.Step >= r.Step })
		t.Reports = append(t.Reports, r)
	}
	if t.Outcome.Final() && !old.Outcome.Final() {
		m.outcome[t.Number]++
	}
	m.trials[t.Number] = t
	return nil
}

func (m *memory) Trials() (sweep.History, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var h sweep.History
	for _, n := range slices.Sorted(maps.Keys(m.trials)) {
		h = append(h, m.trials[n])
	}
	return h, nil
}

func (m *memory) Cached(id string) (sweep.Trial, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.cached[id]
	return t, ok, nil
}

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

// machine is a Runner whose trials report x/epochs, growing, an epoch a minute.
type machine struct {
	slots  int
	epochs int

	mu       sync.Mutex
	launches map[string]int // by identity
	running  int
	most     int
}

func (m *machine) Slots() int { return m.slots }

func (m *machine) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	m.mu.Lock()
	m.launches[j.Trial.ID]++
	m.running++
	m.most = max(m.most, m.running)
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.running--
		m.mu.Unlock()
	}()
	x, _ := j.Trial.Params["x"].AsFloat()
	for epoch := 1; epoch <= m.epochs; epoch++ {
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			if errors.Is(context.Cause(ctx), sweep.ErrStop) {
				return sweep.Result{Outcome: sweep.Stopped}, nil
			}
			return sweep.Result{Outcome: sweep.Cancelled}, nil
		}
		report(sweep.Report{Step: epoch, Metrics: sweep.Metrics{"score": x + float64(epoch)/100}})
	}
	return sweep.Result{Outcome: sweep.Succeeded, Seconds: float64(m.epochs) * 60}, nil
}

func loop(s *memory, l sweep.Searcher, m *machine) sweep.Loop {
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
		TrialDir: func(n int) string { return fmt.Sprint(n) },
		Now:      time.Now,
	}
}

func newMachine(slots, epochs int) *machine {
	return &machine{slots: slots, epochs: epochs, launches: map[string]int{}}
}

func TestLoopRunsEveryVariantOnceOnAllSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := newMemory(), newMachine(4, 3)
		start := time.Now()
		sum, err := loop(store, variants(10), m).Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] != 10 {
			t.Fatalf("Do = %+v, %v; want 10 succeeded", sum, err)
		}
		if m.most != 4 {
			t.Errorf("%d trials ran at once, want 4", m.most)
		}
		if got, want := time.Since(start), 9*time.Minute; got != want {
			t.Errorf("10 trials of 3 minutes on 4 slots took %v, want %v", got, want)
		}
		for n, trial := range store.trials {
			if x, _ := trial.Params["x"].AsInt(); int(x) != n || trial.Best.Step != 3 || len(trial.Reports) != 3 {
				t.Errorf("trial %d is %+v", n, trial)
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
			store, m := newMemory(), newMachine(3, 2)
			store.failAt = k
			_, err := loop(store, variants(5), m).Do(t.Context())
			finished = err == nil
			if !finished && !errors.Is(err, errDisk) {
				t.Fatalf("write %d fails: Do = %v, want the store's error", k, err)
			}
			sum, err := loop(store, variants(5), m).Do(t.Context())
			if err != nil || sum.Counts[sweep.Succeeded] != 5 || !sum.Complete {
				t.Fatalf("write %d fails: second Do = %+v, %v", k, sum, err)
			}
			if len(store.trials) != 5 {
				t.Errorf("write %d fails: %d trials recorded, want 5", k, len(store.trials))
			}
			for n, times := range store.outcome {
				if times != 1 {
					t.Errorf("write %d fails: trial %d ended %d times", k, n, times)
				}
			}
			for id, launches := range m.launches {
				if launches > 2 {
					t.Errorf("write %d fails: trial %s launched %d times", k, id, launches)
				}
			}
			for _, trial := range store.trials {
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
		store, m := newMemory(), newMachine(1, 1)
		if _, err := loop(store, variants(4), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		delete(store.trials, 1)
		if _, err := loop(store, variants(4), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if x, _ := store.trials[1].Params["x"].AsInt(); x != 1 || store.trials[1].Outcome != sweep.Succeeded {
			t.Errorf("trial 1 is %+v", store.trials[1])
		}
	})
}

func TestLoopInterruptIsGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := newMemory(), newMachine(2, 10)
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
				l := loop(newMemory(), variants(9), newMachine(1, 10))
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
		store := newMemory()
		l := loop(store, variants(9), newMachine(1, 1))
		l.Spec.Limits.Failures = 2
		l.Spec.Objectives[0].Name = "accuracy" // which the trials do not report
		sum, err := l.Do(t.Context())
		if err != nil || sum.Reason != "too many failed trials" || sum.Counts[sweep.Failed] != 2 {
			t.Errorf("Do = %+v, %v", sum, err)
		}
		if want := `it ended without reporting accuracy; it reported ["score"]`; store.trials[0].Message != want {
			t.Errorf("message %q, want %q", store.trials[0].Message, want)
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
		store := newMemory()
		l := loop(store, variants(4), newMachine(2, 5))
		l.Stopper = below(2)
		sum, err := l.Do(t.Context())
		if err != nil || sum.Counts[sweep.Stopped] != 2 || sum.Counts[sweep.Succeeded] != 2 {
			t.Fatalf("Do = %+v, %v; want 2 stopped, 2 succeeded", sum, err)
		}
		if got := store.trials[0]; got.Message != "score below 2" || got.Steps != 2 {
			t.Errorf("stopped trial: message %q after %d steps", got.Message, got.Steps)
		}
	})
}

func TestLoopRepeatsShareParametersAndDifferInSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		l := loop(store, variants(2), newMachine(2, 1))
		l.Spec.Repeat = 3
		if _, err := l.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for n, trial := range store.trials {
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
		store, m := newMemory(), newMachine(1, 2)
		if _, err := loop(store, variants(3), m).Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		later := newMemory()
		for _, trial := range store.trials {
			later.cached[trial.ID] = trial
		}
		l := loop(later, variants(4), m)
		l.Run = "test-2"
		sum, err := l.Do(t.Context())
		if err != nil || sum.Cached != 3 || sum.Counts[sweep.Succeeded] != 4 {
			t.Fatalf("Do = %+v, %v; want 3 of 4 cached", sum, err)
		}
		if got := later.trials[2]; got.CachedAs != "test-1/2" || got.Dir != "2" || len(got.Reports) != 2 {
			t.Errorf("cached trial is %+v", got)
		}
		l.Fresh, l.Store = true, newMemory()
		if sum, _ := l.Do(t.Context()); sum.Cached != 0 {
			t.Errorf("fresh run took %d results from cache", sum.Cached)
		}
	})
}

func TestLoopTellsEventsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop(newMemory(), variants(1), newMachine(1, 2))
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
		if t.Ended > 0 {
			sum += t.Best.Metrics["score"]
		}
	}
	return sweep.Params{"x": sweep.Float(sum)}, nil
}

func (sums) Explain(int, sweep.History) (string, error) { return "a sum", nil }

// What a learner decided can be decided again from what is recorded, also where
// the run was interrupted in between.
func TestLoopRecordsWhatASearcherKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := newMemory(), newMachine(3, 5)
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
