package nn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// Residual is activation(body(x) + shortcut(x)) (He et al. 2016); an empty
// Shortcut is the identity.
type Residual struct {
	Body, Shortcut []Layer
	Activation     Activation
}

func (l Residual) String() string { return fmt.Sprintf("residual of %d layers", len(l.Body)) }

func (l Residual) build(b *build) (kernel, error) {
	if len(l.Body) == 0 {
		return nil, errors.New("its body is empty")
	}
	body, err := b.chain(l.Body, "body.")
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	shortcut, err := b.chain(l.Shortcut, "shortcut.")
	if err != nil {
		return nil, fmt.Errorf("shortcut: %w", err)
	}
	other := b.in
	if len(shortcut) > 0 {
		other = shortcut.shape()
	}
	if !slices.Equal(body.shape(), other) {
		return nil, fmt.Errorf("its body makes %v of what its shortcut makes %v of", body.shape(), other)
	}
	act, err := newActivation(l.Activation, b.batch*size(other))
	if err != nil {
		return nil, err
	}
	k := &residual{base: b.base(other, append(body.learned(), shortcut.learned()...)...), body: body, shortcut: shortcut, act: act}
	if k.dx != nil || len(k.learned) > 0 {
		k.dy = make([]float32, len(k.out))
	}
	return k, nil
}

type residual struct {
	base
	body, shortcut chain
	act            activation
	dy             []float32 // the body's: kernels may overwrite theirs
}

func (k *residual) forward(x []float32) {
	k.body.forward(x)
	other := x
	if len(k.shortcut) > 0 {
		k.shortcut.forward(x)
		other = k.shortcut.out()
	}
	if k.act.kind == ReLU {
		simd.AddReLU(k.out, k.body.out(), other)
		return
	}
	copy(k.out, k.body.out())
	simd.Add(k.out, other)
	k.act.forward(k.out)
}

func (k *residual) backward(x, dy []float32) {
	k.act.backward(k.out, dy)
	copy(k.dy, dy)
	k.body.backward(x, k.dy)
	if len(k.shortcut) > 0 {
		k.shortcut.backward(x, dy)
		dy = k.shortcut.dx()
	}
	if k.dx != nil {
		copy(k.dx, k.body.dx())
		simd.Add(k.dx, dy)
	}
}
