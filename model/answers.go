package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// leastProbability is what a class counts with that a model does not know, or holds
// for impossible: the rounding of its numbers.
const leastProbability = 1.0 / (1 << 23)

// Answers are what a model says of each example of a split, and what is true of it.
type Answers struct {
	meta   artifact.Meta // of the data
	truth  []int         // classes, by their place in meta
	labels []int         // as said; len(meta.Classes) stands for any class that the data lacks

	losses  []float64
	targets []float64 // of a regression, in its units
	values  []float64
}

// Answer asks the model in dir for what it says of the examples, in the order of the
// split truth, which is of data that m describes. Both may be of other data than the
// model was trained on: classes go by their names, targets by their units, and the
// loss is that of m's scale, without label smoothing.
func Answer(ctx context.Context, dir string, build func(sweep.Block) (Trainer, error), inputs func(artifact.Meta) (artifact.Examples, error), truth artifact.Split, m artifact.Meta) (Answers, error) {
	const batch = 64
	p, err := load(dir, build, batch)
	if err != nil {
		return Answers{}, err
	}
	defer p.net.Close() //nolint:errcheck // its memory goes with it
	x, err := inputs(p.Data)
	if err != nil {
		return Answers{}, err
	}
	if x.Len() != truth.Len() {
		return Answers{}, fmt.Errorf("score the model in %s: %d examples, %d answers to them", dir, x.Len(), truth.Len())
	}
	a := Answers{meta: m}
	place := make([]int, len(p.Data.Classes)) // of the model's classes among the data's
	for i, class := range p.Data.Classes {
		if place[i] = slices.Index(m.Classes, class); place[i] < 0 {
			place[i] = len(m.Classes)
		}
	}
	width := len(p.net.Inputs()) / batch
	for from := 0; from < x.Len(); from += batch {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		n := min(batch, x.Len()-from)
		for i := range n {
			x.Features(from+i, p.net.Inputs()[i*width:(i+1)*width])
		}
		outputs, err := p.net.Forward()
		if err != nil {
			return a, fmt.Errorf("score the model in %s: %w", dir, err)
		}
		w := p.net.Width()
		for i := range n {
			a.add(p.prediction(outputs[i*w:(i+1)*w]), truth, from+i, place)
		}
	}
	return a, nil
}

func (a *Answers) add(said Prediction, truth artifact.Split, i int, place []int) {
	if a.meta.Kind == artifact.Regression {
		t := *a.meta.Target
		target := float64(truth.Target(i))*t.SD + t.Mean
		d := (said.Value - target) / t.SD
		a.targets, a.values, a.losses = append(a.targets, target), append(a.values, said.Value), append(a.losses, d*d)
		return
	}
	label, probability := truth.Label(i), leastProbability
	best := 0
	for j, q := range said.Probabilities {
		if q > said.Probabilities[best] {
			best = j
		}
		if place[j] == label {
			probability = max(q, leastProbability)
		}
	}
	a.truth, a.labels, a.losses = append(a.truth, label), append(a.labels, place[best]), append(a.losses, -math.Log(probability))
}

// Len is the number of examples.
func (a Answers) Len() int { return len(a.losses) }

// Each is what each example adds to a metric that is a mean over them, or that
// follows from one in the same direction; false: the metric is none of these.
func (a Answers) Each(metric string) ([]float64, bool) {
	out := make([]float64, a.Len())
	switch {
	case metric == "loss":
		return a.losses, true
	case metric == "accuracy" && a.values == nil:
		for i, label := range a.labels {
			if label == a.truth[i] {
				out[i] = 1
			}
		}
		return out, true
	case a.values == nil:
		return nil, false
	}
	for i, v := range a.values {
		d := v - a.targets[i]
		switch metric {
		case "rmse":
			out[i] = d * d
		case "r2":
			out[i] = -d * d
		case "mae":
			out[i] = math.Abs(d)
		default:
			return nil, false
		}
	}
	return out, true
}

// Metric is a metric over those examples; false: there is no such metric. An example
// may be among them more than once.
func (a Answers) Metric(metric string, examples []int) (float64, bool) {
	s := &score{}
	if a.values == nil {
		n := len(a.meta.Classes) + 1
		cells := make([]int, n*n)
		s.confusion = make([][]int, n)
		for i := range s.confusion {
			s.confusion[i] = cells[i*n : (i+1)*n]
		}
	}
	for _, i := range examples {
		s.loss += a.losses[i]
		s.n++
		if a.values == nil {
			s.confusion[a.truth[i]][a.labels[i]]++
			continue
		}
		d := a.values[i] - a.targets[i]
		s.errors += d * d
		s.absolute += math.Abs(d)
		s.sum += a.targets[i]
		s.total += a.targets[i] * a.targets[i]
	}
	v, ok := s.metrics("")["_"+metric]
	return v, ok && !math.IsNaN(v)
}
