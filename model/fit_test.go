package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/data/glyphs"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/cnn"
	"github.com/inflame-deeplearning/sweep/model/mlp"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// blobs is a split of points around a centre for each class, on images of
// 1x6x6 pixels; the target is the class number plus noise.
type blobs struct {
	x      [][]float32
	labels []int
}

func newBlobs(n int, seed uint64) blobs {
	r := rand.New(rand.NewPCG(seed, 0))
	var b blobs
	for i := range n {
		label := i % 3
		x := make([]float32, 36)
		for j := range x {
			x[j] = float32(r.NormFloat64())
			if j/12 == label {
				x[j]++
			}
		}
		b.x, b.labels = append(b.x, x), append(b.labels, label)
	}
	return b
}

func (b blobs) Len() int                      { return len(b.x) }
func (b blobs) Features(i int, dst []float32) { copy(dst, b.x[i]) }
func (b blobs) Label(i int) int               { return b.labels[i] }
func (b blobs) Target(i int) float32          { return float32(b.labels[i]) - 1 }

func dataset(kind artifact.Kind) *artifact.Dataset {
	d := &artifact.Dataset{
		Meta: artifact.Meta{
			Kind: kind, Shape: []int{1, 6, 6},
			Encoder: artifact.Encoding{Image: &artifact.ImageEncoding{Width: 6, Height: 6, Channels: 1, Resize: 6}},
			Norm:    []artifact.Scale{{Mean: 0, SD: 1}},
		},
		Splits: map[string]artifact.Split{artifact.Train: newBlobs(96, 1), artifact.Val: newBlobs(33, 2), artifact.Test: newBlobs(33, 3)},
	}
	if kind == artifact.Regression {
		d.Meta.Target = &artifact.Scale{Mean: 10, SD: 2}
	} else {
		d.Meta.Classes = []string{"a", "b", "c"}
	}
	return d
}

// training is one trial in a directory of its own.
type training struct {
	dir     trialdir.Dir
	trainer model.Trainer
	train   map[string]sweep.Value
	kind    artifact.Kind
	data    *artifact.Dataset // where it is not that of kind
	batches int               // after which the trial is asked to stop; 0: never

	feasible *sweep.Constraint
}

func newTraining(t *testing.T, trainer model.Trainer, train map[string]sweep.Value) *training {
	t.Helper()
	return &training{dir: trialdir.Dir(t.TempDir()), trainer: trainer, train: train, kind: artifact.Classification}
}

func (tr *training) run(t *testing.T) sweep.Result {
	t.Helper()
	result, err := tr.try(t)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (tr *training) try(t *testing.T) (sweep.Result, error) {
	t.Helper()
	config, problems := schema.Of(model.TrainConfig{}).Complete(sweep.Object(tr.train))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	asked := 0
	objective := sweep.Objective{Name: "val_loss", Goal: sweep.Minimize}
	return tr.trainer.Train(t.Context(), &model.Run{
		Trial:      sweep.Trial{Run: "test-1", Seed: 7, Task: sweep.Task{Model: sweep.Block{Type: "test", Config: sweep.Object(nil)}, Train: config}},
		Objectives: []sweep.Objective{objective}, Feasible: tr.feasible,
		Dir: tr.dir, Log: io.Discard, Now: time.Now,
		Data: func(context.Context) (*artifact.Dataset, error) {
			if tr.data != nil {
				return tr.data, nil
			}
			return dataset(tr.kind), nil
		},
		Report: func(step int, m sweep.Metrics) error {
			return tr.dir.Append(sweep.Report{Step: step, Metrics: m})
		},
		Stopping: func() bool { asked++; return tr.batches > 0 && asked > tr.batches },
	})
}

// curve is the reports without what depends on time.
func (tr *training) curve(t *testing.T) []sweep.Report {
	t.Helper()
	reports, err := tr.dir.Reports()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		delete(r.Metrics, "samples_per_second")
	}
	return reports
}

