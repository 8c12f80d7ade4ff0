package main

import (
	"bytes"
	"fmt"
	"strings"
)

var arm64Sets = []isa{{name: "NEON", rows: 8, vectors: 2, code: neon{}}}

const arm64Registers = `// R8 to R15 are the rows of a, R1 is the way along them and R2 its step, in bytes.
// R3 walks b, R4 is its row; R5 walks c, R6 is its row; R0 counts k. V0 to V15
// are the tile, V16 and V17 b's row, V18 to V25 a's column.
`

// neon writes tiles for the vectors that every arm64 has. Go's assembler lacks
// their arithmetic on floats, all but a product of whole vectors.
type neon struct{}

// Opcodes, for four lanes of 32 bits.
const (
	fadd = 0x4e20d400
	fmax = 0x4e20f400
	fmla = 0x4f801000 // by lane 0 of the last operand
)

func (neon) tile(w *bytes.Buffer, rows, vectors int) {
	const (
		b = 16 // first register of b's row
		a = 18 // of a's column
	)
	p := func(format string, args ...any) { fmt.Fprintf(w, "\t"+format+"\n", args...) }
	label := func(name string) { fmt.Fprintf(w, "\n%s:\n", name) }
	acc := func(r, v int) int { return r*vectors + v }
	row := func(first int) string { // registers of a row of the tile, or of b
		all := make([]string, vectors)
		for v := range all {
			all[v] = fmt.Sprintf("V%d.S4", first+v)
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	add := func(d, m int) { p("WORD $%#x // FADD V%d.4S, V%d.4S, V%d.4S", fadd|m<<16|d<<5|d, d, d, m) }
	p("MOVD k+0(FP), R0")
	p("MOVD a+8(FP), R8")
	p("MOVD cs+24(FP), R2")
	p("MOVD b+32(FP), R3")
	p("MOVD ldb+40(FP), R4")
	p("MOVD c+48(FP), R5")
	p("MOVD ldc+56(FP), R6")
	p("MOVD flags+72(FP), R7")
	for _, r := range []string{"R2", "R4", "R6"} {
		p("LSL $2, %s, %s", r, r)
	}
	if rows > 1 {
		p("MOVD rs+16(FP), R1")
	}
	for r := 1; r < rows; r++ {
		p("ADD R1<<2, R%d, R%d", 8+r-1, 8+r)
	}
	p("MOVD $0, R1")
	for i := range rows * vectors {
		p("VEOR V%d.B16, V%d.B16, V%d.B16", i, i, i)
	}
	label("loop")
	p("VLD1.P (R3)(R4), %s", row(b))
	for r := range rows { // loads of one lane: a broadcast would take a unit that multiplies
		p("FMOVS (R%d)(R1), F%d", 8+r, a+r)
	}
	for r := range rows {
		for v := range vectors {
			d, n, m := acc(r, v), b+v, a+r
			p("WORD $%#x // FMLA V%d.4S, V%d.4S, V%d.S[0]", fmla|m<<16|n<<5|d, d, n, m)
		}
	}
	p("ADD R2, R1")
	p("SUB $1, R0")
	p("CBNZ R0, loop")

	// The epilogue: what was in c, the bias, the rectifier.
	p("TBZ $0, R7, bias")
	p("MOVD R5, R8")
	for r := range rows {
		p("VLD1.P (R8)(R6), %s", row(b))
		for v := range vectors {
			add(acc(r, v), b+v)
		}
	}
	label("bias")
	p("TBZ $1, R7, relu")
	p("MOVD bias+64(FP), R8")
	p("VLD1 (R8), %s", row(b))
	for r := range rows {
		for v := range vectors {
			add(acc(r, v), b+v)
		}
	}
	label("relu")
	p("TBZ $2, R7, store")
	p("VEOR V%d.B16, V%d.B16, V%d.B16", b, b, b)
	for d := range rows * vectors { // NaN where one operand is, unlike FMAXNM
		p("WORD $%#x // FMAX V%d.4S, V%d.4S, V%d.4S", fmax|b<<16|d<<5|d, d, d, b)
	}
	label("store")
	for r := range rows {
		p("VST1.P %s, (R5)(R6)", row(acc(r, 0)))
	}
	p("RET")
}
