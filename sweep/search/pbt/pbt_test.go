package pbt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/looptest"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

const epochs = 24

// gain is what an epoch adds to a model: the best rate falls as training goes on,
// so that no rate is good all along.
func gain(rate float64, epoch int) float64 {
	return math.Exp(-10 * math.Pow(math.Log10(rate)+1.5+float64(epoch)/epochs, 2))
}

// population is a loop of a pbt search for the rate; the width of the model must
// stay.
func population(t *testing.T, store *looptest.Store, slots int) (sweep.Loop, *looptest.Machine) {
	t.Helper()
	spec := sweep.Spec{
		Name: "test", Objectives: []sweep.Objective{{Name: "score", Goal: sweep.Maximize}}, Repeat: 1,
		Space: sweep.Space{Axes: []sweep.Axis{
			searchtest.Axis("rate", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}),
			searchtest.Axis("width", searchtest.List(16, 32, 64)),
		}},
		Resolve: func(p sweep.Params) (sweep.Task, uint64, error) {
			return sweep.Task{
				Data:  &sweep.Block{Type: "fake", Config: sweep.Object(nil)},
				Model: sweep.Block{Type: "fake", Config: sweep.Object(sweep.Params{"width": p["width"]})},
				Train: sweep.Object(sweep.Params{"rate": p["rate"]}),
			}, 1, nil
		},
	}
	s, err := New(spec, Config{Population: 8, Interval: 2, Quantile: 0.25, Resample: 0.25, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	m := looptest.NewMachine(slots, epochs, func(trial sweep.Trial, epoch int, weights float64) (sweep.Metrics, float64) {
		rate, _ := trial.Params["rate"].AsFloat()
		weights += gain(rate, epoch)
		return sweep.Metrics{"score": weights}, weights
	})
	m.Pace = func(trial sweep.Trial) time.Duration { return time.Minute + time.Duration(trial.Number%7)*time.Second }
	rule, ok := s.(sweep.Stopper)
	if !ok {
		t.Fatal("it ends no interval")
	}
	return sweep.Loop{
		Spec: spec, Run: "test-1", Searcher: s, Stopper: rule, Runner: m, Store: store,
		Prepare:  func(context.Context, sweep.Task) (string, error) { return "", nil },
		TrialDir: func(t sweep.Trial) string { return fmt.Sprint(t.Number) }, Now: time.Now,
	}, m
}

// check is how a run of the population has to end: eight lines of descent, each
// trained to its end, an interval a trial, its model as wide as it began.
func check(t *testing.T, l sweep.Loop, store *looptest.Store, m *looptest.Machine) {
	t.Helper()
	roots, finished := 0, 0
	for n, trial := range store.Kept {
		first := 1
		if p := trial.Parent; p == nil {
			roots++
		} else {
			first = p.Step + 1
			parent := store.Kept[p.Number]
			if p.ID != parent.ID || p.Number >= n || parent.Reports[len(parent.Reports)-1].Step != p.Step {
				t.Errorf("trial %d goes on from %+v, which is %+v", n, p, parent)
			}
			if !parent.Params["width"].Equal(trial.Params["width"]) {
				t.Errorf("trial %d has width %s, its parent %s", n, trial.Params["width"], parent.Params["width"])
			}
		}
		if trial.Outcome == sweep.Succeeded {
			finished++
		}
		if len(trial.Reports) != 2 || trial.Reports[0].Step != first {
			t.Errorf("trial %d reports %v, its first step is to be %d", n, trial.Reports, first)
		}
	}
	if roots != 8 || finished != 8 || len(store.Kept) != 8*epochs/2 || m.Trained() != 8*epochs {
		t.Errorf("%d roots, %d finished, %d trials, %d epochs", roots, finished, len(store.Kept), m.Trained())
	}
	replay(t, l, store)
}

// replay decides everything again from the store.
func replay(t *testing.T, l sweep.Loop, store *looptest.Store) {
	t.Helper()
	history, err := store.Trials()
	if err != nil {
		t.Fatal(err)
	}
	for n, trial := range history {
		p, err := l.Searcher.Next(n, history.Before(n))
		if err != nil || p.Key() != trial.Params.Key() {
			t.Errorf("trial %d was %s, decided again it is %s (%v)", n, trial.Params.Key(), p.Key(), err)
		}
		parent, ok, err := l.Searcher.(sweep.Breeder).Parent(n, history.Before(n))
		if err != nil || ok != (trial.Parent != nil) || ok && parent != trial.Parent.Number {
			t.Errorf("trial %d goes on from %+v, decided again from %d, %t (%v)", n, trial.Parent, parent, ok, err)
		}
	}
}

func TestPopulation(t *testing.T) {
	for _, slots := range []int{1, 4, 16} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := looptest.NewStore()
				l, m := population(t, store, slots)
				sum, err := l.Do(t.Context())
				if err != nil || !sum.Complete {
					t.Fatalf("%+v, %v", sum, err)
				}
				check(t, l, store, m)
				best, constant := 0.0, 0.0
				for _, trial := range store.Kept {
					best = max(best, trial.Best.Metrics["score"])
					if trial.Parent != nil {
						continue
					}
					rate, _ := trial.Params["rate"].AsFloat()
					sum := 0.0
					for epoch := range epochs {
						sum += gain(rate, epoch+1)
					}
					constant = max(constant, sum)
				}
				if best < 1.05*constant {
					t.Errorf("the best score is %.2f, the best of the first rates alone has %.2f", best, constant)
				}
			})
		})
	}
}

