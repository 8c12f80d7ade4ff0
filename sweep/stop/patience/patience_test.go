package patience

import (
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

func TestContract(t *testing.T) {
	for _, c := range []Config{{Epochs: 3}, {Epochs: 2, MinDelta: 0.25}} {
		stoptest.Run(t, stoptest.Rule{
			New: func(s sweep.Spec) (sweep.Stopper, error) { return New(s, c) },
			// The last that counted as better is searched from the front, each
			// time by the first value that beats the one before it.
			Stops: func(s sweep.Spec, trial sweep.Trial, _ sweep.History) bool {
				var values []float64
				known := false
				for _, r := range trial.Reports {
					var v float64
					if v, known = r.Metrics[stoptest.Loss]; known {
						if s.Objectives[0].Goal == sweep.Maximize {
							v = -v
						}
						values = append(values, v)
					}
				}
				counted := 0
				for i, v := range values {
					if v < values[counted]-c.MinDelta || math.IsNaN(values[counted]) && !math.IsNaN(v) {
						counted = i
					}
				}
				return known && len(values)-1-counted >= c.Epochs
			},
		})
	}
}

func TestByHand(t *testing.T) {
	for _, test := range []struct {
		name  string
		c     Config
		curve []float64
		want  string
	}{
		{"waits", Config{Epochs: 2}, []float64{0.5, 0.6}, ""},
		{"gives up", Config{Epochs: 2}, []float64{0.5, 0.6, 0.5}, "patience: loss at epoch 3 has not been better than 0.5, of epoch 1, for 2 reports"},
		{"better in time", Config{Epochs: 2}, []float64{0.5, 0.6, 0.4, 0.5}, ""},
		{"not by enough", Config{Epochs: 2, MinDelta: 0.1}, []float64{0.5, 0.45, 0.41}, "patience: loss at epoch 3 has not been better than 0.5, of epoch 1, by more than 0.1 for 2 reports"},
		{"slowly, but enough in sum", Config{Epochs: 3, MinDelta: 0.1}, []float64{0.5, 0.45, 0.41, 0.37}, ""},
		{"NaN", Config{Epochs: 2}, []float64{0.5, math.NaN(), math.NaN()}, "patience: loss at epoch 3 has not been better than 0.5, of epoch 1, for 2 reports"},
		{"NaN first", Config{Epochs: 2}, []float64{math.NaN(), 0.5, 0.6}, ""},
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

func TestMetricAndGoal(t *testing.T) {
	for _, test := range []struct {
		c    Config
		want sweep.Objective
		err  string
	}{
		{Config{}, sweep.Objective{Name: stoptest.Loss, Goal: sweep.Minimize}, ""},
		{Config{Metric: stoptest.Loss}, sweep.Objective{Name: stoptest.Loss, Goal: sweep.Minimize}, ""},
		{Config{Metric: "accuracy", Goal: "maximize"}, sweep.Objective{Name: "accuracy", Goal: sweep.Maximize}, ""},
		{Config{Metric: "accuracy"}, sweep.Objective{}, `accuracy, which is no objective, does not know which direction is better: add goal = "minimize" or "maximize"`},
		{Config{Goal: "maximize"}, sweep.Objective{}, "patience cannot maximize loss: it is an objective to minimize; leave goal out"},
	} {
		got, err := New(stoptest.Spec(sweep.Minimize), test.c)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("New(%+v) = %v, want %s", test.c, err, test.err)
			}
		case err != nil || got.(rule).metric != test.want:
			t.Errorf("New(%+v) = %+v, %v", test.c, got, err)
		}
	}
}
