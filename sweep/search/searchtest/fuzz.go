package searchtest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const (
	wild      = 16      // variants that are asked for in a space that was made up
	countable = 1 << 14 // variants of the largest one that is counted
)

// Fuzz tries a searcher on spaces that a text makes up, 20 of them in a plain
// test: what it proposes is in the space, keeps to the constraints, comes but once
// where the space is finite, until nothing is left, and is proposed again by one
// that knows only the recorded past. finiteOnly leaves out the others.
func Fuzz(f *testing.F, build func(sweep.Spec) (sweep.Searcher, error), finiteOnly bool) {
	f.Helper()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		text := make([]byte, 40)
		for i := range text {
			text[i] = byte(r.Uint32())
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := &dice{text}
		slots, repeat := 1+d.roll(4), 1+d.roll(2)
		s := Space{Space: d.space()}
		finite, _, err := s.Space.Finite()
		if err != nil {
			t.Fatal(err)
		}
		if !finite && finiteOnly {
			return
		}
		if finite {
			switch s.Size, err = s.Space.Size(countable); {
			case err != nil: // it is endless in a branch that Finite did not happen on
				return
			case s.Size == 0: // nothing is left
				return
			case s.Size == countable:
				s.Size = 0
			}
		}
		spec := sweep.Spec{Space: s.Space, Repeat: repeat, Objectives: []sweep.Objective{{Name: Metric, Goal: sweep.Minimize}}, Limits: sweep.Limits{Trials: wild}}
		replay(t, s, Simulation{Spec: spec, Slots: slots, Trials: wild * repeat, End: Bowl}, build)
	})
}

func replay(t *testing.T, s Space, simulation Simulation, build func(sweep.Spec) (sweep.Searcher, error)) {
	t.Helper()
	fresh := func() sweep.Searcher {
		searcher, err := build(simulation.Spec)
		if err != nil {
			t.Fatal(err)
		}
		return searcher
	}
	history, err := simulation.Run(fresh())
	if err != nil {
		t.Fatal(err)
	}
	var proposed []sweep.Params
	last := -1
	for n, trial := range history {
		if trial.Repeat == 0 {
			proposed, last = append(proposed, trial.Params), n
		}
	}
	good(t, s, proposed, min(s.Size, wild))
	if s.Size == 0 && len(proposed) < wild {
		t.Errorf("%d variants proposed, want %d", len(proposed), wild)
	}
	if last < 0 {
		return
	}
	n, past := history[last].Variant, history.Before(last)
	if p, err := fresh().Next(n, past); err != nil || p.Key() != history[last].Params.Key() {
		t.Errorf("variant %d was %s, decided again it is %s (%v)", n, history[last].Params.Key(), p.Key(), err)
	}
	if l, ok := fresh().(sweep.Learner); ok {
		if why, err := l.Explain(n, past); err != nil || why == "" {
			t.Errorf("Explain = %q, %v", why, err)
		}
	}
	if _, err := fresh().Next(len(proposed), history); s.Size > 0 && len(proposed) == s.Size && !errors.Is(err, sweep.ErrExhausted) {
		t.Errorf("after all %d variants: %v", s.Size, err)
	}
}
