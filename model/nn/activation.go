package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
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

// forward applies the activation to y in place.
func (a activation) forward(y []float32) {
	if a.kind == ReLU {
		simd.ReLU(y)
		return
	}
	a.rest(y)
}

// rest is forward where a rectifier has been applied already.
func (a activation) rest(y []float32) {
	copy(a.pre, y)
	switch a.kind {
	case None, ReLU:
	case LeakyReLU:
		simd.LeakyReLU(y, leak)
	case Tanh:
		simd.Tanh(y)
	case Sigmoid:
		simd.Sigmoid(y)
	case GELU:
		simd.GELU(y, a.pre)
	case SiLU:
		simd.SiLU(y, a.pre)
	}
}

// backward turns dy, the gradient of the output y, into that of the input.
func (a activation) backward(y, dy []float32) {
	switch a.kind {
	case None:
	case ReLU:
		simd.ReLUGrad(dy, y)
	case LeakyReLU:
		simd.LeakyReLUGrad(dy, y, leak)
	case Tanh:
		simd.TanhGrad(dy, y)
	case Sigmoid:
		simd.SigmoidGrad(dy, y)
	case GELU:
		simd.GELUGrad(dy, a.pre)
	case SiLU:
		simd.SiLUGrad(dy, a.pre)
	}
}

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
