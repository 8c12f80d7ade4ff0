package random

import (
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Run(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return New(s, Config{Trials: trials, Seed: seed})
	})
}

func continuous() sweep.Space {
	return sweep.Space{Axes: []sweep.Axis{searchtest.Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1})}}
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

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}
