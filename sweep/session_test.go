package sweep_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// Whoever trains asks and tells; between two sessions nothing is lost, and a
// searcher that learns sees what was told.
func TestSession(t *testing.T) {
	store := looptest.NewStore()
	l := loop(store, nil, nil)
	l.Searcher = sums{}
	l.Spec.Limits.Trials = 4
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want float64) {
		t.Helper()
		trial, err := session.Ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if x, _ := trial.Params["x"].AsFloat(); math.Abs(x-want) > 1e-12 || trial.ID == "" {
			t.Errorf("Ask = %+v, want x = %g", trial, want)
		}
	}
	tell := func(number int, score float64) {
		t.Helper()
		if _, err := session.Tell(number, sweep.Report{Metrics: sweep.Metrics{"score": score}}); err != nil {
			t.Fatal(err)
		}
		if trial, err := session.End(number, sweep.Succeeded, ""); err != nil || trial.Best.Metrics["score"] != score {
			t.Errorf("End = %+v, %v", trial, err)
		}
	}
	ask(0)
	ask(1)
	tell(1, 10)
	ask(12)
	if session, err = l.Open(); err != nil { // the program was started again
		t.Fatal(err)
	}
	tell(0, 100)
	ask(113)
	if _, err := session.Ask(t.Context()); !errors.Is(err, sweep.ErrExhausted) {
		t.Errorf("a fifth trial: %v", err)
	}
	if session.Complete() {
		t.Error("complete with trials out")
	}
	if _, err := session.End(2, sweep.Failed, "no luck"); err != nil || store.Kept[2].Message != "no luck" {
		t.Errorf("End = %v; recorded is %+v", err, store.Kept[2])
	}
	for n, trial := range store.Kept {
		if want := map[int]sweep.Outcome{0: sweep.Succeeded, 1: sweep.Succeeded, 2: sweep.Failed, 3: sweep.Running}[n]; trial.Outcome != want {
			t.Errorf("trial %d is %q, want %q", n, trial.Outcome, want)
		}
	}
}

// A session on an interrupted run gives out what nobody has: trials that were
// cancelled, but not those that run. Its end is known without asking once more.
func TestSessionGoesOn(t *testing.T) {
	store := looptest.NewStore()
	l := loop(store, variants(3), nil)
	for n, outcome := range []sweep.Outcome{sweep.Cancelled, sweep.Running} {
		store.Kept[n] = sweep.Trial{Run: l.Run, Number: n, Variant: n, ID: "known", Params: variants(3)[n], Outcome: outcome}
	}
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{0, 2} {
		if trial, err := session.Ask(t.Context()); err != nil || trial.Number != want {
			t.Errorf("Ask = %+v, %v; want trial %d", trial, err, want)
		}
	}
	for n := range 3 {
		if session.Complete() {
			t.Errorf("complete before trial %d has ended", n)
		}
		if _, err := session.End(n, sweep.Failed, ""); err != nil {
			t.Error(err)
		}
	}
	if session, err = l.Open(); err != nil || !session.Complete() {
		t.Errorf("not complete after all have ended (%v)", err)
	}
}

func TestSessionRefuses(t *testing.T) {
	l := loop(looptest.NewStore(), variants(2), nil)
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	report := sweep.Report{Step: 2, Metrics: sweep.Metrics{"score": 1}}
	for want, call := range map[string]func() error{
		"has no trial 7": func() error { _, err := session.Tell(7, report); return err },
		"ended without reporting score, or anything else": func() error { _, err := session.End(0, sweep.Succeeded, ""); return err },
		"is not how a trial ends":                         func() error { _, err := session.End(0, "", ""); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := session.Tell(0, report); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Tell(0, report); err == nil || !strings.Contains(err.Error(), "step 2 comes after step 2") {
		t.Errorf("the same step again: %v", err)
	}
	if _, err := session.End(0, sweep.Succeeded, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Tell(0, report); err == nil || !strings.Contains(err.Error(), "has ended already") {
		t.Errorf("after its end: %v", err)
	}
}

// A trial that was paused is given out again when it is promoted; until then there
// is something to wait for.
func TestSessionPromotes(t *testing.T) {
	l := loop(looptest.NewStore(), variants(2), nil)
	l.Stopper = rungs{}
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := session.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := session.Ask(t.Context()); !errors.Is(err, sweep.ErrWait) {
		t.Errorf("with two trials out: %v", err)
	}
	for n, score := range []float64{3, 4} {
		v, err := session.Tell(n, sweep.Report{Step: 2, Metrics: sweep.Metrics{"score": score}})
		if err != nil || !v.Pause {
			t.Errorf("Tell = %+v, %v", v, err)
		}
		if _, err := session.End(n, sweep.Stopped, v.Reason); err != nil {
			t.Error(err)
		}
	}
	if session.Complete() {
		t.Error("complete with a trial to be promoted")
	}
	again, err := session.Ask(t.Context())
	if err != nil || again.Number != 1 || again.Steps != 1 || again.Attempt != 2 {
		t.Fatalf("promoted is %+v, %v", again, err)
	}
	if v, err := session.Tell(1, sweep.Report{Step: 3, Metrics: sweep.Metrics{"score": 5}}); err != nil || v.Stop {
		t.Errorf("Tell = %+v, %v", v, err)
	}
	if ended, err := session.End(1, sweep.Succeeded, ""); err != nil || ended.Best.Step != 3 {
		t.Errorf("End = %+v, %v", ended, err)
	}
	if _, err := session.Ask(t.Context()); !errors.Is(err, sweep.ErrExhausted) || !session.Complete() {
		t.Errorf("at the end: %v", err)
	}
}

// A rule stops trials that are trained elsewhere too.
func TestSessionJudges(t *testing.T) {
	l := loop(looptest.NewStore(), variants(2), nil)
	l.Stopper = below(2)
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := session.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for score, stop := range map[float64]bool{1: true, 3: false} {
		v, err := session.Tell(int(score)/3, sweep.Report{Step: 2, Metrics: sweep.Metrics{"score": score}})
		if err != nil || v.Stop != stop {
			t.Errorf("Tell score %g = %+v, %v", score, v, err)
		}
	}
}
