package median

import (
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

func TestContract(t *testing.T) {
	for _, c := range []Config{{MinTrials: 5}, {MinTrials: 1, WarmupEpochs: 4}} {
		stoptest.Run(t, stoptest.Rule{
			New:      func(s sweep.Spec) (sweep.Stopper, error) { return New(s, c) },
			Stops:    func(s sweep.Spec, trial sweep.Trial, past sweep.History) bool { return worse(c, s, trial, past) },
			Compares: true,
		})
	}
}

// worse is the rule from its definition.
func worse(c Config, s sweep.Spec, trial sweep.Trial, past sweep.History) bool {
	last := trial.Reports[len(trial.Reports)-1]
	if stoptest.Point(s, last) == nil || last.Step <= c.WarmupEpochs {
		return false
	}
	points := [][]float64{fold(s, trial, len(trial.Reports)-1, func(o sweep.Objective, values []float64) float64 {
		best := math.NaN()
		for _, v := range values {
			if o.Better(v, best) {
				best = v
			}
		}
		return best
	})}
	for _, other := range past {
		if i := stoptest.At(s, other, last.Step); i >= 0 && other.Variant != trial.Variant {
			points = append(points, fold(s, other, i, func(_ sweep.Objective, values []float64) float64 {
				sum := 0.0
				for _, v := range values {
					sum += v
				}
				return sum / float64(len(values))
			}))
		}
	}
	others := len(points) - 1
	return others >= c.MinTrials && stoptest.Ahead(s, points, 0) > others/2
}

// fold makes one point of a trial's reports up to the i-th. A report that has NaN
// in one objective has it in all.
func fold(s sweep.Spec, t sweep.Trial, i int, f func(o sweep.Objective, values []float64) float64) []float64 {
	columns := make([][]float64, len(s.Objectives))
	for _, r := range t.Reports[:i+1] {
		p := stoptest.Point(s, r)
		broken := false
		for _, v := range p {
			broken = broken || math.IsNaN(v)
		}
		for k, v := range p {
			if broken {
				v = math.NaN()
			}
			columns[k] = append(columns[k], v)
		}
	}
	var out []float64
	for k, o := range s.Objectives {
		out = append(out, f(o, columns[k]))
	}
	return out
}

// Worked by hand: running averages at epoch 2 are 0.45, 0.55, 0.30, NaN, and the
// fifth trial has not come so far.
func TestByHand(t *testing.T) {
	past := stoptest.History([]float64{0.50, 0.40, 0.1}, []float64{0.60, 0.50}, []float64{0.35, 0.25}, []float64{0.1, math.NaN()}, []float64{0.01})
	for _, test := range []struct {
		name  string
		c     Config
		curve []float64
		want  string
	}{
		// Of 0.30, 0.45, 0.55 and NaN the third is the median.
		{"at the median", Config{MinTrials: 4}, []float64{0.9, 0.55}, ""},
		{"below", Config{MinTrials: 4}, []float64{0.9, 0.56}, "median: best loss 0.56 by epoch 2 is worse than the median of 4 other trials (cut-off 0.55)"},
		{"the best so far counts", Config{MinTrials: 4}, []float64{0.5, 0.9}, ""},
		{"NaN", Config{MinTrials: 4}, []float64{math.NaN(), math.NaN()}, "median: best loss NaN by epoch 2 is worse than the median of 4 other trials (cut-off 0.55)"},
		{"too few", Config{MinTrials: 5}, []float64{0.9, 0.9}, ""},
		{"warm-up", Config{MinTrials: 4, WarmupEpochs: 2}, []float64{0.9, 0.9}, ""},
		{"one came to the third epoch", Config{MinTrials: 1, WarmupEpochs: 2}, []float64{0.9, 0.9, 0.4}, "median: best loss 0.4 by epoch 3 is worse than the median of 1 other trials (cut-off 0.33333)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule, err := New(stoptest.Spec(sweep.Minimize), test.c)
			if err != nil {
				t.Fatal(err)
			}
			if v := rule.Judge(stoptest.Trial(5, test.curve...), past); v.Reason != test.want {
				t.Errorf("reason %q, want %q", v.Reason, test.want)
			}
		})
	}
}

// A trial that is launched again reports anew: nothing of the first launch counts.
func TestCurveBegunAnew(t *testing.T) {
	rule, err := New(stoptest.Spec(sweep.Minimize), Config{MinTrials: 1})
	if err != nil {
		t.Fatal(err)
	}
	trial := stoptest.Trial(1, 0.5)
	if v := rule.Judge(trial, stoptest.History([]float64{0.1, 0.1})); !v.Stop {
		t.Error("0.5 is not stopped by 0.1")
	}
	if v := rule.Judge(trial, stoptest.History([]float64{0.9})); v.Stop {
		t.Errorf("0.5 is stopped by 0.9: %s", v.Reason)
	}
	if v := rule.Judge(trial, stoptest.History(nil)); v.Stop {
		t.Errorf("0.5 is stopped by nothing: %s", v.Reason)
	}
}

func benchmark(b *testing.B, objectives int) {
	b.Helper()
	spec := stoptest.Spec(sweep.Minimize)
	spec.Objectives = append(spec.Objectives, sweep.Objective{Name: stoptest.Size, Goal: sweep.Minimize})[:objectives]
	curve := func(t sweep.Trial, epoch int) sweep.Metrics {
		return sweep.Metrics{stoptest.Loss: stoptest.Noise(t.Number, epoch) + stoptest.Noise(t.Number, 0), stoptest.Size: stoptest.Noise(t.Number, 0)}
	}
	stoptest.Benchmark(b, spec, curve, func(s sweep.Spec) (sweep.Stopper, error) { return New(s, Config{MinTrials: 5}) })
}

func BenchmarkOneObjective(b *testing.B)  { benchmark(b, 1) }
func BenchmarkTwoObjectives(b *testing.B) { benchmark(b, 2) }
