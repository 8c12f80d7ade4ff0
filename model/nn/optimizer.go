package nn

import (
	"fmt"
	"math"
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
// gradients. Gradients are scaled and decayed in place.
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
		switch o.config.Kind {
		case SGD:
			o.sgd(p, o.first[i], float32(lr), decay)
		case Adam, AdamW:
			o.adam(p, o.first[i], o.second[i], lr, decay)
		case RMSProp:
			o.rmsprop(p, o.first[i], o.second[i], float32(lr), decay)
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
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	norm := math.Sqrt(sum)
	if norm <= o.config.ClipNorm {
		return
	}
	scale := float32(o.config.ClipNorm / (norm + 1e-6))
	for _, p := range params {
		for i := range p.Grad {
			p.Grad[i] *= scale
		}
	}
}

func (o *Optimizer) sgd(p *Param, velocity []float32, lr, decay float32) {
	mu := float32(o.config.Momentum)
	w := p.Data
	for i, g := range p.Grad {
		g += decay * w[i]
		if mu != 0 {
			v := mu*velocity[i] + g
			velocity[i] = v
			if o.config.Nesterov {
				g += mu * v
			} else {
				g = v
			}
		}
		w[i] -= lr * g
	}
}

func (o *Optimizer) adam(p *Param, m, v []float32, lr float64, decay float32) {
	c := o.config
	b1, b2 := float32(c.Beta1), float32(c.Beta2)
	correct1 := 1 - math.Pow(c.Beta1, float64(o.steps))
	correct2 := 1 - math.Pow(c.Beta2, float64(o.steps))
	rate := float32(lr / correct1)
	scale, eps := float32(1/math.Sqrt(correct2)), float32(c.Epsilon)
	shrink := float32(1)
	if c.Kind == AdamW {
		shrink = 1 - float32(lr)*decay
		decay = 0
	}
	w := p.Data
	for i, g := range p.Grad {
		g += decay * w[i]
		m[i] = b1*m[i] + (1-b1)*g
		v[i] = b2*v[i] + (1-b2)*g*g
		w[i] = w[i]*shrink - rate*m[i]/(sqrt(v[i])*scale+eps)
	}
}

func (o *Optimizer) rmsprop(p *Param, velocity, square []float32, lr, decay float32) {
	alpha, eps, mu := float32(o.config.Alpha), float32(o.config.Epsilon), float32(o.config.Momentum)
	w := p.Data
	for i, g := range p.Grad {
		g += decay * w[i]
		square[i] = alpha*square[i] + (1-alpha)*g*g
		g /= sqrt(square[i]) + eps
		velocity[i] = mu*velocity[i] + g
		w[i] -= lr * velocity[i]
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
