package model_test

import (
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// answer asks the model of a training for what it says of data's validation split.
func answer(t *testing.T, tr *training, data *artifact.Dataset) model.Answers {
	t.Helper()
	truth := data.Splits[artifact.Val]
	a, err := model.Answer(t.Context(), tr.dir.Model(), func(sweep.Block) (model.Trainer, error) { return network(t, "cnn"), nil },
		func(artifact.Meta) (artifact.Examples, error) { return truth, nil }, truth, data.Meta)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func every(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A model scored again on the data that it was trained on has the scores of its best
// epoch, and the examples add up to them.
func TestAnswersAgreeWithTraining(t *testing.T) {
	for _, kind := range []artifact.Kind{artifact.Classification, artifact.Regression} {
		tr := newTraining(t, network(t, "cnn"), settings(nil))
		tr.kind = kind
		tr.run(t)
		d, err := model.Describe(tr.dir.Model())
		if err != nil {
			t.Fatal(err)
		}
		a := answer(t, tr, dataset(kind))
		n := float64(a.Len())
		for _, metric := range []string{"loss", "accuracy", "f1", "rmse", "mae", "r2"} {
			want, has := d.Scores["val_"+metric]
			got, ok := a.Metric(metric, every(a.Len()))
			if ok != has || math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: %s is %g, %v; in training it was %g, %v", kind, metric, got, ok, want, has)
			}
			each, ok := a.Each(metric)
			if !ok {
				continue
			}
			mean := 0.0
			for _, x := range each {
				mean += x / n
			}
			switch metric {
			case "rmse":
				mean = math.Sqrt(mean)
			case "r2":
				continue // its mean is of errors, without their spread
			}
			if math.Abs(mean-want) > 1e-5 {
				t.Errorf("%s: the examples make a %s of %g, want %g", kind, metric, mean, want)
			}
		}
	}
}

// Classes go by their names: those that the data has in another order, and one that
// the model has never seen, which it gets wrong.
func TestAnswersGoByNamesOfClasses(t *testing.T) {
	tr := newTraining(t, network(t, "cnn"), settings(nil))
	tr.run(t)
	same := answer(t, tr, dataset(artifact.Classification))
	other := dataset(artifact.Classification)
	other.Meta.Classes = []string{"b", "c", "d", "a"} // labels 0, 1, 2 are b, c, d of it
	moved := dataset(artifact.Classification)
	moved.Meta.Classes = []string{"c", "a", "b"}
	moved.Splits[artifact.Val] = relabelled{moved.Splits[artifact.Val].(blobs), []int{1, 2, 0}}
	for _, metric := range []string{"accuracy", "loss", "f1"} {
		want, _ := same.Metric(metric, every(same.Len()))
		if got, _ := answer(t, tr, moved).Metric(metric, every(same.Len())); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %g with classes in another order, %g in their own", metric, got, want)
		}
	}
	a := answer(t, tr, other)
	losses, _ := a.Each("loss")
	right, _ := a.Each("accuracy")
	for i := range a.Len() {
		if newBlobs(33, 2).labels[i] == 2 && (right[i] != 0 || losses[i] < 15) {
			t.Errorf("example %d is of a class that the model does not know: right %g, loss %g", i, right[i], losses[i])
		}
	}
}

// relabelled has other numbers for the classes.
type relabelled struct {
	blobs
	as []int
}

func (r relabelled) Label(i int) int { return r.as[r.blobs.Label(i)] }

// A regression is measured in the units of the target, and its loss by the data's scale.
func TestAnswersGoByUnitsOfTargets(t *testing.T) {
	tr := newTraining(t, network(t, "cnn"), settings(nil))
	tr.kind = artifact.Regression
	tr.run(t)
	same := answer(t, tr, dataset(artifact.Regression))
	wider := dataset(artifact.Regression)
	wider.Meta.Target = &artifact.Scale{Mean: 10, SD: 4}
	wider.Splits[artifact.Val] = rescaled{wider.Splits[artifact.Val].(blobs), 0.5}
	a := answer(t, tr, wider)
	for metric, factor := range map[string]float64{"rmse": 1, "mae": 1, "r2": 1, "loss": 0.25} {
		want, _ := same.Metric(metric, every(same.Len()))
		if got, _ := a.Metric(metric, every(a.Len())); math.Abs(got-factor*want) > 1e-5 {
			t.Errorf("%s is %g, want %g", metric, got, factor*want)
		}
	}
}

type rescaled struct {
	blobs
	by float32
}

func (r rescaled) Target(i int) float32 { return r.by * r.blobs.Target(i) }
