package nn

import (
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// OptimizerConfig says how parameters follow their gradients. Zero fields other
// than Kind take the values in brackets.
type OptimizerConfig struct {
	Kind        OptimizerKind
	Momentum    float64 // of SGD [0] and RMSProp [0]
	Nesterov    bool    // of SGD
	Beta1       float64 // of Adam and AdamW [0.9]
	Beta2       float64 // of Adam and AdamW [0.999]
	Alpha       float64 // of RMSProp [0.99]
	Epsilon     float64 // of all but SGD [1e-8]
	WeightDecay float64 // decoupled in AdamW, else added to the gradient; weights only
	ClipNorm    float64 // largest norm of all gradients together; 0: any
}

// OptimizerKind is a rule of update.
type OptimizerKind string

// The optimizers.
const (
	SGD     OptimizerKind = "sgd"     // with momentum as in Sutskever et al. 2013, without the rate in the velocity
	Adam    OptimizerKind = "adam"    // Kingma and Ba 2015
	AdamW   OptimizerKind = "adamw"   // Loshchilov and Hutter 2019
	RMSProp OptimizerKind = "rmsprop" // Tieleman and Hinton 2012
)

// Optimizer updates the parameters of one network. Its state is the count of
// steps and two numbers a parameter at most.
type Optimizer struct {
	config OptimizerConfig
	steps  uint64
	first  [][]float32 // a tensor a trained parameter: velocity or first moment
	second [][]float32 // second moment
}

// NewOptimizer is an optimizer for the parameters of a network.
func NewOptimizer(c OptimizerConfig, params []*Param) (*Optimizer, error) {
	switch c.Kind {
	case SGD, Adam, AdamW, RMSProp:
	default:
		return nil, fmt.Errorf("there is no optimizer %q, only sgd, adam, adamw and rmsprop", c.Kind)
	}
	if c.Nesterov && c.Momentum == 0 {
		return nil, fmt.Errorf("nesterov needs a momentum above 0")
	}
	or := func(f *float64, value float64) {
		if *f == 0 {
			*f = value
		}
	}
	or(&c.Beta1, 0.9)
	or(&c.Beta2, 0.999)
	or(&c.Alpha, 0.99)
	or(&c.Epsilon, 1e-8)
	o := &Optimizer{config: c}
	for _, p := range params {
		if !p.Trained() {
			continue
		}
		o.first = append(o.first, make([]float32, len(p.Data)))
		if c.Kind != SGD {
			o.second = append(o.second, make([]float32, len(p.Data)))
		}
	}
	return o, nil
}

// State is what a checkpoint keeps: the tensors, to be written or filled in.
func (o *Optimizer) State() [][]float32 {
	return append(append([][]float32{}, o.first...), o.second...)
}

// Steps is how many updates were made.
func (o *Optimizer) Steps() uint64 { return o.steps }

// SetSteps tells a restored optimizer how many updates were made.
func (o *Optimizer) SetSteps(n uint64) { o.steps = n }

// Step updates params, which are those the optimizer was made for, by their
// gradients, which clipping scales in place.
func (o *Optimizer) Step(params []*Param, lr float64) {
	o.steps++
	o.clip(params)
	i := 0
	for _, p := range params {
		if !p.Trained() {
			continue
		}
		decay := float32(o.config.WeightDecay)
		if len(p.Shape) == 1 {
			decay = 0 // biases and normalisation stay free
		}
		c := o.config
		switch c.Kind {
		case SGD:
			simd.SGDStep{Rate: float32(lr), Momentum: float32(c.Momentum), Decay: decay, Nesterov: c.Nesterov}.
				Apply(p.Data, p.Grad, o.first[i])
		case Adam, AdamW:
			o.adam(lr, decay).Apply(p.Data, p.Grad, o.first[i], o.second[i])
		case RMSProp:
			simd.RMSPropStep{
				Alpha: float32(c.Alpha), Epsilon: float32(c.Epsilon), Momentum: float32(c.Momentum), Rate: float32(lr), Decay: decay,
			}.Apply(p.Data, p.Grad, o.first[i], o.second[i])
		}
		i++
	}
}

func (o *Optimizer) clip(params []*Param) {
	if o.config.ClipNorm == 0 {
		return
	}
	sum := 0.0
	for _, p := range params {
		sum += simd.SumSquares(p.Grad)
	}
	norm := math.Sqrt(sum)
	if norm <= o.config.ClipNorm {
		return
	}
	scale := float32(o.config.ClipNorm / (norm + 1e-6))
	for _, p := range params {
		simd.Scale(p.Grad, scale)
	}
}

// adam is the step of Adam and AdamW, the corrections of bias folded into the
// rate and the scale of the second moment.
func (o *Optimizer) adam(lr float64, decay float32) simd.AdamStep {
	c := o.config
	shrink := float32(1)
	if c.Kind == AdamW {
		shrink, decay = 1-float32(lr)*decay, 0
	}
	return simd.AdamStep{
		Beta1: float32(c.Beta1), Beta2: float32(c.Beta2), Decay: decay, Shrink: shrink,
		Rate:    float32(lr / (1 - math.Pow(c.Beta1, float64(o.steps)))),
		Scale:   float32(1 / math.Sqrt(1-math.Pow(c.Beta2, float64(o.steps)))),
		Epsilon: float32(c.Epsilon),
	}
}
