package asha

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

func TestContract(t *testing.T) {
	for _, c := range []Config{{Eta: 3, MinEpochs: 1}, {Eta: 2, MinEpochs: 4, MaxEpochs: 16}, {Eta: 1.5, MinEpochs: 1}} {
		rungs := map[float64][]int{3: {1, 3, 9, 27, 81, 243}, 2: {4, 8}, 1.5: {1, 2, 3, 5, 7, 10, 15, 23, 34, 51, 77, 115}}[c.Eta]
		stoptest.Run(t, stoptest.Rule{
			New: func(s sweep.Spec) (sweep.Stopper, error) { return New(s, c) },
			Stops: func(s sweep.Spec, trial sweep.Trial, past sweep.History) bool {
				return slices.ContainsFunc(rungs, func(rung int) bool { return below(s, trial, past, rung, c.Eta) })
			},
			Compares: true,
		})
	}
}

// below reports whether trial has just come to rung and is not among the best 1/eta there.
func below(s sweep.Spec, trial sweep.Trial, past sweep.History, rung int, eta float64) bool {
	at := stoptest.At(s, trial, rung)
	if at < 0 || at != len(trial.Reports)-1 {
		return false
	}
	points := [][]float64{stoptest.Point(s, trial.Reports[at])}
	for _, other := range past {
		if i := stoptest.At(s, other, rung); i >= 0 && other.Variant != trial.Variant {
			points = append(points, stoptest.Point(s, other.Reports[i]))
		}
	}
	kept := math.Floor(float64(len(points)) / eta)
	return kept >= 1 && stoptest.Ahead(s, points, 0) >= int(kept)
}

// Worked by hand: five trials, eta 2, rungs at 1, 2 and 4.
func TestByHand(t *testing.T) {
	past := stoptest.History(
		[]float64{0.50, 0.40, 0.30, 0.20},
		[]float64{0.60, 0.50},
		[]float64{0.40, 0.39},
		[]float64{math.NaN()},
		[]float64{0.55, 0.45, 0.35},
	)
	for _, test := range []struct {
		name  string
		curve []float64
		want  string
	}{
		{"third of six at the first rung", []float64{0.51}, ""}, // 0.40, 0.50, 0.51 are kept
		{"equal to the third", []float64{0.55}, ""},
		{"fourth of six", []float64{0.58}, "asha: loss 0.58 at epoch 1 is not among the best half of 6 trials (cut-off 0.55)"},
		{"NaN", []float64{math.NaN()}, "asha: loss NaN at epoch 1 is not among the best half of 6 trials (cut-off 0.55)"},
		{"second of five at the second", []float64{0.9, 0.395}, ""},
		{"third of five at the second", []float64{0.1, 0.41}, "asha: loss 0.41 at epoch 2 is not among the best half of 5 trials (cut-off 0.4)"},
		{"between rungs", []float64{0.1, 0.1, 9}, ""},
		{"second of two at the third", []float64{0.1, 0.1, 0.1, 0.3}, "asha: loss 0.3 at epoch 4 is not among the best half of 2 trials (cut-off 0.2)"},
		{"alone at the fourth", []float64{0.1, 0.1, 0.1, 0.1, 1, 1, 1, 9}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule, err := New(stoptest.Spec(sweep.Minimize), Config{Eta: 2, MinEpochs: 1})
			if err != nil {
				t.Fatal(err)
			}
			if v := rule.Judge(stoptest.Trial(5, test.curve...), past); v.Reason != test.want {
				t.Errorf("reason %q, want %q", v.Reason, test.want)
			}
		})
	}
}

