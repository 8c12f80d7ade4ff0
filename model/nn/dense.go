package nn

import (
	"errors"
	"fmt"

	"github.com/inflame-deeplearning/sweep/model/nn/gemm"
	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

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
	w, bias := b.param("weight", []int{1, 0}, l.Units, in), b.param("bias", nil, l.Units)
	b.initialise(w, in, l.Units, l.Activation)
	return &dense{base: b.base([]int{l.Units}, w, bias), weight: w, bias: bias, act: act, batch: b.batch, in: in, units: l.Units}, nil
}

type dense struct {
	base
	weight, bias     *Param // weight as [in, units]: neither pass then transposes it for the first layer
	act              activation
	batch, in, units int
}

func (k *dense) forward(x []float32) {
	gemm.MulThen(false, false, k.batch, k.units, k.in, x, k.in, k.weight.Data, k.units, 0, k.out, k.units,
		gemm.Epilogue{Bias: k.bias.Data, ReLU: k.act.kind == ReLU})
	k.act.rest(k.out)
}

func (k *dense) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	if k.weight.Trained() {
		gemm.Mul(true, false, k.in, k.units, k.batch, x, k.in, dy, k.units, 0, k.weight.Grad, k.units)
		clear(k.bias.Grad)
		simd.SumRows(k.bias.Grad, dy)
	}
	if k.dx != nil {
		gemm.Mul(false, true, k.batch, k.in, k.units, dy, k.units, k.weight.Data, k.units, 0, k.dx, k.in)
	}
}
