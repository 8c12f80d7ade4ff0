package random

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Run(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}

func continuous() sweep.Space {
	return sweep.Space{Axes: []sweep.Axis{searchtest.Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1})}}
}

func TestEndsAtTrials(t *testing.T) {
	s, err := New(sweep.Spec{Space: continuous()}, Config{Trials: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(2, nil); err != nil {
		t.Error(err)
	}
	if _, err := s.Next(3, nil); !errors.Is(err, sweep.ErrExhausted) {
		t.Errorf("Next(3) = %v", err)
	}
}

func TestNeedsAnEnd(t *testing.T) {
	if _, err := New(sweep.Spec{Space: continuous()}, Config{}); err == nil || !strings.Contains(err.Error(), "set trials = 50") {
		t.Errorf("New = %v", err)
	}
}

func TestSeedsDiffer(t *testing.T) {
	first := map[string]bool{}
	for seed := range uint64(10) {
		s, err := New(sweep.Spec{Space: continuous()}, Config{Trials: 1, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Next(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		first[p.Key()] = true
	}
	if len(first) != 10 {
		t.Errorf("10 seeds made %d first variants", len(first))
	}
}

// Half of the draws of a log-uniform parameter lie below its geometric mean.
func TestDrawsFollowTheDistribution(t *testing.T) {
	s, err := New(sweep.Spec{Space: continuous()}, Config{Trials: 2000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	below := 0
	for n := range 2000 {
		p, err := s.Next(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if lr, _ := p["lr"].AsFloat(); lr < 1e-2 {
			below++
		}
	}
	if math.Abs(float64(below)/2000-0.5) > 0.04 {
		t.Errorf("%d of 2000 draws are below the geometric mean", below)
	}
}

func TestImpossibleConstraintIsTold(t *testing.T) {
	space := continuous()
	space.Skip = func(sweep.Params) (bool, error) { return true, nil }
	s, err := New(sweep.Spec{Space: space}, Config{Trials: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(0, nil); err == nil || !strings.Contains(err.Error(), "the skip blocks left none") {
		t.Errorf("Next = %v", err)
	}
}
