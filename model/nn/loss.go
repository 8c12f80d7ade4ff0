package nn

import (
	"errors"
	"fmt"
	"math"
)

// Loss is what training makes small.
type Loss struct {
	Kind      LossKind
	Smoothing float64 // of CrossEntropy's labels, from 0 to below 1 (Szegedy et al. 2016)
}

// LossKind is a kind of loss.
type LossKind uint8

// The losses.
const (
	CrossEntropy LossKind = iota // of a softmax over the logits, against Labels
	MeanSquared                  // of the one output, against Targets
)

// lossKernel computes the mean loss of a batch and its gradient in one pass.
type lossKernel struct {
	Loss
	batch, width int
	labels       []int32
	targets      []float32
	value        float64
	grad         []float32 // of the logits
	exps         []float64 // of a row
}

func newLoss(l Loss, batch, width int, labels []int32, targets []float32) (*lossKernel, error) {
	switch {
	case l.Kind == CrossEntropy && width < 2:
		return nil, errors.New("cross-entropy needs two classes or more")
	case l.Kind == MeanSquared && width != 1:
		return nil, fmt.Errorf("the mean squared error needs one output, not %d", width)
	case !(l.Smoothing >= 0 && l.Smoothing < 1):
		return nil, fmt.Errorf("label smoothing must be at least 0 and below 1, not %g", l.Smoothing)
	}
	return &lossKernel{Loss: l, batch: batch, width: width, labels: labels, targets: targets, grad: make([]float32, batch*width), exps: make([]float64, width)}, nil
}

func (k *lossKernel) forward(logits []float32) {
	k.value = 0
	for i := range k.batch {
		row, grad := logits[i*k.width:(i+1)*k.width], k.grad[i*k.width:(i+1)*k.width]
		if k.Kind == MeanSquared {
			d := row[0] - k.targets[i]
			k.value += float64(d) * float64(d)
			grad[0] = 2 * d / float32(k.batch)
			continue
		}
		k.value += k.entropy(row, grad, int(k.labels[i]))
	}
	k.value /= float64(k.batch)
}

// entropy is the cross-entropy of a row of logits, whose gradient it writes.
func (k *lossKernel) entropy(row, grad []float32, label int) float64 {
	top := largest(row)
	sum := 0.0
	for j, v := range row {
		k.exps[j] = math.Exp(float64(v) - top)
		sum += k.exps[j]
	}
	logSum := top + math.Log(sum)
	uniform := k.Smoothing / float64(k.width)
	loss := (1 - k.Smoothing) * (logSum - float64(row[label]))
	for j, v := range row {
		want := uniform
		if j == label {
			want += 1 - k.Smoothing
		}
		if uniform > 0 {
			loss += uniform * (logSum - float64(v))
		}
		grad[j] = float32((k.exps[j]/sum - want) / float64(k.batch))
	}
	return loss
}

// each is the loss of single examples, without smoothing.
func (k *lossKernel) each(logits []float32, dst []float64) {
	for i := range dst {
		row := logits[i*k.width : (i+1)*k.width]
		if k.Kind == MeanSquared {
			d := float64(row[0] - k.targets[i])
			dst[i] = d * d
			continue
		}
		dst[i] = logSumExp(row) - float64(row[k.labels[i]])
	}
}

func logSumExp(row []float32) float64 {
	top := largest(row)
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// largest is the largest value; NaN where there is one.
func largest(row []float32) float64 {
	top := row[0]
	for _, v := range row[1:] {
		top = max(top, v)
	}
	return float64(top)
}

// Softmax writes the probabilities of a row of logits into dst.
func Softmax(logits []float32, dst []float64) {
	logSum := logSumExp(logits)
	for i, v := range logits {
		dst[i] = math.Exp(float64(v) - logSum)
	}
}
