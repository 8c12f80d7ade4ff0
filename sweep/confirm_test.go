package sweep_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// confirming is a loop of six variants of two seeds, of which the best two are to be
// confirmed by three seeds each. Seeds of the search flatter variant 1.
func confirming(store *looptest.Store, slots int) sweep.Loop {
	m := looptest.NewMachine(slots, 4, func(t sweep.Trial, epoch int, _ float64) (sweep.Metrics, float64) {
		x, _ := t.Params["x"].AsFloat()
		if x == 1 && t.Seed <= 2 {
			x = 9
		}
		return sweep.Metrics{"score": x + float64(epoch)/100}, 0
	})
	l := loop(store, variants(6), m)
	l.Spec.Repeat = 2
	l.Spec.Limits.Confirm, l.Spec.Limits.ConfirmSeeds = 2, 3
	l.Stopper = below(5) // which stops all but variants 1 and 5, and spares those that confirm
	return l
}

// checkConfirmed is how such a run has to end.
func checkConfirmed(t *testing.T, store *looptest.Store, sum sweep.Summary) {
	t.Helper()
	if !sum.Complete || len(store.Kept) != 18 || sum.Counts[sweep.Succeeded] != 10 || sum.Counts[sweep.Stopped] != 8 {
		t.Errorf("%+v with %d trials", sum, len(store.Kept))
	}
	for n := 12; n < 18; n++ {
		trial := store.Kept[n]
		i := n - 12
		if !trial.Confirms || trial.Variant != []int{1, 5}[i%2] || trial.Repeat != 2+i/2 || trial.Seed != uint64(3+i/2) || trial.Steps != 4 {
			t.Errorf("trial %d is %+v", n, trial)
		}
	}
	if got := store.Kept[12].Best.Metrics["score"]; got != 1.04 {
		t.Errorf("variant 1 is confirmed with a score of %g", got)
	}
}

func TestConfirm(t *testing.T) {
	for _, slots := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			store := looptest.NewStore()
			l := confirming(store, slots)
			sum, err := l.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkConfirmed(t, store, sum)
		})
	}
}

// A run whose store fails at any write, and that lost a record on top, ends as one
// that nobody disturbed.
func TestConfirmGoesOn(t *testing.T) {
	for k := 1; ; k++ {
		finished := false
		synctest.Test(t, func(t *testing.T) {
			store := looptest.NewStore()
			store.FailAt = k
			l := confirming(store, 3)
			_, err := l.Do(t.Context())
			finished = err == nil
			if !finished && !errors.Is(err, looptest.ErrDisk) {
				t.Fatal(err)
			}
			store.FailAt = 0
			if n := len(store.Kept) - 2; n > 12 && n < 16 && store.Kept[n].Outcome == sweep.Running {
				delete(store.Kept, n)
			}
			sum, err := l.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checkConfirmed(t, store, sum)
		})
		if finished {
			break
		}
	}
}

// Trials that confirm are given out by a session too.
func TestSessionConfirms(t *testing.T) {
	l := loop(looptest.NewStore(), variants(2), nil)
	l.Spec.Limits.Confirm, l.Spec.Limits.ConfirmSeeds = 1, 1
	session, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(variant int, confirms bool) {
		t.Helper()
		trial, err := session.Ask(t.Context())
		if err != nil || trial.Variant != variant || trial.Confirms != confirms {
			t.Fatalf("Ask = %+v, %v", trial, err)
		}
	}
	tell := func(n int, score float64) {
		t.Helper()
		if _, err := session.Tell(n, sweep.Report{Metrics: sweep.Metrics{"score": score}}); err != nil {
			t.Fatal(err)
		}
		if _, err := session.End(n, sweep.Succeeded, ""); err != nil {
			t.Fatal(err)
		}
	}
	ask(0, false)
	ask(1, false)
	if _, err := session.Ask(t.Context()); !errors.Is(err, sweep.ErrWait) {
		t.Errorf("with two trials out: %v", err)
	}
	tell(0, 1)
	tell(1, 2)
	if session.Complete() {
		t.Error("complete before the best is confirmed")
	}
	ask(1, true)
	tell(2, 1)
	if _, err := session.Ask(t.Context()); !errors.Is(err, sweep.ErrExhausted) || !session.Complete() {
		t.Errorf("at the end: %v", err)
	}
}
