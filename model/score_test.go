package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
)

func TestScoresByHand(t *testing.T) {
	s := newScore(artifact.Meta{Classes: []string{"a", "b", "c"}})
	for _, e := range []struct {
		label  int
		logits []float32
	}{{0, []float32{2, 1, 0}}, {0, []float32{0, 1, 0}}, {1, []float32{0, 1, 0}}, {1, []float32{0, 3, 1}}} {
		s.class(e.label, e.logits, 0.5)
	}
	m := s.metrics("val")
	// a: precision 1, recall 1/2, F1 2/3; b: precision 2/3, recall 1, F1 4/5; c does not occur.
	if want := (2.0/3 + 4.0/5) / 2; m["val_accuracy"] != 0.75 || math.Abs(m["val_f1"]-want) > 1e-12 || m["val_loss"] != 0.5 {
		t.Errorf("metrics %v, want accuracy 0.75 and F1 %g", m, want)
	}
	r := newScore(artifact.Meta{Kind: artifact.Regression, Target: &artifact.Scale{Mean: 10, SD: 2}})
	r.value(-1, 0, 1) // 8, predicted 10
	r.value(1, 1, 0)  // 12, predicted 12
	m = r.metrics("val")
	if m["val_rmse"] != math.Sqrt2 || m["val_mae"] != 1 || m["val_r2"] != 0.5 {
		t.Errorf("metrics %v, want rmse sqrt(2), mae 1, r2 0.5", m)
	}
}

func TestLearningRateSchedules(t *testing.T) {
	c := TrainConfig{LearningRate: 1, Epochs: 10, StepEpochs: 3, Gamma: 0.1, WarmupEpochs: 2, MinRate: 0.5}
	for _, test := range []struct {
		schedule string
		epoch    float64
		want     float64
	}{
		{"constant", 1, 0.5}, // in the warm-up
		{"constant", 5, 1},
		{"step", 2.9, 1},
		{"step", 3, 0.1},
		{"step", 9, 0.001},
		{"cosine", 2, 1},
		{"cosine", 6, 0.75},
		{"cosine", 10, 0.5},
		{"one_cycle", 0, 1.0 / 25},
		{"one_cycle", 3, 1},
		{"one_cycle", 10, 1.0 / 25 / 1e4},
	} {
		c.Schedule = test.schedule
		if got := c.rate(test.epoch); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s at epoch %g is %g, want %g", test.schedule, test.epoch, got, test.want)
		}
	}
}

func TestAugmentMovesPixelsOnly(t *testing.T) {
	const h, w = 5, 4
	image := make([]float32, h*w)
	for i := range image {
		image[i] = float32(i + 1)
	}
	tmp := make([]float32, h*w)
	flipped, same := 0, 0
	for seed := range uint64(200) {
		x := slices.Clone(image)
		Augment{Flip: true}.apply(x, tmp, []int{1, h, w}, rand.New(rand.NewPCG(seed, 0)))
		switch {
		case slices.Equal(x, image):
			same++
		case x[0] == 4 && x[3] == 1 && x[19] == 17:
			flipped++
		default:
			t.Fatalf("flip made %v", x)
		}
		Augment{Crop: 1, Shift: 1}.apply(x, tmp, []int{1, h, w}, rand.New(rand.NewPCG(seed, 1)))
		for _, v := range x {
			if v != 0 && !slices.Contains(image, v) {
				t.Fatalf("crop and shift made a new value, %g", v)
			}
		}
	}
	if flipped < 70 || same < 70 {
		t.Errorf("%d of 200 flipped, %d not", flipped, same)
	}
}
