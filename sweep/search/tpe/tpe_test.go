package tpe

import (
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func config() Config { return Config{Seed: 3, Startup: 10, Candidates: 24} }

func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) })
}

func TestDraws(t *testing.T) {
	searchtest.Draws(t, func(s sweep.Spec, trials int, seed uint64) (sweep.Searcher, error) {
		return New(s, Config{Trials: trials, Seed: seed, Startup: 10, Candidates: 24})
	})
}

// On a bowl it is far better than drawing at random from the same seeds.
func TestLearns(t *testing.T) {
	spec := sweep.Spec{Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Maximize}}, Limits: sweep.Limits{Trials: 80}}
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		spec.Space.Axes = append(spec.Space.Axes, searchtest.Axis(name, sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 2}))
	}
	bowl := func(trial sweep.Trial, _ *rand.Rand) (sweep.Outcome, sweep.Metrics) {
		height := 0.0
		for _, name := range names {
			x, _ := trial.Params[name].AsFloat()
			height -= (x - 0.5) * (x - 0.5)
		}
		return sweep.Succeeded, sweep.Metrics{searchtest.Metric: height}
	}
	for _, slots := range []int{1, 8} {
		loss := func(startup int) (mean float64) {
			for seed := range uint64(10) {
				c := config()
				c.Seed, c.Startup = seed, startup
				s, err := New(spec, c)
				if err != nil {
					t.Fatal(err)
				}
				history, err := searchtest.Simulation{Spec: spec, Slots: slots, Trials: 80, Seed: seed, End: bowl}.Run(s)
				if err != nil {
					t.Fatal(err)
				}
				best := 0.0
				for i, trial := range history {
					if v := -trial.Best.Metrics[searchtest.Metric]; i == 0 || v < best {
						best = v
					}
				}
				mean += best / 10
			}
			return mean
		}
		if learned, drawn := loss(10), loss(80); learned > drawn/3 {
			t.Errorf("%d slots: its best loss is %.3g on average, that of random draws %.3g", slots, learned, drawn)
		}
	}
}

// A constraint leads it to where it is met.
func TestFeasible(t *testing.T) {
	searchtest.Feasible(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) })
}

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, config()) }, false)
}