// A variant's seeds do not stop each other.
func TestSeedsDoNotCompete(t *testing.T) {
	rule, err := New(stoptest.Spec(sweep.Minimize), Config{Eta: 3, MinEpochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	past := stoptest.History([]float64{0.1}, []float64{0.2}, []float64{0.3}, []float64{0.5}, []float64{0.6})
	for n := range 3 {
		past[n].Variant = 0
	}
	if v := rule.Judge(past[2], past); v.Stop { // the best of three, its own variant's left out
		t.Errorf("the third seed is stopped: %s", v.Reason)
	}
	if v := rule.Judge(past[4], past); !strings.Contains(v.Reason, "the best third of 5 trials (cut-off 0.1)") {
		t.Errorf("verdict %+v", v)
	}
}

func TestRungOfASkippedStep(t *testing.T) {
	rule, err := New(stoptest.Spec(sweep.Minimize), Config{Eta: 2, MinEpochs: 8})
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int, loss float64) sweep.Trial {
		return sweep.Trial{Number: n, Variant: n, Reports: []sweep.Report{{Step: 10, Metrics: sweep.Metrics{stoptest.Loss: loss}}}}
	}
	want := "asha: loss 0.5 at epoch 10 (rung 8) is not among the best half of 2 trials (cut-off 0.4)"
	if v := rule.Judge(at(1, 0.5), sweep.History{at(0, 0.4)}); v.Reason != want {
		t.Errorf("reason %q, want %q", v.Reason, want)
	}
}

func TestSeveralObjectives(t *testing.T) {
	spec := stoptest.Spec(sweep.Minimize)
	spec.Objectives = append(spec.Objectives, sweep.Objective{Name: stoptest.Size, Goal: sweep.Minimize})
	rule, err := New(spec, Config{Eta: 2, MinEpochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int, loss, size float64) sweep.Trial {
		return sweep.Trial{Number: n, Variant: n, Reports: []sweep.Report{{Step: 1, Metrics: sweep.Metrics{stoptest.Loss: loss, stoptest.Size: size}}}}
	}
	past := sweep.History{at(0, 1, 3), at(1, 3, 1), at(2, 4, 4)}
	if v := rule.Judge(at(3, 2, 5), past); v.Reason != "asha: loss 2, size 5 at epoch 1 is not among the best half of 4 trials (place 3, on non-dominated front 2; cut-off place 2)" {
		t.Errorf("verdict %+v", v)
	}
	if v := rule.Judge(at(3, 5, 0), past); v.Stop { // the smallest of all, if the worst in loss
		t.Errorf("verdict %+v", v)
	}
}

func TestNoRung(t *testing.T) {
	if _, err := New(stoptest.Spec(sweep.Minimize), Config{Eta: 3, MinEpochs: 5, MaxEpochs: 5}); err == nil || !strings.Contains(err.Error(), "max_epochs must be above min_epochs") {
		t.Errorf("New = %v", err)
	}
}

// falling are curves whose order early tells much, but not all, of the last.
func falling(t sweep.Trial, epoch int) sweep.Metrics {
	quality, noise := stoptest.Noise(t.Variant, 1), stoptest.Noise(t.Number, 1000+epoch)-0.5
	return sweep.Metrics{stoptest.Loss: quality + (1+noise)/math.Sqrt(float64(epoch))/4}
}

// Of 486 trials a third goes on at each of the rungs 1, 3, 9 and 27: were all
// compared at once, they would train 486 * (1 + 2/3 * 4) epochs instead of 486 *
// 81. Those that come early are compared with few, so that more of them go on.
func TestBudget(t *testing.T) {
	s := stoptest.Simulation{Spec: stoptest.Spec(sweep.Minimize), Trials: 486, Slots: 8, Epochs: 81, Curve: falling}
	rule, err := New(s.Spec, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 81})
	if err != nil {
		t.Fatal(err)
	}
	history := s.Run(rule)
	spent, ideal := stoptest.Epochs(history), 486.0*(1+4*2.0/3)
	t.Logf("%d epochs, %.2f times the synchronous budget, %.3f of all", spent, float64(spent)/ideal, float64(spent)/(486*81))
	if ratio := float64(spent) / ideal; ratio < 1 || ratio > 1.5 {
		t.Errorf("%d epochs are %.2f times the synchronous budget of %.0f", spent, ratio, ideal)
	}
	better := func(a, b sweep.Trial) int {
		if stoptest.Noise(a.Variant, 1) < stoptest.Noise(b.Variant, 1) {
			return -1
		}
		return 1
	}
	place := slices.IndexFunc(slices.SortedFunc(slices.Values(history), better), func(t sweep.Trial) bool { return t.Outcome == sweep.Succeeded })
	t.Logf("the best that trained to the end is number %d of all", place+1)
	if place > 4 {
		t.Errorf("the best of those that trained to the end is only number %d of all", place+1)
	}
}

func benchmark(b *testing.B, objectives int) {
	b.Helper()
	curve := func(t sweep.Trial, epoch int) sweep.Metrics {
		m := falling(t, epoch)
		m[stoptest.Size], m["third"] = stoptest.Noise(t.Variant, 4), stoptest.Noise(t.Variant, 5)
		return m
	}
	spec := stoptest.Spec(sweep.Minimize)
	spec.Objectives = append(spec.Objectives, sweep.Objective{Name: stoptest.Size, Goal: sweep.Minimize}, sweep.Objective{Name: "third", Goal: sweep.Minimize})[:objectives]
	stoptest.Benchmark(b, spec, curve, func(s sweep.Spec) (sweep.Stopper, error) { return New(s, Config{Eta: 3, MinEpochs: 1}) })
}

func BenchmarkOneObjective(b *testing.B)    { benchmark(b, 1) }
func BenchmarkTwoObjectives(b *testing.B)   { benchmark(b, 2) }
func BenchmarkThreeObjectives(b *testing.B) { benchmark(b, 3) }