// A run whose store fails at any write ends as one that nobody disturbed.
func TestPopulationGoesOn(t *testing.T) {
	for k := 1; ; k += 23 {
		finished := false
		synctest.Test(t, func(t *testing.T) {
			store := looptest.NewStore()
			store.FailAt = k
			l, m := population(t, store, 3)
			_, err := l.Do(t.Context())
			finished = err == nil
			if !finished && !errors.Is(err, looptest.ErrDisk) {
				t.Fatal(err)
			}
			store.FailAt = 0
			sum, err := l.Do(t.Context())
			if err != nil || !sum.Complete {
				t.Fatalf("%+v, %v", sum, err)
			}
			check(t, l, store, m)
		})
		if finished {
			break
		}
	}
}

// A member that failed goes on from one of the best; so does one that another rule
// has stopped, and one among the worst.
func TestReplaced(t *testing.T) {
	l, _ := population(t, looptest.NewStore(), 1)
	var history sweep.History
	for n := range 8 {
		p, err := l.Searcher.Next(n, history)
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, sweep.Trial{
			Number: n, Variant: n, After: n, Ended: n + 1, Params: p, Outcome: sweep.Stopped, Steps: 2,
			Best: sweep.Report{Step: 2, Metrics: sweep.Metrics{"score": float64(n)}},
		})
	}
	first := func(change func(t *sweep.Trial)) sweep.History {
		h := append(sweep.History{}, history...)
		change(&h[0])
		return h
	}
	for name, test := range map[string]struct {
		history sweep.History
		replace bool
		want    string
	}{
		"the worst":  {history, true, "member 1, which after trial 0 was number 8 of 8, goes on from trial "},
		"in between": {first(func(t *sweep.Trial) { t.Best.Metrics = sweep.Metrics{"score": 4.5} }), false, "member 1 goes on, being number 4 of 8 after trial 0"},
		"failed":     {first(func(t *sweep.Trial) { t.Outcome, t.Best = sweep.Failed, sweep.Report{} }), true, "which after trial 0 did not come to its end, goes on from trial "},
		"cut short": {
			first(func(t *sweep.Trial) { t.Steps, t.Best.Metrics = 1, sweep.Metrics{"score": 4.5} }), true,
			"which after trial 0 was number 4 of 8, goes on from trial ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent, ok, err := l.Searcher.(sweep.Breeder).Parent(8, test.history)
			if err != nil || !ok || (parent == 6 || parent == 7) != test.replace || (parent == 0) == test.replace {
				t.Errorf("it goes on from trial %d, %t (%v)", parent, ok, err)
			}
			why, err := l.Searcher.(sweep.Learner).Explain(8, test.history)
			if err != nil || !strings.Contains(why, test.want) {
				t.Errorf("explained by %q (%v), want %q", why, err, test.want)
			}
			p, err := l.Searcher.Next(8, test.history)
			if err != nil {
				t.Fatal(err)
			}
			was, _ := test.history[parent].Params["rate"].AsFloat()
			is, _ := p["rate"].AsFloat()
			if ratio := is / was; !test.replace && ratio != 1 || test.replace && ratio == 1 {
				t.Errorf("the rate was %g and is %g", was, is)
			}
		})
	}
	if _, err := New(sweep.Spec{Repeat: 2}, Config{}); err == nil || !strings.Contains(err.Error(), "no repeats") {
		t.Errorf("with repeats: %v", err)
	}
}

// A population of which nothing succeeds ends.
func TestHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := looptest.NewStore()
		l, _ := population(t, store, 3)
		l.Spec.Objectives[0].Name = "accuracy" // which the trials do not report
		sum, err := l.Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Failed] != 8*hopeless {
			t.Errorf("%+v, %v", sum, err)
		}
	})
}

// A change leads a fifth up or down, or by one value, and never out of the domain.
func TestChange(t *testing.T) {
	s := &search{Config: Config{Resample: 0}}
	r := past.Seed(1, 0)
	for name, test := range map[string]struct {
		domain sweep.Domain
		value  sweep.Value
		want   []float64
	}{
		"logarithmic": {sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}, sweep.Float(0.01), []float64{0.008, 0.012}},
		"at the edge": {sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 0.5}, sweep.Float(0.5), []float64{0.4, 0.5}},
		"signed":      {sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1}, sweep.Float(0.5), []float64{0.3, 0.7}},
		"whole":       {sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 9}, sweep.Int(2), []float64{1, 3}},
		"list":        {searchtest.List(16, 32, 64), sweep.Int(32), []float64{16, 64}},
		"stepped":     {sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1, Step: 0.25}, sweep.Float(0.5), []float64{0.25, 0.75}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[int]bool{}
			for range 50 {
				f, _ := test.domain.At(s.change(test.domain, test.value, r)).AsFloat()
				known := false
				for i, want := range test.want {
					if math.Abs(f-want) < 1e-12 {
						seen[i], known = true, true
					}
				}
				if !known {
					t.Fatalf("%s became %g", test.value, f)
				}
			}
			if len(seen) != len(test.want) {
				t.Errorf("only some of %v came", test.want)
			}
		})
	}
	words := sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("a"), sweep.String("b")}}
	if got := words.At(s.change(words, sweep.String("b"), r)); !got.Equal(sweep.String("b")) {
		t.Errorf("without order b became %s", got)
	}
}
