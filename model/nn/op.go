package nn

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// kernel is a layer's arithmetic on buffers that it owns.
type kernel interface {
	state() *base
	forward(x []float32)
	// backward turns the gradient of the output into those of the learned
	// parameters and, where it is needed, of the input. It may overwrite gradOut.
	backward(x, gradOut []float32)
}

// The ops below have in common that they return memory they own, that two of them are never the same, and that nothing is overwritten.
type opBase struct {
	name  string
	arity int
	typ   hm.Type
	shape tensor.Shape
	value gorgonia.Value           // what Do returns: a view of a buffer of the kernel
	do    func(inputs [][]float32) // nil for an input that is a scalar
	id    *byte                    // tells ops of equal layers apart: Gorgonia merges ops of equal hash
}

func (o *opBase) Arity() int    { return o.arity }
func (o *opBase) Type() hm.Type { return o.typ }
func (o *opBase) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.shape.Clone(), nil
}
func (o *opBase) ReturnsPtr() bool     { return true }
func (o *opBase) CallsExtern() bool    { return false }
func (o *opBase) OverwritesInput() int { return -1 }
func (o *opBase) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "%s %p", o.name, o.id)
}

func (o *opBase) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
func (o *opBase) String() string { return o.name }
func (o *opBase) self() *opBase  { return o }

func (o *opBase) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	values := make([][]float32, len(inputs))
	for i, in := range inputs {
		values[i] = floats(in)
	}
	o.do(values)
	return o.value, nil
}

func newBase(name string, inputs gorgonia.Nodes, shape []int, data []float32, do func([][]float32)) opBase {
	return opBase{
		name: name, arity: len(inputs), typ: functionType(inputs, tensorType(len(shape))), shape: shape,
		value: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data)), do: do, id: new(byte),
	}
}

func tensorType(dims int) hm.Type { return gorgonia.TensorType{Dims: dims, Of: gorgonia.Float32} }

func functionType(inputs gorgonia.Nodes, out hm.Type) hm.Type {
	types := make([]hm.Type, 0, len(inputs)+1)
	for _, in := range inputs {
		types = append(types, in.Type())
	}
	return hm.NewFnType(append(types, out)...)
}

// floats is a tensor's numbers; nil for a scalar.
func floats(v gorgonia.Value) []float32 {
	data, _ := v.Data().([]float32)
	return data
}

// forwardOp is a layer in a graph; its inputs are x and the learned parameters.
type forwardOp struct {
	opBase
	k kernel
}

func newForward(k kernel, batch int, inputs gorgonia.Nodes) *forwardOp {
	shape := stored(batch, k.state().shape)
	return &forwardOp{k: k, opBase: newBase(fmt.Sprintf("%T", k), inputs, shape, k.state().out, func(in [][]float32) {
		k.forward(in[0])
	})}
}

// stored is the shape of a batch as layers hold it: channels last.
func stored(batch int, shape []int) []int {
	if len(shape) == 3 {
		return []int{batch, shape[1], shape[2], shape[0]}
	}
	return append([]int{batch}, shape...)
}

// DiffWRT is true for the parameters, and for x where a layer before learns.
func (o *forwardOp) DiffWRT(inputs int) []bool {
	out := make([]bool, inputs)
	for i := range out {
		out[i] = i > 0 || o.k.state().dx != nil
	}
	return out
}

// SymDiff is one op that computes all gradients in a pass and returns the
// first; the others are ops that do nothing but wait for it.
func (o *forwardOp) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	type result struct {
		at    int // of the input whose gradient it is
		shape []int
		data  []float32
	}
	var results []result
	for i, p := range o.k.state().learned {
		results = append(results, result{i + 1, p.storedShape(), p.Grad})
	}
	if dx := o.k.state().dx; dx != nil {
		results = append(results, result{0, inputs[0].Shape(), dx})
	}
	out := make(gorgonia.Nodes, len(inputs))
	var pass *gorgonia.Node
	for i, r := range results {
		var from gorgonia.Nodes
		var do func([][]float32)
		if i == 0 {
			from = gorgonia.Nodes{inputs[0], output, grad}
			do = func(in [][]float32) { o.k.backward(in[0], in[2]) }
		} else {
			from = gorgonia.Nodes{pass}
			do = func([][]float32) {}
		}
		op := newBase(fmt.Sprintf("grad %d of %s", r.at, o.name), from, r.shape, r.data, do)
		node, err := gorgonia.ApplyOp(&op, from...)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			pass = node
		}
		out[r.at] = node
	}
	return out, nil
}

// lossOp is the mean loss of a batch; its input is the logits.
type lossOp struct {
	opBase
	k *lossKernel
}

func newLossOp(k *lossKernel, logits *gorgonia.Node) *lossOp {
	value := gorgonia.NewF32(0)
	return &lossOp{k: k, opBase: opBase{
		name: "loss", arity: 1, typ: hm.NewFnType(logits.Type(), gorgonia.Float32),
		shape: tensor.ScalarShape(), value: value, id: new(byte),
		do: func(in [][]float32) {
			k.forward(in[0])
			*value = gorgonia.F32(k.value)
		},
	}}
}

// DiffWRT is true: logits are all there is.
func (o *lossOp) DiffWRT(int) []bool { return []bool{true} }

// SymDiff is the gradient of the logits, which the forward pass left behind.
func (o *lossOp) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	from := gorgonia.Nodes{inputs[0], output, grad}
	op := newBase("grad of loss", from, inputs[0].Shape(), o.k.grad, func([][]float32) {})
	node, err := gorgonia.ApplyOp(&op, from...)
	if err != nil {
		return nil, err
	}
	return gorgonia.Nodes{node}, nil
}