func (tr *training) bits(t *testing.T) string {
	t.Helper()
	weights, err := os.ReadFile(filepath.Join(tr.dir.Model(), "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := json.Marshal(tr.curve(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(weights) + string(curve)
}

func network(t *testing.T, kind string) model.Trainer {
	t.Helper()
	trainer, err := mlp.New(sweep.Spec{}, mlp.Config{Hidden: []int{12}, Activation: "relu", Dropout: 0.2, BatchNorm: true})
	if kind == "cnn" {
		trainer, err = cnn.New(sweep.Spec{}, cnn.Config{Conv: []cnn.Block{{Channels: 4, Kernel: 3, Stride: 1, Pool: 2, BatchNorm: true, Dropout: 0.1}}, Dense: []int{8}, Activation: "relu"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

func settings(more map[string]sweep.Value) map[string]sweep.Value {
	out := map[string]sweep.Value{
		"epochs": sweep.Int(4), "batch_size": sweep.Int(16), "learning_rate": sweep.Float(0.01), "schedule": sweep.String("cosine"),
		"augment": sweep.Object(map[string]sweep.Value{"flip": sweep.Bool(true), "shift": sweep.Int(1)}),
	}
	maps.Copy(out, more)
	return out
}

func TestFitLearnsAndKeepsTheBestEpoch(t *testing.T) {
	for _, kind := range []string{"mlp", "cnn"} {
		tr := newTraining(t, network(t, kind), settings(map[string]sweep.Value{"epochs": sweep.Int(15), "augment": sweep.Object(nil)}))
		if result := tr.run(t); result.Outcome != sweep.Succeeded {
			t.Fatalf("%s: %+v", kind, result)
		}
		curve := tr.curve(t)
		best := slices.MinFunc(curve, func(a, b sweep.Report) int {
			return int(math.Copysign(1, a.Metrics["val_loss"]-b.Metrics["val_loss"]))
		})
		if len(curve) != 15 || best.Metrics["val_accuracy"] < 0.8 {
			t.Errorf("%s: %d epochs, best accuracy %.2f, want at least 0.8", kind, len(curve), best.Metrics["val_accuracy"])
		}
		d, err := model.Describe(tr.dir.Model())
		if err != nil {
			t.Fatal(err)
		}
		if d.Epoch != best.Step || d.Scores["val_loss"] != best.Metrics["val_loss"] || d.Scores["test_accuracy"] < 0.7 {
			t.Errorf("%s: model of epoch %d with %v, want epoch %d", kind, d.Epoch, d.Scores, best.Step)
		}
		for _, name := range []string{"train_loss", "train_accuracy", "train_f1", "val_loss", "val_accuracy", "val_f1", "learning_rate"} {
			if _, ok := best.Metrics[name]; !ok {
				t.Errorf("%s: no %s reported", kind, name)
			}
		}
	}
}

// The weights are those of the trial's best step, which a constraint decides too.
func TestFitKeepsTheBestFeasibleEpoch(t *testing.T) {
	tr := newTraining(t, network(t, "mlp"), settings(nil))
	tr.feasible = &sweep.Constraint{Measure: func(m sweep.Metrics) float64 { return 0.005 - m["learning_rate"] }} // the first epochs
	tr.run(t)
	var trial sweep.Trial
	for _, r := range tr.curve(t) {
		trial.Add(r, sweep.Spec{Objectives: []sweep.Objective{{Name: "val_loss", Goal: sweep.Minimize}}, Feasible: tr.feasible})
	}
	d, err := model.Describe(tr.dir.Model())
	if err != nil || d.Epoch != trial.Best.Step || d.Epoch > 2 || trial.Violation > 0 {
		t.Errorf("model of epoch %d (%v), want %d, which violates the constraint by %g", d.Epoch, err, trial.Best.Step, trial.Violation)
	}
}

func TestFitRegression(t *testing.T) {
	tr := newTraining(t, network(t, "mlp"), settings(map[string]sweep.Value{"epochs": sweep.Int(30), "augment": sweep.Object(nil)}))
	tr.kind = artifact.Regression
	tr.run(t)
	curve := tr.curve(t)
	last := curve[len(curve)-1].Metrics
	if last["val_r2"] < 0.3 || math.Abs(last["val_rmse"]-2*math.Sqrt(last["val_loss"])) > 1e-6 {
		t.Errorf("metrics %v: want r2 above 0.3 and rmse in the target's units", last)
	}
	p, err := model.Load(tr.dir.Model(), func(sweep.Block) (model.Trainer, error) { return network(t, "mlp"), nil })
	if err != nil {
		t.Fatal(err)
	}
	if p.Data.Target.Mean != 10 {
		t.Errorf("target %+v", p.Data.Target)
	}
}

// A training with one seed gives the same bits twice, and the same bits again
// when it is interrupted after any number of batches and goes on.
func TestFitResumesToTheSameBits(t *testing.T) {
	for _, kind := range []string{"mlp", "cnn"} {
		for _, optimizer := range []string{"sgd", "adam", "adamw", "rmsprop"} {
			config := settings(map[string]sweep.Value{"optimizer": sweep.String(optimizer), "momentum": sweep.Float(0.5), "clip_norm": sweep.Float(1)})
			undisturbed := newTraining(t, network(t, kind), config)
			undisturbed.run(t)
			want := undisturbed.bits(t)
			for _, batches := range []int{1, 5, 6, 7, 13} { // six batches an epoch
				tr := newTraining(t, network(t, kind), config)
				tr.batches = batches
				interruptions := 0
				for tr.run(t).Outcome == sweep.Cancelled {
					if interruptions++; interruptions > 2 {
						tr.batches = 0
					}
				}
				if interruptions == 0 {
					t.Errorf("%s, %s: not interrupted after %d batches", kind, optimizer, batches)
				}
				if tr.bits(t) != want {
					t.Errorf("%s, %s: interrupted after %d batches it ends otherwise", kind, optimizer, batches)
				}
			}
		}
	}
}

// The same where parts of pictures are cut out, beside the training.
func TestFitResumesCropsToTheSameBits(t *testing.T) {
	config := settings(map[string]sweep.Value{"augment": sweep.Object(map[string]sweep.Value{"random_resized_crop": sweep.Bool(true), "flip": sweep.Bool(true)})})
	fixed := sourcetest.Open(t, glyphs.New, sourcetest.Attrs{"count": 100, "size": 12})
	for name, data := range map[string]*artifact.Dataset{"kept": model.Photos(t, 12, 15), "fixed": fixed} {
		undisturbed := newTraining(t, network(t, "cnn"), config)
		undisturbed.data = data
		undisturbed.run(t)
		tr := newTraining(t, network(t, "cnn"), config)
		tr.data, tr.batches = data, 3
		for tr.run(t).Outcome == sweep.Cancelled {
			tr.batches += 3
		}
		if tr.bits(t) != undisturbed.bits(t) {
			t.Errorf("%s: interrupted it ends otherwise", name)
		}
	}
	tr := newTraining(t, network(t, "cnn"), config)
	if _, err := tr.try(t); err == nil || !strings.Contains(err.Error(), "random_resized_crop cuts from pictures") {
		t.Errorf("without pictures: error %v", err)
	}
}

// A trial that is stopped for good leaves the model of its best epoch so far.
func TestFitLeavesAModelWhenStopped(t *testing.T) {
	tr := newTraining(t, network(t, "mlp"), settings(nil))
	tr.batches = 13 // in the third epoch
	if result := tr.run(t); result.Outcome != sweep.Cancelled {
		t.Fatalf("result %+v", result)
	}
	if d, err := model.Describe(tr.dir.Model()); err != nil || d.Epoch < 1 || d.Epoch > 2 {
		t.Errorf("model of epoch %d (%v), want 1 or 2", d.Epoch, err)
	}
}

func TestFitTellsDivergence(t *testing.T) {
	plain, err := mlp.New(sweep.Spec{}, mlp.Config{Hidden: []int{12}, Activation: "relu"})
	if err != nil {
		t.Fatal(err)
	}
	for message, trainer := range map[string]model.Trainer{
		"the loss is NaN at epoch 1, step":                                        plain,
		"val_loss is NaN at epoch 1: try a lower learning_rate, or clip_norm = 1": network(t, "mlp"), // batch norm keeps the training's loss finite
	} {
		tr := newTraining(t, trainer, settings(map[string]sweep.Value{"optimizer": sweep.String("sgd"), "learning_rate": sweep.Float(1e30), "schedule": sweep.String("constant")}))
		result := tr.run(t)
		if result.Outcome != sweep.Diverged || !strings.HasPrefix(result.Message, message) {
			t.Errorf("result %+v, want diverged: %s", result, message)
		}
	}
}

func TestFitLosesPatience(t *testing.T) {
	tr := newTraining(t, network(t, "mlp"), settings(map[string]sweep.Value{"epochs": sweep.Int(500), "patience": sweep.Int(2), "learning_rate": sweep.Float(0.05)}))
	result := tr.run(t)
	n := len(tr.curve(t))
	if result.Outcome != sweep.Succeeded || result.Message != "no better for 2 epochs" || n >= 500 {
		t.Errorf("result %+v after %d epochs", result, n)
	}
	if d, err := model.Describe(tr.dir.Model()); err != nil || d.Epoch != n-2 {
		t.Errorf("model of epoch %d of %d, want two before the last (%v)", d.Epoch, n, err)
	}
}

// What a loaded model says of an image is what training's own evaluation said
// of the same pixels.
func TestPredictorAgreesWithEvaluation(t *testing.T) {
	tr := newTraining(t, network(t, "cnn"), settings(nil))
	tr.run(t)
	p, err := model.Load(tr.dir.Model(), func(sweep.Block) (model.Trainer, error) { return network(t, "cnn"), nil })
	if err != nil {
		t.Fatal(err)
	}
	png := filepath.Join(t.TempDir(), "x.png")
	writePNG(t, png)
	for prediction, err := range p.Predict(png) {
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, q := range prediction.Probabilities {
			sum += q
		}
		if math.Abs(sum-1) > 1e-6 || len(prediction.All()) != 3 {
			t.Errorf("probabilities %v", prediction.Probabilities)
		}
		text, err := json.Marshal(prediction)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte(`{"label":"`)) || !bytes.Contains(text, []byte(`","probability":"0.`)) {
			t.Errorf("prediction %s", text)
		}
	}
	// Weights that do not fit are refused.
	if _, err := model.Load(tr.dir.Model(), func(sweep.Block) (model.Trainer, error) { return network(t, "mlp"), nil }); err == nil || !strings.Contains(err.Error(), "is missing or of another shape") {
		t.Errorf("another network's weights: %v", err)
	}
}
