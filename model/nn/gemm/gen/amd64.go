package main

import (
	"bytes"
	"fmt"
)

var amd64Sets = []isa{
	{name: "AVX2", rows: 6, vectors: 2, code: avx{lanes: 8, reg: "Y", acc: 4}},
	{name: "AVX512", rows: 14, vectors: 2, code: avx{lanes: 16, reg: "Z", acc: 4, masks: true}},
}

// avx is a vector extension's view of a tile.
type avx struct {
	lanes int
	reg   string // vector registers' letter
	acc   int    // first register of the accumulators
	masks bool   // whether loads and stores of b, c and bias take a mask
}

const amd64Registers = `// AX walks a, R8 walks a nine rows below; R9, R10, R11 and R12 are 1, 3, 5 and
// 7 rows of a, R13 a step along k, all in bytes. BX walks b, DX is its row; DI
// walks c, SI is its row; CX counts k.
`

// row is the address of a's element in a row of the tile.
func row(i int) string {
	return []string{
		"(AX)", "(AX)(R9*1)", "(AX)(R9*2)", "(AX)(R10*1)", "(AX)(R9*4)", "(AX)(R11*1)", "(AX)(R10*2)",
		"(AX)(R12*1)", "(AX)(R9*8)", "(R8)", "(R8)(R9*1)", "(R8)(R9*2)", "(R8)(R10*1)", "(R8)(R9*4)",
	}[i]
}

func (s avx) tile(w *bytes.Buffer, rows, vectors int) {
	p := func(format string, args ...any) { fmt.Fprintf(w, "\t"+format+"\n", args...) }
	label := func(name string) { fmt.Fprintf(w, "\n%s:\n", name) }
	acc := func(r, v int) string { return fmt.Sprintf("%s%d", s.reg, s.acc+r*vectors+v) }
	b := func(v int) string { return fmt.Sprintf("%s%d", s.reg, v) }
	bytes := 4 * s.lanes
	load := func(v int, from, to string) {
		if s.masks {
			p("VMOVUPS.Z %s, K%d, %s", from, v+1, to)
		} else {
			p("VMOVUPS %s, %s", from, to)
		}
	}
	p("MOVQ k+0(FP), CX")
	p("MOVQ a+8(FP), AX")
	p("MOVQ rs+16(FP), R9")
	p("MOVQ cs+24(FP), R13")
	p("MOVQ b+32(FP), BX")
	p("MOVQ ldb+40(FP), DX")
	p("MOVQ c+48(FP), DI")
	p("MOVQ ldc+56(FP), SI")
	for _, r := range []string{"R9", "R13", "DX", "SI"} {
		p("SHLQ $2, %s", r)
	}
	p("LEAQ (R9)(R9*2), R10")
	if rows > 5 {
		p("LEAQ (R9)(R9*4), R11")
	}
	if rows > 7 {
		p("LEAQ (R10)(R9*4), R12")
	}
	if rows > 9 {
		p("LEAQ (AX)(R9*8), R8")
		p("ADDQ R9, R8")
	}
	if s.masks {
		p("MOVQ mask+80(FP), R15")
		p("KMOVW R15, K1")
		if vectors > 1 {
			p("SHRQ $16, R15")
			p("KMOVW R15, K2")
		}
	}
	for r := range rows {
		for v := range vectors {
			if s.masks {
				p("VPXORD %s, %s, %s", acc(r, v), acc(r, v), acc(r, v))
			} else {
				p("VXORPS %s, %s, %s", acc(r, v), acc(r, v), acc(r, v))
			}
		}
	}
	// c is fetched while the product is computed, and of a what the next tile reads
	// where that is what follows.
	p("MOVQ DI, R15")
	for r := range rows {
		p("PREFETCHT0 (R15)")
		if r < rows-1 {
			p("ADDQ SI, R15")
		}
	}
	label("loop")
	for v := range vectors {
		load(v, fmt.Sprintf("%d(BX)", v*bytes), b(v))
	}
	for r := range rows {
		p("VBROADCASTSS %s, %s", row(r), b(2+r%2))
		for v := range vectors {
			p("VFMADD231PS %s, %s, %s", b(v), b(2+r%2), acc(r, v))
		}
	}
	p("PREFETCHT0 512(AX)")
	p("ADDQ R13, AX")
	if rows > 9 {
		p("ADDQ R13, R8")
	}
	p("ADDQ DX, BX")
	p("DECQ CX")
	p("JNZ loop")

	// The epilogue: what was in c, the bias, the rectifier.
	p("MOVQ flags+72(FP), R9")
	p("TESTQ $1, R9")
	p("JZ bias")
	p("MOVQ DI, AX")
	for r := range rows {
		for v := range vectors {
			load(v, fmt.Sprintf("%d(AX)", v*bytes), b(0))
			p("VADDPS %s, %s, %s", b(0), acc(r, v), acc(r, v))
		}
		p("ADDQ SI, AX")
	}
	label("bias")
	p("TESTQ $2, R9")
	p("JZ relu")
	p("MOVQ bias+64(FP), AX")
	for v := range vectors {
		load(v, fmt.Sprintf("%d(AX)", v*bytes), b(v))
	}
	for r := range rows {
		for v := range vectors {
			p("VADDPS %s, %s, %s", b(v), acc(r, v), acc(r, v))
		}
	}
	label("relu")
	p("TESTQ $4, R9")
	p("JZ store")
	if s.masks {
		p("VPXORD %s, %s, %s", b(0), b(0), b(0))
	} else {
		p("VXORPS %s, %s, %s", b(0), b(0), b(0))
	}
	for r := range rows {
		for v := range vectors {
			p("VMAXPS %s, %s, %s", acc(r, v), b(0), acc(r, v)) // the second source wins where one is NaN
		}
	}
	label("store")
	for r := range rows {
		for v := range vectors {
			if s.masks {
				p("VMOVUPS %s, K%d, %d(DI)", acc(r, v), v+1, v*bytes)
			} else {
				p("VMOVUPS %s, %d(DI)", acc(r, v), v*bytes)
			}
		}
		if r < rows-1 {
			p("ADDQ SI, DI")
		}
	}
	p("VZEROUPPER")
	p("RET")
}
