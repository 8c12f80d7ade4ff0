package tpe

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

// BenchmarkLoop is the whole loop of 1,000 trials in a space of 40 parameters.
func BenchmarkLoop(b *testing.B) {
	loop(b, []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}}, searchtest.Bowl)
}

// BenchmarkTradeoffs is the same with three objectives, which most trials trade one for
// another.
func BenchmarkTradeoffs(b *testing.B) {
	var objectives []sweep.Objective
	for i := range 3 {
		objectives = append(objectives, sweep.Objective{Name: fmt.Sprint("x", i), Goal: sweep.Minimize})
	}
	loop(b, objectives, func(t sweep.Trial, _ *rand.Rand) (sweep.Outcome, sweep.Metrics) {
		m := sweep.Metrics{}
		for _, o := range objectives {
			m[o.Name], _ = t.Params[o.Name].AsFloat()
		}
		return sweep.Succeeded, m
	})
}

func loop(b *testing.B, objectives []sweep.Objective, end func(sweep.Trial, *rand.Rand) (sweep.Outcome, sweep.Metrics)) {
	b.Helper()
	spec := sweep.Spec{Objectives: objectives, Limits: sweep.Limits{Trials: 1000}}
	for i := range 40 {
		spec.Space.Axes = append(spec.Space.Axes, searchtest.Axis(fmt.Sprint("x", i), sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1}))
	}
	for b.Loop() {
		s, err := New(spec, config())
		if err != nil {
			b.Fatal(err)
		}
		simulation := searchtest.Simulation{Spec: spec, Slots: 1, Trials: 1000, End: end}
		if _, err := simulation.Run(s); err != nil {
			b.Fatal(err)
		}
	}
}
