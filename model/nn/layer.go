package nn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Layer describes one layer of a network. The set is closed: Dense, Conv,
// BatchNorm, Activate, MaxPool, AvgPool, Dropout, Flatten, Residual and Part.
type Layer interface {
	fmt.Stringer
	build(b *build) (kernel, error)
}

// Part names a layer: its parameters are Name.weight and so on, as a file of
// weights has them. A Frozen one is not trained, and normalises by its running
// statistics even while the rest trains.
type Part struct {
	Name   string
	Frozen bool
	Layer  Layer
}

func (l Part) String() string { return l.Layer.String() }

func (l Part) build(b *build) (kernel, error) {
	inner := *b
	inner.name = b.parent + l.Name + "."
	inner.frozen = b.frozen || l.Frozen
	return inner.layer(l.Layer)
}

// shared is what all layers of a network are built with.
type shared struct {
	batch  int
	seed   uint64
	mode   *mode
	params []*Param
	work   *workspace
	layers int // built so far: each draws its own random numbers
}

// build is what a layer is built from.
type build struct {
	*shared
	parent    string // what the names of parameters begin with around this layer
	name      string // and in it
	frozen    bool
	in        []int // shape of one input example
	index     int   // of the layer in the network
	needInput bool  // whether a layer before this one learns
}

// chain builds layers one after the other. prefix names those without a name.
func (b build) chain(layers []Layer, prefix string) (chain, error) {
	var out chain
	b.parent = b.name
	for i, layer := range layers {
		if _, flat := layer.(Dense); flat && len(b.in) > 1 {
			out = append(out, b.flatten())
			b.in = out.shape()
		}
		b.name = fmt.Sprintf("%s%s%d.", b.parent, prefix, i)
		k, err := b.layer(layer)
		if err != nil {
			return nil, fmt.Errorf("layer %d (%s) on input %v: %w", i, layer, b.in, err)
		}
		b.needInput = b.needInput || len(k.state().learned) > 0
		b.in = k.state().shape
		out = append(out, k)
	}
	return out, nil
}

func (b *build) layer(l Layer) (kernel, error) {
	if _, named := l.(Part); !named {
		b.index = b.layers
		b.layers++
	}
	return l.build(b)
}

// param is a new parameter of the layer, learned unless it is frozen.
func (b *build) param(name string, order []int, shape ...int) *Param {
	p := b.buffer(name, shape...)
	p.order = order
	if !b.frozen {
		p.Grad = make([]float32, len(p.Data))
	}
	return p
}

// buffer is a new tensor of the layer that is not learned.
func (b *build) buffer(name string, shape ...int) *Param {
	p := &Param{Name: b.name + name, Shape: shape, Data: make([]float32, size(shape))}
	b.params = append(b.params, p)
	return p
}

// initialise draws weights: uniformly, with the variance of He et al. 2015
// before a rectifier and of Glorot and Bengio 2010 before any other activation.
func (b *build) initialise(p *Param, fanIn, fanOut int, act Activation) {
	bound := math.Sqrt(6 / float64(fanIn+fanOut))
	if act.rectifier() {
		bound = math.Sqrt(6 / float64(fanIn))
	}
	r := rand.New(rand.NewPCG(b.seed, uint64(b.index)))
	values := make([]float32, len(p.Data))
	for i := range values {
		values[i] = float32((2*r.Float64() - 1) * bound)
	}
	p.SetValues(values)
}

// base is what kernels have in common.
type base struct {
	shape   []int     // of one output example: [features] or [channels, height, width]
	out     []float32 // [batch, features] or [batch, height, width, channels]
	dx      []float32 // gradient of the input; nil where nobody needs it
	learned []*Param
}

func (k *base) state() *base { return k }

// base makes the buffers of a layer with these parameters.
func (b *build) base(shape []int, params ...*Param) base {
	k := base{shape: shape, out: make([]float32, b.batch*size(shape))}
	if b.needInput {
		k.dx = make([]float32, b.batch*size(b.in))
	}
	for _, p := range params {
		if p != nil && p.Trained() {
			k.learned = append(k.learned, p)
		}
	}
	return k
}

// chain is kernels that follow each other.
type chain []kernel

func (c chain) shape() []int   { return c[len(c)-1].state().shape }
func (c chain) out() []float32 { return c[len(c)-1].state().out }
func (c chain) dx() []float32  { return c[0].state().dx }

func (c chain) forward(x []float32) {
	for _, k := range c {
		k.forward(x)
		x = k.state().out
	}
}

func (c chain) backward(x, dy []float32) {
	for i, v := range slices.Backward(c) {
		in := x
		if i > 0 {
			in = c[i-1].state().out
		}
		v.backward(in, dy)
		dy = v.state().dx
		if dy == nil {
			return
		}
	}
}

func (c chain) learned() []*Param {
	var out []*Param
	for _, k := range c {
		out = append(out, k.state().learned...)
	}
	return out
}

// workspace is memory that layers use one after the other.
type workspace struct {
	columns, dcolumns []float32 // of convolutions by im2col
	wino              winogradSpace
}

// grow makes x hold n values at least.
func grow(x *[]float32, n int) {
	if len(*x) < n {
		*x = make([]float32, n)
	}
}

var errImage = errors.New("it needs an image, [channels, height, width]")
