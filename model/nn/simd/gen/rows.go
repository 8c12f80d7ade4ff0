package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows emits a function over whole rows of dst, reading the matrices and the
// vectors of one value per column; in is matrices, then vectors.
func rows(name, signature, dst string, matrices, vectors []string, unroll int, setup func() formula) {
	begin(name, signature)
	rest, n := length(dst), length(vectors[0])
	read, vector := bases(matrices), bases(vectors)
	write := read[0]
	moving := append([]reg.GPVirtual{}, read...)
	if matrices[0] != dst {
		write = base(dst)
		moving = append(moving, write)
	}
	body := setup()
	mask := tailMask(n)

	Label("row")
	CMPQ(rest, U8(0))
	JLE(LabelRef("end"))
	stripes("columns", n, mask, []int{unroll, 1}, func(i reg.GPVirtual, width int, mask vec) {
		for u := range width {
			var vs []vec
			for _, r := range read {
				vs = append(vs, load(at(r, i, u), mask))
			}
			for _, r := range vector {
				vs = append(vs, load(at(r, i, u), mask))
			}
			store(body(vs)[0], at(write, i, u), mask)
		}
	})
	for _, r := range moving {
		LEAQ(Mem{Base: r, Index: n, Scale: 4}, r)
	}
	SUBQ(n, rest)
	JMP(LabelRef("row"))
	Label("end")
	end()
}

func rowKernels() {
	rows("addRow", "(x, row []float32)", "x", []string{"x"}, []string{"row"}, 4, func() formula {
		return func(in []vec) []vec { return []vec{add(in[0], in[1])} }
	})
	rows("addRowReLU", "(x, row []float32)", "x", []string{"x"}, []string{"row"}, 4, func() formula {
		none := zero()
		return func(in []vec) []vec { return []vec{maxOf(none, add(in[0], in[1]))} }
	})
	rows("scaleShift", "(dst, x, scale, shift []float32)", "dst", []string{"x"}, []string{"scale", "shift"}, 2, func() formula {
		return func(in []vec) []vec { return []vec{mulAdd(in[0], in[1], in[2])} }
	})
	rows("scaleShiftReLU", "(dst, x, scale, shift []float32)", "dst", []string{"x"}, []string{"scale", "shift"}, 2, func() formula {
		none := zero()
		return func(in []vec) []vec { return []vec{maxOf(none, mulAdd(in[0], in[1], in[2]))} }
	})
	rows("combine", "(dst, dy, a, x, b, c []float32)", "dst", []string{"dy", "x"}, []string{"a", "b", "c"}, 2, func() formula {
		return func(in []vec) []vec {
			dy, x, a, b, c := in[0], in[1], in[2], in[3], in[4]
			return []vec{addMul(mulAdd(x, b, c), dy, a)}
		}
	})
}

// reduce emits a function that adds to each of the sums, which hold a value
// per column, what the formula returns for every row. Vectors are read once
// per group of columns.
func reduce(name, signature string, sums, matrices, vectors []string, body formula) {
	begin(name, signature)
	n, limit := length(sums[0]), length(matrices[0])
	sum, read, vector := bases(sums), bases(matrices), bases(vectors)
	LEAQ(Mem{Base: read[0], Index: limit, Scale: 4}, limit)
	mask := tailMask(n)
	var groups int
	stripes("columns", n, mask, []int{4, 2, 1}, func(i reg.GPVirtual, width int, mask vec) {
		groups++
		loop := "rows" + string(rune('a'+groups))
		totals, fixed := make([][]vec, width), make([][]vec, width)
		for u := range width {
			for range sum {
				totals[u] = append(totals[u], zero())
			}
			for _, r := range vector {
				fixed[u] = append(fixed[u], load(at(r, i, u), mask))
			}
		}
		moving := make([]reg.GPVirtual, len(read))
		for k, r := range read {
			moving[k] = GP64()
			LEAQ(at(r, i, 0), moving[k])
		}
		Label(loop)
		CMPQ(moving[0], limit)
		JGE(LabelRef(loop + "done"))
		for u := range width {
			in := append([]vec{}, totals[u]...)
			for _, r := range moving {
				in = append(in, load(Mem{Base: r, Disp: 32 * u}, mask))
			}
			body(append(in, fixed[u]...))
		}
		for _, r := range moving {
			LEAQ(Mem{Base: r, Index: n, Scale: 4}, r)
		}
		JMP(LabelRef(loop))
		Label(loop + "done")
		for u := range width {
			for k, r := range sum {
				store(add(totals[u][k], load(at(r, i, u), mask)), at(r, i, u), mask)
			}
		}
	})
	end()
}

func columnKernels() {
	reduce("sumRows", "(dst, x []float32)", []string{"dst"}, []string{"x"}, nil, func(in []vec) []vec {
		VADDPS(in[1], in[0], in[0])
		return nil
	})
	reduce("moments", "(sum, squares, x, shift []float32)", []string{"sum", "squares"}, []string{"x"}, []string{"shift"}, func(in []vec) []vec {
		sum, squares, v := in[0], in[1], sub(in[2], in[3])
		VADDPS(v, sum, sum)
		addMul(squares, v, v)
		return nil
	})
	reduce("sumProducts", "(sum, dot, dy, x, mean []float32)", []string{"sum", "dot"}, []string{"dy", "x"}, []string{"mean"}, func(in []vec) []vec {
		sum, dot, dy, x, mean := in[0], in[1], in[2], in[3], in[4]
		VADDPS(dy, sum, sum)
		addMul(dot, dy, sub(x, mean))
		return nil
	})
}
