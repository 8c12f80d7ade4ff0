package sobol

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Run(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}

func plane() sweep.Space {
	return sweep.Space{Axes: []sweep.Axis{
		searchtest.Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}),
		searchtest.Axis("width", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 8}),
	}}
}

func TestEndsAtTrials(t *testing.T) {
	s, err := New(sweep.Spec{Space: plane()}, Config{Trials: 3})
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
	if _, err := New(sweep.Spec{Space: plane()}, Config{}); err == nil || !strings.Contains(err.Error(), "set trials = 64") {
		t.Errorf("New = %v", err)
	}
}

func TestTooManyDimensionsAreTold(t *testing.T) {
	var space sweep.Space
	for i := range dimensions + 1 {
		space.Axes = append(space.Axes, searchtest.Axis(fmt.Sprint("p", i), sweep.Domain{Shape: sweep.Uniform, Hi: 1}))
	}
	if _, err := New(sweep.Spec{Space: space}, Config{Trials: 1}); err == nil || !strings.Contains(err.Error(), `use search "random"`) {
		t.Errorf("New = %v", err)
	}
}

func TestSeedsDiffer(t *testing.T) {
	first := map[string]bool{}
	for seed := range uint64(10) {
		s, err := New(sweep.Spec{Space: plane()}, Config{Trials: 1, Seed: seed})
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

// Eight variants have eight widths, and one learning rate in each eighth of the
// decades.
func TestVariantsAreSpreadEvenly(t *testing.T) {
	s, err := New(sweep.Spec{Space: plane()}, Config{Trials: 8, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	widths, eighths := map[int64]bool{}, map[int]bool{}
	for n := range 8 {
		p, err := s.Next(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		width, _ := p["width"].AsInt()
		widths[width] = true
		lr, _ := p["lr"].AsFloat()
		eighths[int((math.Log10(lr)+4)*2)] = true
	}
	if len(widths) != 8 || len(eighths) != 8 {
		t.Errorf("8 variants have %d widths and %d eighths of the learning rates", len(widths), len(eighths))
	}
}

func TestImpossibleConstraintIsTold(t *testing.T) {
	space := plane()
	space.Skip = func(sweep.Params) (bool, error) { return true, nil }
	s, err := New(sweep.Spec{Space: space}, Config{Trials: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(0, nil); err == nil || !strings.Contains(err.Error(), "the skip blocks left none") {
		t.Errorf("Next = %v", err)
	}
}
