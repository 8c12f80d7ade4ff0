package threshold

import (
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

func TestContract(t *testing.T) {
	high, low := 1.0, -1.0
	stoptest.Run(t, stoptest.Rule{
		New: func(s sweep.Spec) (sweep.Stopper, error) { // mirrored: the bound is, too
			if s.Objectives[0].Goal == sweep.Maximize {
				return New(s, Config{Lower: &low, After: 3})
			}
			return New(s, Config{Upper: &high, After: 3})
		},
		Stops: func(_ sweep.Spec, trial sweep.Trial, _ sweep.History) bool {
			last := trial.Reports[len(trial.Reports)-1]
			v, ok := last.Metrics[stoptest.Loss]
			return ok && (v != v || math.IsInf(v, 0) || last.Step >= 3 && math.Abs(v) > 1)
		},
	})
}

func TestByHand(t *testing.T) {
	low, high := 0.2, 2.5
	for _, test := range []struct {
		name  string
		c     Config
		curve []float64
		want  string
	}{
		{"within", Config{Lower: &low, Upper: &high, After: 1}, []float64{0.2}, ""},
		{"above", Config{Upper: &high, After: 1}, []float64{1, 3}, "threshold: loss 3 at epoch 2 is above 2.5"},
		{"below", Config{Lower: &low, After: 2}, []float64{1, 0.1}, "threshold: loss 0.1 at epoch 2 is below 0.2"},
		{"too early", Config{Lower: &low, After: 3}, []float64{1, 0.1}, ""},
		{"NaN at once", Config{Lower: &low, After: 3}, []float64{math.NaN()}, "threshold: loss NaN at epoch 1 is not finite"},
		{"infinite, without bounds", Config{After: 1}, []float64{math.Inf(-1)}, "threshold: loss -Inf at epoch 1 is not finite"},
		{"another metric", Config{Metric: "other", Lower: &low, After: 1}, []float64{0.1}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule, err := New(stoptest.Spec(sweep.Minimize), test.c)
			if err != nil {
				t.Fatal(err)
			}
			if v := rule.Judge(stoptest.Trial(0, test.curve...), nil); v.Reason != test.want {
				t.Errorf("reason %q, want %q", v.Reason, test.want)
			}
		})
	}
}

func TestBoundsReversed(t *testing.T) {
	low, high := 0.2, 2.5
	if _, err := New(stoptest.Spec(sweep.Minimize), Config{Lower: &high, Upper: &low}); err == nil || !strings.Contains(err.Error(), "leaves no value") {
		t.Errorf("New = %v", err)
	}
}
