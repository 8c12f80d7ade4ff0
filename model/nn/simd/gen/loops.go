package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func base(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name).Base(), r)
	return r
}

func length(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name).Len(), r)
	return r
}

func bases(names []string) []reg.GPVirtual {
	var rs []reg.GPVirtual
	for _, name := range names {
		rs = append(rs, base(name))
	}
	return rs
}

// at is the u-th group of eight values after index i.
func at(base, i reg.GPVirtual, u int) Mem {
	return Mem{Base: base, Index: i, Scale: 4, Disp: 32 * u}
}

// stripes calls block for index i going over n values, in groups of eight as
// wide as the widths allow, largest first, and for the masked rest.
func stripes(label string, n reg.GPVirtual, mask vec, widths []int, block func(i reg.GPVirtual, width int, mask vec)) {
	i, next := GP64(), GP64()
	XORQ(i, i)
	for _, w := range widths {
		loop := fmt.Sprintf("%s%d", label, w)
		Label(loop)
		LEAQ(Mem{Base: i, Disp: 8 * w}, next)
		CMPQ(next, n)
		JGT(LabelRef(loop + "done"))
		block(i, w, nil)
		MOVQ(next, i)
		JMP(LabelRef(loop))
		Label(loop + "done")
	}
	CMPQ(i, n)
	JGE(LabelRef(label + "done"))
	block(i, 1, mask)
	Label(label + "done")
}

// formula computes the lanes of the outputs from those of the inputs, which it
// may overwrite.
type formula func(in []vec) []vec

// flat emits a function over slices as long as the first output. The setup
// loads what stays in registers.
func flat(name, signature string, in, out []string, unroll int, setup func() formula) {
	begin(name, signature)
	n := length(out[0])
	reads := bases(in)
	writes := make([]reg.GPVirtual, len(out))
	for k, o := range out {
		for j, i := range in {
			if i == o {
				writes[k] = reads[j]
			}
		}
		if writes[k] == nil {
			writes[k] = base(o)
		}
	}
	body := setup()
	mask := tailMask(n)
	widths := []int{unroll, 1}
	if unroll == 1 {
		widths = widths[1:]
	}
	stripes("flat", n, mask, widths, func(i reg.GPVirtual, width int, mask vec) {
		for u := range width {
			var vs []vec
			for _, r := range reads {
				vs = append(vs, load(at(r, i, u), mask))
			}
			for k, v := range body(vs) {
				store(v, at(writes[k], i, u), mask)
			}
		}
	})
	end()
}
