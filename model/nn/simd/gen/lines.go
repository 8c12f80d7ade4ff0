package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// line is where the j-th of up to six lines starts. Two pointers, to lines 0
// and 3, reach them all by scaled indexes.
func line(first, fourth, stride reg.GPVirtual, j int) Mem {
	p := first
	if j >= 3 {
		p, j = fourth, j-3
	}
	if j == 0 {
		return Mem{Base: p}
	}
	return Mem{Base: p, Index: stride, Scale: uint8(j)}
}

// transform emits a function over n columns. The formula gets the input lines,
// and the output lines after them if it adds to these.
func transform(name string, inputs, outputs int, adds bool, body formula) {
	begin(name+"Lines", "(dst []float32, dstStride int, src []float32, srcStride, n int)")
	n, srcStride, dstStride := GP64(), GP64(), GP64()
	Load(Param("n"), n)
	Load(Param("srcStride"), srcStride)
	Load(Param("dstStride"), dstStride)
	SHLQ(U8(2), srcStride)
	SHLQ(U8(2), dstStride)
	src, dst := base("src"), base("dst")
	src3, dst3 := GP64(), GP64()
	LEAQ(Mem{Base: src, Index: srcStride, Scale: 2}, src3)
	ADDQ(srcStride, src3)
	LEAQ(Mem{Base: dst, Index: dstStride, Scale: 2}, dst3)
	ADDQ(dstStride, dst3)
	mask := tailMask(n)

	column := func(mask vec) {
		var in []vec
		for j := range inputs {
			in = append(in, load(line(src, src3, srcStride, j), mask))
		}
		if adds {
			for k := range outputs {
				in = append(in, load(line(dst, dst3, dstStride, k), mask))
			}
		}
		for k, v := range body(in) {
			store(v, line(dst, dst3, dstStride, k), mask)
		}
	}

	SUBQ(U8(8), n)
	JLT(LabelRef("tail"))
	Label("columns")
	column(nil)
	for _, p := range []reg.GPVirtual{src, src3, dst, dst3} {
		ADDQ(U8(32), p)
	}
	SUBQ(U8(8), n)
	JGE(LabelRef("columns"))
	Label("tail")
	CMPQ(n, I8(-8))
	JLE(LabelRef("end"))
	column(mask)
	Label("end")
	end()
}

// Of the interpolation points 0, a, -a, b, -b and infinity, and what the
// transforms make of them; lines.go says which points and why.
const (
	a, b   = 1.0 / 2, 5.0 / 4
	a2, b2 = a * a, b * b
	na, nb = 2 * a2 * (a2 - b2), 2 * b2 * (b2 - a2)
)

// lineKernels writes the products out with their common sums and differences;
// portable_lines.go has the same in plain Go.
func lineKernels() {
	transform("input", 6, 6, false, func(s []vec) []vec {
		even, odd := subMul(clone(s[4]), s[2], lanes(b2)), mul(subMul(clone(s[3]), s[1], lanes(b2)), lanes(a))
		even2, odd2 := subMul(clone(s[4]), s[2], lanes(a2)), mul(subMul(clone(s[3]), s[1], lanes(a2)), lanes(b))
		d0 := subMul(addMul(s[4], s[0], lanes(a2*b2)), s[2], lanes(a2+b2))
		d5 := subMul(addMul(s[5], s[1], lanes(a2*b2)), s[3], lanes(a2+b2))
		return []vec{d0, add(even, odd), sub(even, odd), add(even2, odd2), sub(even2, odd2), d5}
	})
	transform("output", 6, 4, false, func(s []vec) []vec {
		sum, difference := add(s[1], s[2]), sub(s[1], s[2])
		sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
		d0 := add(add(s[0], sum), sum2)
		d1 := addMul(mul(difference, lanes(a)), difference2, lanes(b))
		d2 := addMul(mul(sum, lanes(a2)), sum2, lanes(b2))
		d3 := addMul(addMul(s[5], difference, lanes(a*a2)), difference2, lanes(b*b2))
		return []vec{d0, d1, d2, d3}
	})
	transform("kernel", 3, 6, false, func(s []vec) []vec {
		even, odd := addMul(mul(s[0], lanes(1/na)), s[2], lanes(a2/na)), mul(s[1], lanes(a/na))
		even2, odd2 := addMul(mul(s[0], lanes(1/nb)), s[2], lanes(b2/nb)), mul(s[1], lanes(b/nb))
		return []vec{mul(s[0], lanes(1/(a2*b2))), add(even, odd), sub(even, odd), add(even2, odd2), sub(even2, odd2), s[2]}
	})
	transform("outputAdjoint", 4, 6, false, func(s []vec) []vec {
		even, odd := addMul(clone(s[0]), s[2], lanes(a2)), mul(addMul(clone(s[1]), s[3], lanes(a2)), lanes(a))
		even2, odd2 := addMul(clone(s[0]), s[2], lanes(b2)), mul(addMul(clone(s[1]), s[3], lanes(b2)), lanes(b))
		return []vec{s[0], add(even, odd), sub(even, odd), add(even2, odd2), sub(even2, odd2), s[3]}
	})
	transform("inputAdjoint", 6, 6, true, func(s []vec) []vec {
		d := s[6:]
		sum, difference := add(s[1], s[2]), sub(s[1], s[2])
		sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
		d0 := addMul(d[0], s[0], lanes(a2*b2))
		d1 := addMul(subMul(subMul(d[1], difference, lanes(a*b2)), difference2, lanes(b*a2)), s[5], lanes(a2*b2))
		d2 := subMul(subMul(subMul(d[2], s[0], lanes(a2+b2)), sum, lanes(b2)), sum2, lanes(a2))
		d3 := subMul(addMul(addMul(d[3], difference, lanes(a)), difference2, lanes(b)), s[5], lanes(a2+b2))
		d4 := add(d[4], add(add(s[0], sum), sum2))
		return []vec{d0, d1, d2, d3, d4, add(d[5], s[5])}
	})
	transform("kernelAdjoint", 6, 3, false, func(s []vec) []vec {
		sum, difference := add(s[1], s[2]), sub(s[1], s[2])
		sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
		d0 := addMul(addMul(mul(s[0], lanes(1/(a2*b2))), sum, lanes(1/na)), sum2, lanes(1/nb))
		d1 := addMul(mul(difference, lanes(a/na)), difference2, lanes(b/nb))
		d2 := addMul(addMul(s[5], sum, lanes(a2/na)), sum2, lanes(b2/nb))
		return []vec{d0, d1, d2}
	})
}
