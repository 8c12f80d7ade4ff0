package hyperband

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

// Of 49 variants the four brackets of 1, 3, 9 and 27 epochs take 27, 12, 6 and 4:
// the paper's ceil(4/(s+1) * 3^s) for s = 3, 2, 1, 0.
func bracket(variant int) int {
	_, u := math.Modf(float64(variant) * 0.6180339887498949)
	return slices.IndexFunc([]float64{27, 39, 45, 49}, func(end float64) bool { return u*49 < end })
}

func TestContract(t *testing.T) {
	stoptest.Run(t, stoptest.Rule{
		New: func(s sweep.Spec) (sweep.Stopper, error) { return New(s, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 27}) },
		Stops: func(s sweep.Spec, trial sweep.Trial, past sweep.History) bool {
			own := bracket(trial.Variant)
			return slices.ContainsFunc([]int{1, 3, 9}[own:], func(rung int) bool {
				at := stoptest.At(s, trial, rung)
				if at < 0 || at != len(trial.Reports)-1 {
					return false
				}
				points := [][]float64{stoptest.Point(s, trial.Reports[at])}
				for _, o := range past {
					if i := stoptest.At(s, o, rung); i >= 0 && bracket(o.Variant) == own && o.Variant != trial.Variant {
						points = append(points, stoptest.Point(s, o.Reports[i]))
					}
				}
				return len(points) >= 3 && stoptest.Ahead(s, points, 0) >= len(points)/3
			})
		},
		Compares: true,
	})
}

func build(t *testing.T, c Config) rule {
	t.Helper()
	s, err := New(stoptest.Spec(sweep.Minimize), c)
	if err != nil {
		t.Fatal(err)
	}
	return s.(rule)
}

// Any 200 variants in a row are shared out to within three of their shares, and so
// is every third of them.
func TestBracketsGetTheirShares(t *testing.T) {
	r := build(t, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 27})
	for _, start := range []int{0, 1000, 123456} {
		for _, stride := range []int{1, 3} {
			got := make([]int, 4)
			for i := range 200 {
				got[r.bracket(start+i*stride)]++
			}
			for b, share := range []float64{27, 12, 6, 4} {
				if want := share / 49 * 200; math.Abs(float64(got[b])-want) > 3 {
					t.Errorf("from %d by %d: bracket %d has %d of 200, want %.1f", start, stride, b, got[b], want)
				}
			}
		}
	}
}

// All brackets cost about the same, as far as halving without waiting keeps to
// its shares.
func TestBracketsCostTheSame(t *testing.T) {
	r := build(t, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 81})
	s := stoptest.Simulation{Spec: stoptest.Spec(sweep.Minimize), Trials: 1430, Slots: 8, Epochs: 81, Curve: func(t sweep.Trial, epoch int) sweep.Metrics {
		return sweep.Metrics{stoptest.Loss: stoptest.Noise(t.Variant, 1) + 1/float64(epoch)}
	}}
	cost := make([]float64, len(r.ends))
	for _, trial := range s.Run(r) {
		cost[r.bracket(trial.Variant)] += trial.Seconds
	}
	t.Logf("epochs by bracket: %.0f, of 1430 trials", cost)
	if len(cost) != 5 || slices.Max(cost) > 2*slices.Min(cost) {
		t.Errorf("brackets cost %.0f epochs", cost)
	}
}

func TestByHand(t *testing.T) {
	r := build(t, Config{Eta: 2, MinEpochs: 1, MaxEpochs: 4}) // shares 4, 3, 3 of 10
	var first, last int
	for v := range 10 {
		switch r.bracket(v) {
		case 0:
			first = v
		case 2:
			last = v
		}
	}
	past := make(sweep.History, 10)
	for n := range past {
		past[n] = stoptest.Trial(n, 0.1)
	}
	want := "hyperband: loss 0.9 at epoch 1 is not among the best half of 4 trials of bracket 1 (cut-off 0.1)"
	if v := r.Judge(stoptest.Trial(first, 0.9), past); v.Reason != want {
		t.Errorf("reason %q, want %q", v.Reason, want)
	}
	if v := r.Judge(stoptest.Trial(last, 0.9), past); v.Stop {
		t.Errorf("a trial of the last bracket is stopped: %s", v.Reason)
	}
}

func TestRefusals(t *testing.T) {
	for want, c := range map[string]Config{
		"max_epochs must be above min_epochs":                              {Eta: 3, MinEpochs: 9, MaxEpochs: 9},
		"no room for 6 brackets: with max_epochs = 81 there are at most 5": {Eta: 3, MinEpochs: 1, MaxEpochs: 81, Brackets: 6},
	} {
		if _, err := New(stoptest.Spec(sweep.Minimize), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v) = %v, want %q", c, err, want)
		}
	}
	if r := build(t, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 81, Brackets: 2}); len(r.ends) != 2 || r.ends[1] != 1 {
		t.Errorf("two brackets end at %v", r.ends)
	}
}

func Benchmark(b *testing.B) {
	curve := func(t sweep.Trial, epoch int) sweep.Metrics {
		return sweep.Metrics{stoptest.Loss: stoptest.Noise(t.Number, epoch)}
	}
	stoptest.Benchmark(b, stoptest.Spec(sweep.Minimize), curve, func(s sweep.Spec) (sweep.Stopper, error) {
		return New(s, Config{Eta: 3, MinEpochs: 1, MaxEpochs: 100})
	})
}
