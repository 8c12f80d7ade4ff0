package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Activation is the function applied to a layer's output.
type Activation string

// The activations; the empty one is None.
const (
	None      Activation = "none"
	ReLU      Activation = "relu"
	LeakyReLU Activation = "leaky_relu" // slope 0.01 below 0
	Tanh      Activation = "tanh"
	Sigmoid   Activation = "sigmoid"
	GELU      Activation = "gelu" // Hendrycks and Gimpel 2016, by the error function
	SiLU      Activation = "silu" // Elfwing et al. 2017: x times its sigmoid
)

var activations = []Activation{None, ReLU, LeakyReLU, Tanh, Sigmoid, GELU, SiLU}

const leak = 0.01

func (a Activation) rectifier() bool {
	return a == ReLU || a == LeakyReLU || a == GELU || a == SiLU
}

// activation works in place. Where the derivative does not follow from the
// output, it keeps the input.
type activation struct {
	kind Activation
	pre  []float32
}

func newActivation(a Activation, size int) (activation, error) {
	if a == "" {
		a = None
	}
	if !slices.Contains(activations, a) {
		names := make([]string, len(activations))
		for i, known := range activations {
			names[i] = string(known)
		}
		return activation{}, fmt.Errorf("there is no activation %q, only %s", a, strings.Join(names, ", "))
	}
	out := activation{kind: a}
	if a == GELU || a == SiLU {
		out.pre = make([]float32, size)
	}
	return out, nil
}

func (a activation) forward(y []float32) {
	copy(a.pre, y)
	switch a.kind {
	case None:
	case ReLU:
		for i, v := range y {
			y[i] = max(v, 0)
		}
	case LeakyReLU:
		for i, v := range y {
			y[i] = max(v, leak*v)
		}
	case Tanh:
		for i, v := range y {
			y[i] = float32(math.Tanh(float64(v)))
		}
	case Sigmoid:
		for i, v := range y {
			y[i] = sigmoid(v)
		}
	case GELU:
		for i, v := range y {
			y[i] = v * normalCDF(v)
		}
	case SiLU:
		for i, v := range y {
			y[i] = v * sigmoid(v)
		}
	}
}

// backward turns dy, the gradient of the output y, into that of the input.
func (a activation) backward(y, dy []float32) {
	switch a.kind {
	case None:
	case ReLU:
		for i, v := range y {
			if v <= 0 {
				dy[i] = 0
			}
		}
	case LeakyReLU:
		for i, v := range y {
			if v < 0 {
				dy[i] *= leak
			}
		}
	case Tanh:
		for i, v := range y {
			dy[i] *= 1 - v*v
		}
	case Sigmoid:
		for i, v := range y {
			dy[i] *= v * (1 - v)
		}
	case GELU:
		for i, v := range a.pre {
			density := float32(math.Exp(-float64(v)*float64(v)/2) / math.Sqrt(2*math.Pi))
			dy[i] *= normalCDF(v) + v*density
		}
	case SiLU:
		for i, v := range a.pre {
			s := sigmoid(v)
			dy[i] *= s * (1 + v*(1-s))
		}
	}
}

func sigmoid(v float32) float32   { return float32(1 / (1 + math.Exp(-float64(v)))) }
func normalCDF(v float32) float32 { return float32(0.5 * math.Erfc(-float64(v)/math.Sqrt2)) }

// Activate applies an activation by itself.
type Activate struct{ Activation Activation }

func (l Activate) String() string { return string(l.Activation) }

func (l Activate) build(b *build) (kernel, error) {
	act, err := newActivation(l.Activation, b.batch*size(b.in))
	if err != nil {
		return nil, err
	}
	return &activate{base: b.base(b.in), act: act}, nil
}

type activate struct {
	base
	act activation
}

func (k *activate) forward(x []float32) {
	copy(k.out, x)
	k.act.forward(k.out)
}

func (k *activate) backward(_, dy []float32) {
	k.act.backward(k.out, dy)
	copy(k.dx, dy)
}
