package asha

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

// paused is a trial that was paused after each of so many epochs.
func paused(number int, curve []float64, at ...int) sweep.Trial {
	t := stoptest.Trial(number, curve...)
	t.Outcome, t.Ended = sweep.Stopped, number+1
	for _, epoch := range at {
		t.Pauses = append(t.Pauses, sweep.Pause{Ended: t.Ended, Steps: epoch, Last: t.Reports[epoch-1]})
	}
	return t
}

// Worked by hand: eta 2, rungs at 1, 2 and 4.
func TestPromoteByHand(t *testing.T) {
	rule, err := New(stoptest.Spec(sweep.Minimize), Config{Type: "promotion", Eta: 2, MinEpochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	running := stoptest.Trial(3, 0.1)
	over := paused(3, []float64{0.1}, 1)
	over.Pauses = nil // another rule has stopped it for good
	again := paused(3, nil)
	again.Outcome, again.Ended = sweep.Running, 0
	again.Pauses = []sweep.Pause{{Ended: 4, Last: sweep.Report{Step: 1, Metrics: sweep.Metrics{stoptest.Loss: 0.1}}}}
	for _, test := range []struct {
		name string
		past sweep.History
		want int // -1: none
	}{
		{"nobody yet", nil, -1},
		{"alone", sweep.History{paused(0, []float64{5}, 1)}, -1},
		{"the better of two", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1)}, 1},
		{"one of three", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1), paused(2, []float64{3}, 1)}, 2},
		{"the best has gone on", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4, 4}, 1, 2)}, -1},
		{"both of four", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4, 4}, 1, 2), paused(2, []float64{6}, 1), paused(3, []float64{7}, 1)}, 0},
		{"the higher rung first", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4, 4}, 1, 2), paused(2, []float64{6, 3}, 1, 2), paused(3, []float64{7}, 1)}, 2},
		{"a running one is better", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1), paused(2, []float64{6}, 1), running}, 1},
		{"and no room for a second", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1), running}, -1},
		{"one stopped for good counts and stays", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1), over}, -1},
		{"one that goes on is known from its pause", sweep.History{paused(0, []float64{5}, 1), paused(1, []float64{4}, 1), again}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.past {
				test.past[i].Number, test.past[i].Variant = i, i
			}
			n, ok := rule.(sweep.Promoter).Promote(test.past)
			if !ok {
				n = -1
			}
			if n != test.want {
				t.Errorf("promoted %d, want %d", n, test.want)
			}
		})
	}
}

// variants are numbers, of which the small ones are good.
type variants int

func (v variants) Next(n int, _ sweep.History) (sweep.Params, error) {
	if n >= int(v) {
		return nil, sweep.ErrExhausted
	}
	return sweep.Params{"x": sweep.Int(int64(n * 7 % int(v)))}, nil
}

// bench is a loop of 27 trials of 9 epochs under promotion at 1 and 3 of them.
func bench(t *testing.T, store *looptest.Store, slots int) (sweep.Loop, *looptest.Machine) {
	t.Helper()
	spec := sweep.Spec{
		Name: "test", Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}, Repeat: 1,
		Resolve: func(p sweep.Params) (sweep.Task, uint64, error) {
			return sweep.Task{Model: sweep.Block{Type: "fake", Config: sweep.Object(p)}}, 1, nil
		},
	}
	rule, err := New(spec, Config{Type: "promotion", Eta: 3, MinEpochs: 1, MaxEpochs: 9})
	if err != nil {
		t.Fatal(err)
	}
	m := looptest.NewMachine(slots, 9, func(trial sweep.Trial, epoch int, _ float64) (sweep.Metrics, float64) {
		x, _ := trial.Params["x"].AsFloat()
		return sweep.Metrics{"loss": x + 1/float64(epoch)}, 0
	})
	return sweep.Loop{
		Spec: spec, Run: "test-1", Searcher: variants(27), Stopper: rule, Runner: m, Store: store,
		Prepare:  func(context.Context, sweep.Task) (string, error) { return "", nil },
		TrialDir: func(t sweep.Trial) string { return fmt.Sprint(t.Number) }, Now: time.Now,
	}, m
}

// check is how a run of bench's has to end: a third of each rung's has gone on at
// least, no epoch was trained twice, and the best was trained to its end.
func check(t *testing.T, store *looptest.Store, m *looptest.Machine, sum sweep.Summary) {
	t.Helper()
	epochs := 0
	rungs := map[int]int{}
	for n, trial := range store.Kept {
		epochs += trial.Steps
		for _, p := range trial.Pauses {
			rungs[p.Last.Step]++
		}
		if x, _ := trial.Params["x"].AsInt(); x == 0 && (trial.Outcome != sweep.Succeeded || trial.Steps != 9 || trial.Best.Step != 9) {
			t.Errorf("the best trial %s after %d epochs", trial.Outcome, trial.Steps)
		}
		if len(trial.Reports) != trial.Steps || trial.Outcome == sweep.Stopped && !trial.Paused() {
			t.Errorf("trial %d: %d reports of %d, %+v", n, len(trial.Reports), trial.Steps, trial)
		}
	}
	if !sum.Complete || len(store.Kept) != 27 || sum.Counts[sweep.Stopped]+sum.Counts[sweep.Succeeded] != 27 {
		t.Errorf("%+v with %d trials", sum, len(store.Kept))
	}
	if rungs[1] != 27 || rungs[3] < 9 || sum.Counts[sweep.Succeeded] < 3 {
		t.Errorf("%v trials came to the rungs, %d to the end", rungs, sum.Counts[sweep.Succeeded])
	}
	if epochs != m.Trained() {
		t.Errorf("%d epochs were trained for %d", m.Trained(), epochs)
	}
}

func TestPromotionInARun(t *testing.T) {
	for _, slots := range []int{1, 4, 16} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := looptest.NewStore()
				l, m := bench(t, store, slots)
				sum, err := l.Do(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				check(t, store, m, sum)
				if m.Trained() > 130 { // of 243
					t.Errorf("%d epochs were trained", m.Trained())
				}
			})
		})
	}
}

// A run under promotion whose store fails at any write, or that is interrupted at
// any time, ends as one that nobody disturbed.
func TestPromotionGoesOn(t *testing.T) {
	for k := 1; ; k += 5 {
		finished := false
		synctest.Test(t, func(t *testing.T) {
			store := looptest.NewStore()
			store.FailAt = k
			l, m := bench(t, store, 3)
			_, err := l.Do(t.Context())
			finished = err == nil
			if !finished && !errors.Is(err, looptest.ErrDisk) {
				t.Fatal(err)
			}
			store.FailAt = 0
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Duration(k%11)*90*time.Second, func() { cancel(sweep.ErrInterrupt) })
			if _, err = l.Do(ctx); err != nil {
				t.Fatal(err)
			}
			cancel(nil)
			sum, err := l.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			check(t, store, m, sum)
		})
		if finished {
			break
		}
	}
}
