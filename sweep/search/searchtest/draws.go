package searchtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Draws tries a searcher that draws its first variant from a seed and proposes so
// many: that it ends, asks for an end where the space has none, and says so when
// the constraints leave nothing.
func Draws(t *testing.T, build func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error)) {
	t.Helper()
	spec := sweep.Spec{
		Objectives: []sweep.Objective{{Name: Metric, Goal: sweep.Minimize}},
		Space: sweep.Space{Axes: []sweep.Axis{
			Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}),
			Axis("width", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 8}),
		}},
	}
	first := func(s sweep.Spec, trials int, seed uint64) (sweep.Params, error) {
		searcher, err := build(s, trials, seed)
		if err != nil {
			t.Fatal(err)
		}
		return searcher.Next(0, nil)
	}
	t.Run("it ends at its trials", func(t *testing.T) {
		s, err := build(spec, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(2, nil); err != nil {
			t.Error(err)
		}
		if _, err := s.Next(3, nil); !errors.Is(err, sweep.ErrExhausted) {
			t.Errorf("Next(3) = %v", err)
		}
	})
	t.Run("a space without end needs one", func(t *testing.T) {
		if _, err := build(spec, 0, 1); err == nil || !strings.Contains(err.Error(), "without end needs a number of variants: set trials = ") {
			t.Errorf("error %v", err)
		}
		limited := spec
		limited.Limits.Trials = 5
		if _, err := build(limited, 0, 1); err != nil {
			t.Errorf("with limits.trials: %v", err)
		}
	})
	t.Run("seeds differ", func(t *testing.T) {
		seen := map[string]bool{}
		for seed := range uint64(10) {
			p, err := first(spec, 1, seed)
			if err != nil {
				t.Fatal(err)
			}
			seen[p.Key()] = true
		}
		if len(seen) != 10 {
			t.Errorf("10 seeds made %d first variants", len(seen))
		}
	})
	t.Run("constraints that leave nothing are told", func(t *testing.T) {
		none := spec
		none.Space.Skip = func(sweep.Params) (bool, error) { return true, nil }
		if _, err := first(none, 1, 1); err == nil || !strings.Contains(err.Error(), "the skip blocks left none") {
			t.Errorf("Next = %v", err)
		}
		broken := spec
		fault := fmt.Errorf("no such width")
		broken.Space.Skip = func(sweep.Params) (bool, error) { return false, fault }
		if _, err := first(broken, 1, 1); !errors.Is(err, fault) {
			t.Errorf("a constraint that cannot be evaluated: %v", err)
		}
	})
}
