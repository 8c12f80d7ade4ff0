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
func transform(name string, inputs, outputs int, adds bool, setup func() formula) {
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
	body := setup()
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

// lineKernels writes the products out with their common sums and differences;
// portable_lines.go has the same in plain Go.
func lineKernels() {
	transform("input", 6, 6, false, func() formula {
		four := constant(4)
		return func(s []vec) []vec {
			even2, odd := sub(s[4], s[2]), sub(s[3], s[1])
			d0 := mulAdd(sub(s[0], s[2]), four, even2)
			d5 := subMul(sub(s[5], s[3]), four, odd)
			odd2 := add(odd, odd)
			even, odd1 := subMul(s[4], four, s[2]), subMul(s[3], four, s[1])
			return []vec{d0, add(even, odd1), sub(even, odd1), add(even2, odd2), sub(even2, odd2), d5}
		}
	})
	transform("output", 6, 4, false, func() formula {
		two, four, eight := constant(2), constant(4), constant(8)
		return func(s []vec) []vec {
			sum, difference := add(s[1], s[2]), sub(s[1], s[2])
			sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
			d0 := add(add(s[0], sum), sum2)
			d3 := addMul(add(s[5], difference), eight, difference2)
			return []vec{d0, addMul(difference, two, difference2), addMul(sum, four, sum2), d3}
		}
	})
	transform("kernel", 3, 6, false, func() formula {
		quarter, sixth := constant(1.0/4), constant(1.0/6)
		minusSixth, twelfth, small := constant(-1.0/6), constant(1.0/12), constant(1.0/24)
		return func(s []vec) []vec {
			ends := add(s[0], s[2])
			d1, d2 := mul(add(ends, s[1]), minusSixth), mul(sub(ends, s[1]), minusSixth)
			even, odd := addMul(mul(s[0], small), sixth, s[2]), mul(s[1], twelfth)
			return []vec{mul(s[0], quarter), d1, d2, add(even, odd), sub(even, odd), s[2]}
		}
	})
	transform("outputAdjoint", 4, 6, false, func() formula {
		four := constant(4)
		return func(s []vec) []vec {
			even, odd := add(s[0], s[2]), add(s[1], s[3])
			even2 := mulAdd(s[2], four, s[0])
			odd2 := addMul(s[1], four, s[3])
			odd2 = add(odd2, odd2)
			return []vec{s[0], add(even, odd), sub(even, odd), add(even2, odd2), sub(even2, odd2), s[3]}
		}
	})
	transform("inputAdjoint", 6, 6, true, func() formula {
		four, five := constant(4), constant(5)
		return func(s []vec) []vec {
			d := s[6:]
			sum, difference := add(s[1], s[2]), sub(s[1], s[2])
			sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
			difference2 = add(difference2, difference2)
			d1 := addMul(sub(d[1], difference2), four, sub(s[5], difference))
			d2 := subMul(subMul(sub(d[2], sum2), four, sum), five, s[0])
			d3 := subMul(add(d[3], add(difference, difference2)), five, s[5])
			d4 := add(d[4], add(add(s[0], sum), sum2))
			return []vec{addMul(d[0], four, s[0]), d1, d2, d3, d4, add(d[5], s[5])}
		}
	})
	transform("kernelAdjoint", 6, 3, false, func() formula {
		quarter, sixth := constant(1.0/4), constant(1.0/6)
		twelfth, small := constant(1.0/12), constant(1.0/24)
		return func(s []vec) []vec {
			sum, difference := add(s[1], s[2]), sub(s[2], s[1])
			sum2, difference2 := add(s[3], s[4]), sub(s[3], s[4])
			d0 := addMul(subMul(mul(s[0], quarter), sixth, sum), small, sum2)
			d1 := addMul(mul(difference, sixth), twelfth, difference2)
			d2 := addMul(s[5], sixth, sub(sum2, sum))
			return []vec{d0, d1, d2}
		}
	})
}
