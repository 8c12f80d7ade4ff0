package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func flatKernels() {
	flat("add", "(dst, a []float32)", []string{"dst", "a"}, []string{"dst"}, 4, func() formula {
		return func(in []vec) []vec { return []vec{add(in[0], in[1])} }
	})
	flat("mul", "(dst, a, b []float32)", []string{"a", "b"}, []string{"dst"}, 4, func() formula {
		return func(in []vec) []vec { return []vec{mul(in[0], in[1])} }
	})
	flat("axpy", "(dst, a []float32, s float32)", []string{"dst", "a"}, []string{"dst"}, 4, func() formula {
		s := scalar("s")
		return func(in []vec) []vec { return []vec{addMul(in[0], s, in[1])} }
	})
	flat("scale", "(dst []float32, s float32)", []string{"dst"}, []string{"dst"}, 4, func() formula {
		s := scalar("s")
		return func(in []vec) []vec { return []vec{mul(in[0], s)} }
	})
	sumSquares()
	flat("maxIndex", "(best, from, x []float32, index float32)", []string{"best", "from", "x"}, []string{"best", "from"}, 2, func() formula {
		index := scalar("index")
		return func(in []vec) []vec {
			best, from, x := in[0], in[1], in[2]
			take := or(compare(x, greater, best), compare(x, unordered, x))
			return []vec{choose(take, x, best), choose(take, index, from)}
		}
	})
	flat("addWhere", "(dx, dy, from []float32, index float32)", []string{"dx", "dy", "from"}, []string{"dx"}, 2, func() formula {
		index := scalar("index")
		return func(in []vec) []vec {
			dx, dy, from := in[0], in[1], in[2]
			// Chosen rather than masked to zero, which would turn -0 to 0.
			return []vec{choose(compare(from, equal, index), add(dx, dy), dx)}
		}
	})
}

func sumSquares() {
	begin("sumSquares", "(x []float32) float32")
	x, n := base("x"), length("x")
	sums := []vec{zero(), zero(), zero(), zero()}
	stripes("flat", n, tailMask(n), []int{4, 1}, func(i reg.GPVirtual, width int, mask vec) {
		for u := range width {
			v := load(at(x, i, u), mask)
			addMul(sums[u], v, v)
		}
	})
	total := add(add(sums[0], sums[1]), add(sums[2], sums[3]))
	high := XMM()
	VEXTRACTF128(U8(1), total, high)
	half := XMM()
	VADDPS(total.AsX(), high, half)
	VHADDPS(half, half, half)
	VHADDPS(half, half, half)
	// The result is stored before the upper lanes are cleaned: MOVSS is slow
	// while they are dirty, VMOVSS is not.
	result, err := ReturnIndex(0).Resolve()
	if err != nil {
		panic(err)
	}
	VMOVSS(half, result.Addr)
	end()
}
