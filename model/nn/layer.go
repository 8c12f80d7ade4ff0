package nn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Layer describes one layer of a network. The set is closed: Dense, Conv,
// BatchNorm, Activate, MaxPool, AvgPool, Dropout and Flatten.
type Layer interface {
	fmt.Stringer
	build(b *build) (kernel, error)
}

// build is what a layer is built from.
type build struct {
	index     int
	in        []int // shape of one input example
	batch     int
	seed      uint64
	mode      *mode
	needInput bool // whether a layer before this one learns
	params    []*Param
}

// param is a new learned parameter of the layer.
func (b *build) param(name string, shape ...int) *Param {
	p := b.buffer(name, shape...)
	p.Grad = make([]float32, len(p.Data))
	return p
}

// buffer is a new tensor of the layer that is not learned.
func (b *build) buffer(name string, shape ...int) *Param {
	p := &Param{Name: fmt.Sprintf("layers.%d.%s", b.index, name), Shape: shape, Data: make([]float32, size(shape))}
	b.params = append(b.params, p)
	return p
}

// source is the layer's own random numbers.
func (b *build) source() *rand.Rand { return rand.New(rand.NewPCG(b.seed, uint64(b.index))) }

// initialise draws weights: uniformly, with the variance of He et al. 2015
// before a rectifier and of Glorot and Bengio 2010 before any other activation.
func (b *build) initialise(w []float32, fanIn, fanOut int, act Activation) {
	bound := math.Sqrt(6 / float64(fanIn+fanOut))
	if act.rectifier() {
		bound = math.Sqrt(6 / float64(fanIn))
	}
	r := b.source()
	for i := range w {
		w[i] = float32((2*r.Float64() - 1) * bound)
	}
}

// inputGrad is a buffer for the gradient of the input, where it is needed.
func (b *build) inputGrad() []float32 {
	if !b.needInput {
		return nil
	}
	return make([]float32, b.batch*size(b.in))
}

func (b *build) output(shape []int) []float32 { return make([]float32, b.batch*size(shape)) }

// base is what kernels have in common.
type base struct {
	shape   []int     // of one output example
	out     []float32 // [batch, shape...]
	dx      []float32 // gradient of the input; nil where nobody needs it
	learned []*Param  // in the order of the op's inputs
}

func (k *base) state() *base { return k }

func (b *build) base(shape []int, learned ...*Param) base {
	return base{shape: shape, out: b.output(shape), dx: b.inputGrad(), learned: learned}
}

// Dense is a fully connected layer: activation(x*W' + b). It takes an input of
// any shape as a flat one.
type Dense struct {
	Units      int
	Activation Activation
}

func (l Dense) String() string { return fmt.Sprintf("dense %d", l.Units) }

func (l Dense) build(b *build) (kernel, error) {
	if l.Units < 1 {
		return nil, fmt.Errorf("it needs at least one unit, not %d", l.Units)
	}
	in := size(b.in)
	if size([]int{l.Units, in}) == 0 {
		return nil, errors.New("its weights would not fit into memory")
	}
	act, err := newActivation(l.Activation, b.batch*l.Units)
	if err != nil {
		return nil, err
	}
	w, bias := b.param("weight", l.Units, in), b.param("bias", l.Units)
	b.initialise(w.Data, in, l.Units, l.Activation)
	return &dense{base: b.base([]int{l.Units}, w, bias), act: act, batch: b.batch, in: in, units: l.Units}, nil
}

type dense struct {
	base
	act              activation
	batch, in, units int
}

func (k *dense) forward(x []float32) {
	multiply(false, true, k.batch, k.units, k.in, x, k.learned[0].Data, 0, k.out)
	bias := k.learned[1].Data
	for i := range k.batch {
		row := k.out[i*k.units : (i+1)*k.units]
		for j, b := range bias {
			row[j] += b
		}
	}
	k.act.forward(k.out)
}

func (k *dense) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	multiply(true, false, k.units, k.in, k.batch, dy, x, 0, k.learned[0].Grad)
	db := k.learned[1].Grad
	clear(db)
	for i := range k.batch {
		for j, g := range dy[i*k.units : (i+1)*k.units] {
			db[j] += g
		}
	}
	if k.dx != nil {
		multiply(false, false, k.batch, k.in, k.units, dy, k.learned[0].Data, 0, k.dx)
	}
}

// Flatten makes one row of an example.
type Flatten struct{}

func (Flatten) String() string { return "flatten" }

func (Flatten) build(b *build) (kernel, error) {
	return &flatten{base: b.base([]int{size(b.in)})}, nil
}

type flatten struct{ base }

func (k *flatten) forward(x []float32) { copy(k.out, x) }
func (k *flatten) backward(_, dy []float32) {
	copy(k.dx, dy)
}

// Dropout sets a share of its inputs to 0 while training and scales the others
// by 1/(1-Rate) (Srivastava et al. 2014); in evaluation it does nothing.
type Dropout struct{ Rate float64 }

func (l Dropout) String() string { return fmt.Sprintf("dropout %g", l.Rate) }

func (l Dropout) build(b *build) (kernel, error) {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return nil, fmt.Errorf("its rate must be at least 0 and below 1, not %g", l.Rate)
	}
	return &dropout{base: b.base(b.in), mask: make([]float32, b.batch*size(b.in)), rate: l.Rate, mode: b.mode, index: b.index}, nil
}

type dropout struct {
	base
	mask  []float32
	rate  float64
	mode  *mode
	index int
	pcg   rand.PCG
}

func (k *dropout) forward(x []float32) {
	if !k.mode.training {
		copy(k.out, x)
		return
	}
	// The mask depends on seed, layer and step alone.
	k.pcg.Seed(k.mode.seed^uint64(k.index+1)<<48, k.mode.step)
	threshold := uint32(k.rate * (1 << 32))
	keep := float32(1 / (1 - k.rate))
	for i := 0; i < len(k.mask); i += 2 {
		bits := k.pcg.Uint64()
		k.mask[i] = kept(uint32(bits) >= threshold, keep)
		if i+1 < len(k.mask) {
			k.mask[i+1] = kept(uint32(bits>>32) >= threshold, keep)
		}
	}
	for i, m := range k.mask {
		k.out[i] = x[i] * m
	}
}

func kept(yes bool, scale float32) float32 {
	if yes {
		return scale
	}
	return 0
}

func (k *dropout) backward(_, dy []float32) {
	if k.dx == nil {
		return
	}
	for i, m := range k.mask {
		k.dx[i] = dy[i] * m
	}
}
