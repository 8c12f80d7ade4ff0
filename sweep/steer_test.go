package sweep_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
)

// given is a command and the minute at which it is given.
type given struct {
	minute  int
	command sweep.Command
}

func TestSteering(t *testing.T) {
	for _, test := range []struct {
		name     string
		commands []given
		minutes  int // the run takes
		most     int // trials at a time
		said     []string
		check    func(t *testing.T, sum sweep.Summary, store *looptest.Store)
	}{
		{"undisturbed", nil, 30, 2, nil, nil},
		{"paused and resumed", []given{{4, sweep.Command{Kind: sweep.PauseRun}}, {100, sweep.Command{Kind: sweep.ResumeRun}}}, 126, 2, []string{"paused", "going on"}, nil},
		{"paused twice", []given{
			{4, sweep.Command{Kind: sweep.PauseRun}}, {5, sweep.Command{Kind: sweep.PauseRun}}, {6, sweep.Command{Kind: sweep.ResumeRun}},
		}, 32, 2, []string{"paused", "paused", "going on"}, nil},
		{"stopped while paused", []given{{4, sweep.Command{Kind: sweep.PauseRun}}, {7, sweep.Command{Kind: sweep.StopRun}}}, 7, 2, []string{"paused", "stopping"}, interrupted},
		{"stopped", []given{{4, sweep.Command{Kind: sweep.StopRun}}}, 4, 2, []string{"stopping"}, interrupted},
		{"aborted", []given{{4, sweep.Command{Kind: sweep.AbortRun}}}, 4, 2, []string{"ending at once"}, interrupted},
		{"more at a time", []given{{5, sweep.Command{Kind: sweep.ResizeRun, Number: 6}}}, 15, 6, []string{"6 trials at a time"}, nil},
		{"fewer at a time", []given{{2, sweep.Command{Kind: sweep.ResizeRun, Number: 1}}}, 50, 2, []string{"one trial at a time"}, nil},
		{"fewer, then more", []given{
			{2, sweep.Command{Kind: sweep.ResizeRun, Number: 1}}, {15, sweep.Command{Kind: sweep.ResizeRun, Number: 3}},
		}, 30, 3, []string{"one trial at a time", "3 trials at a time"}, nil},
		{"too many", []given{{5, sweep.Command{Kind: sweep.ResizeRun, Number: 1000}}}, 30, 2, []string{"there are 100 slots at most"}, nil},
		{
			"a trial ended",
			[]given{{3, sweep.Command{Kind: sweep.KillTrial, Number: 1}}, {4, sweep.Command{Kind: sweep.KillTrial, Number: 1}}},
			30, 2,
			[]string{"trial 1 ended by hand", "trial 1 is not running"},
			func(t *testing.T, sum sweep.Summary, store *looptest.Store) {
				t.Helper()
				if got := store.Kept[1]; got.Outcome != sweep.Stopped || got.Message != "ended by hand" || got.Steps != 3 || !sum.Complete {
					t.Errorf("%+v; trial 1 is %+v", sum, got)
				}
			},
		},
		{"nonsense", []given{{3, sweep.Command{Kind: "dance"}}}, 30, 2, []string{`"dance" is nothing that a run can do`}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, m := looptest.NewStore(), newMachine(2, 10)
				l := loop(store, variants(6), m)
				commands := make(chan sweep.Command)
				l.Commands = commands
				var said []string
				l.Observe = func(e sweep.Event) {
					if e.Kind == sweep.RunSteered {
						said = append(said, e.Reason)
					}
				}
				for _, g := range test.commands {
					time.AfterFunc(time.Duration(g.minute)*time.Minute+time.Second, func() { commands <- g.command })
				}
				began := time.Now()
				sum, err := l.Do(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if took := int(time.Since(began) / time.Minute); took != test.minutes || m.Most() != test.most {
					t.Errorf("it took %d minutes and %d trials at a time, want %d and %d", took, m.Most(), test.minutes, test.most)
				}
				if !slices.Equal(said, test.said) {
					t.Errorf("said %q, want %q", said, test.said)
				}
				if test.check != nil {
					test.check(t, sum, store)
				} else if !sum.Complete || sum.Counts[sweep.Succeeded] != 6 {
					t.Errorf("%+v", sum)
				}
				// Whatever was done, the rest follows.
				if sum, err = l.Do(t.Context()); err != nil || !sum.Complete || len(store.Kept) != 6 || m.Trained() != trained(store) {
					t.Errorf("a second time: %+v, %v; %d epochs for %d", sum, err, m.Trained(), trained(store))
				}
			})
		})
	}
}

// A runner that makes its slots fewer by itself has no more trials to run.
func TestSlotsAreTheRunners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, m := looptest.NewStore(), newMachine(4, 10)
		l := loop(store, variants(10), m)
		time.AfterFunc(5*time.Minute, func() {
			if err := m.Resize(2); err != nil {
				t.Error(err)
			}
		})
		began := time.Now()
		if sum, err := l.Do(t.Context()); err != nil || !sum.Complete {
			t.Fatalf("%+v, %v", sum, err)
		}
		if took := time.Since(began); took != 40*time.Minute { // 4 trials, then 6 by twos
			t.Errorf("it took %v", took)
		}
	})
}

func interrupted(t *testing.T, sum sweep.Summary, store *looptest.Store) {
	t.Helper()
	if !sum.Interrupted || sum.Complete || sum.Reason != "stopped by hand" || store.Kept[0].Outcome != sweep.Cancelled {
		t.Errorf("%+v; trial 0 %s", sum, store.Kept[0].Outcome)
	}
}

func trained(store *looptest.Store) int {
	n := 0
	for _, t := range store.Kept {
		n += t.Steps
	}
	return n
}

// What the first trials all run into ends the run; what one of them does not, does
// not. Numbers in the message make no difference.
func TestFirstTrialsFailAlike(t *testing.T) {
	for name, test := range map[string]struct {
		messages []string // of trials; "" succeeds
		reason   string
		trials   int
	}{
		"alike":           {[]string{"exit 17\nA", "exit 18\nB", "exit 19", "exit 20", "exit 21"}, "the first trials all failed in the same way", 3},
		"one succeeds":    {[]string{"exit 1", "", "exit 1", "exit 1", "exit 1"}, "complete", 5},
		"in other ways":   {[]string{"exit 1", "no file", "exit 1", "exit 1", "exit 1"}, "complete", 5},
		"later than this": {[]string{"", "exit 1", "exit 1", "exit 1", "exit 1"}, "complete", 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := looptest.NewStore()
				l := loop(store, variants(5), newMachine(1, 1))
				l.Spec.Limits.Alike = 3
				l.Runner = failing(test.messages)
				sum, err := l.Do(t.Context())
				if err != nil || sum.Reason != test.reason || len(store.Kept) != test.trials {
					t.Errorf("%+v, %v; %d trials", sum, err, len(store.Kept))
				}
			})
		})
	}
}

// failing is a Runner whose trials fail with a message each.
type failing []string

func (f failing) Run(_ context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	if message := f[j.Trial.Number]; message != "" {
		return sweep.Result{Outcome: sweep.Failed, Message: message}, nil
	}
	report(sweep.Report{Step: 1, Metrics: sweep.Metrics{"score": 1}})
	return sweep.Result{Outcome: sweep.Succeeded}, nil
}
