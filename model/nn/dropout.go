package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

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
	keep := [2]float32{0, float32(1 / (1 - k.rate))}
	for i := 0; i < len(k.mask); i += 2 {
		bits := k.pcg.Uint64()
		k.mask[i] = keep[atLeast(uint32(bits), threshold)]
		if i+1 < len(k.mask) {
			k.mask[i+1] = keep[atLeast(uint32(bits>>32), threshold)]
		}
	}
	simd.Mul(k.out, x, k.mask)
}

// atLeast is 1 where v >= threshold, without a branch that half of the time is
// foretold wrongly.
func atLeast(v, threshold uint32) uint64 { return 1 ^ (uint64(v)-uint64(threshold))>>63 }

func (k *dropout) backward(_, dy []float32) {
	if k.dx != nil {
		simd.Mul(k.dx, dy, k.mask)
	}
}
