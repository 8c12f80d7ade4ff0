package tpe

import (
	"fmt"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

// BenchmarkLoop is the whole loop of 1,000 trials in a space of 40 parameters.
func BenchmarkLoop(b *testing.B) {
	spec := sweep.Spec{Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}}, Limits: sweep.Limits{Trials: 1000}}
	for i := range 40 {
		spec.Space.Axes = append(spec.Space.Axes, searchtest.Axis(fmt.Sprint("x", i), sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1}))
	}
	for b.Loop() {
		s, err := New(spec, config())
		if err != nil {
			b.Fatal(err)
		}
		simulation := searchtest.Simulation{Spec: spec, Slots: 1, Trials: 1000, End: searchtest.Bowl}
		if _, err := simulation.Run(s); err != nil {
			b.Fatal(err)
		}
	}
}
