package model

import (
	"math"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// score gathers what a pass over a split says of a model.
type score struct {
	loss float64
	n    int

	confusion [][]int // [true class][predicted class]

	scale      artifact.Scale // of the target
	errors     float64        // sum of squares, in the target's units
	absolute   float64
	sum, total float64 // of targets and of their squares
}

func newScore(m artifact.Meta) *score {
	s := &score{}
	if m.Kind == artifact.Regression {
		s.scale = *m.Target
		return s
	}
	s.confusion = make([][]int, len(m.Classes))
	for i := range s.confusion {
		s.confusion[i] = make([]int, len(m.Classes))
	}
	return s
}

// class counts an example whose logits are given.
func (s *score) class(label int, logits []float32, loss float64) {
	best := 0
	for j, v := range logits {
		if v > logits[best] {
			best = j
		}
	}
	s.confusion[label][best]++
	s.loss += loss
	s.n++
}

// value counts an example whose standardised target and prediction are given.
func (s *score) value(target, predicted float32, loss float64) {
	t := float64(target)*s.scale.SD + s.scale.Mean
	d := float64(predicted-target) * s.scale.SD
	s.errors += d * d
	s.absolute += math.Abs(d)
	s.sum += t
	s.total += t * t
	s.loss += loss
	s.n++
}

// metrics are the scores by name, each with the split's name before it.
func (s *score) metrics(split string) sweep.Metrics {
	n := float64(s.n)
	m := sweep.Metrics{split + "_loss": s.loss / n}
	if s.confusion == nil {
		m[split+"_rmse"] = math.Sqrt(s.errors / n)
		m[split+"_mae"] = s.absolute / n
		spread := s.total - s.sum*s.sum/n
		m[split+"_r2"] = 1 - s.errors/spread
		if spread <= 0 {
			m[split+"_r2"] = 0
		}
		return m
	}
	right := 0
	for i := range s.confusion {
		right += s.confusion[i][i]
	}
	m[split+"_accuracy"] = float64(right) / n
	m[split+"_f1"] = s.macroF1()
	return m
}

// macroF1 is the mean over the classes that occur, in truth or prediction, of
// the harmonic mean of precision and recall.
func (s *score) macroF1() float64 {
	sum, classes := 0.0, 0
	for i := range s.confusion {
		actual, predicted := 0, 0
		for j := range s.confusion {
			actual += s.confusion[i][j]
			predicted += s.confusion[j][i]
		}
		if actual+predicted == 0 {
			continue
		}
		classes++
		sum += 2 * float64(s.confusion[i][i]) / float64(actual+predicted)
	}
	return sum / float64(max(classes, 1))
}
