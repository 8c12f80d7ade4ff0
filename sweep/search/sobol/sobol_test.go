package sobol

import (
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

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return New(s, Config{Trials: trials, Seed: seed})
	})
}

func plane() sweep.Space {
	return sweep.Space{Axes: []sweep.Axis{
		searchtest.Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}),
		searchtest.Axis("width", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 8}),
	}}
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

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{Seed: 3}) }, false)
}
