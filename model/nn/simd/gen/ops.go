package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is a register of eight float32 lanes.
type vec = reg.VecVirtual

// Comparison predicates that are quiet on NaN.
const (
	equal     = 0x00
	unordered = 0x03
	less      = 0x11
	lessEqual = 0x12
	greater   = 0x1e
)

// In the helpers below b may be a memory operand, a may not.

func add(a vec, b Op) vec {
	d := YMM()
	VADDPS(b, a, d)
	return d
}

func sub(a vec, b Op) vec {
	d := YMM()
	VSUBPS(b, a, d)
	return d
}

func mul(a vec, b Op) vec {
	d := YMM()
	VMULPS(b, a, d)
	return d
}

func div(a vec, b Op) vec {
	d := YMM()
	VDIVPS(b, a, d)
	return d
}

// maxOf returns b where either is NaN.
func maxOf(a, b vec) vec {
	d := YMM()
	VMAXPS(b, a, d)
	return d
}

// minOf returns b where either is NaN.
func minOf(a, b vec) vec {
	d := YMM()
	VMINPS(b, a, d)
	return d
}

// addMul turns c into c + a*b.
func addMul(c, a vec, b Op) vec {
	VFMADD231PS(b, a, c)
	return c
}

// subMul turns c into c - a*b.
func subMul(c, a vec, b Op) vec {
	VFNMADD231PS(b, a, c)
	return c
}

// mulAdd turns c into c*a + b.
func mulAdd(c, a vec, b Op) vec {
	VFMADD213PS(b, a, c)
	return c
}

func compare(a vec, predicate uint8, b Op) vec {
	d := YMM()
	VCMPPS(U8(predicate), b, a, d)
	return d
}

func and(a vec, b Op) vec {
	d := YMM()
	VANDPS(b, a, d)
	return d
}

// andNot returns b without the bits of a.
func andNot(a vec, b Op) vec {
	d := YMM()
	VANDNPS(b, a, d)
	return d
}

func or(a vec, b Op) vec {
	d := YMM()
	VORPS(b, a, d)
	return d
}

func xor(a vec, b Op) vec {
	d := YMM()
	VXORPS(b, a, d)
	return d
}

// choose returns yes where the top bit of mask is set, else no.
func choose(mask vec, yes Op, no vec) vec {
	d := YMM()
	VBLENDVPS(mask, yes, no, d)
	return d
}

func clone(a vec) vec {
	d := YMM()
	VMOVAPS(a, d)
	return d
}

func zero() vec {
	d := YMM()
	VXORPS(d, d, d)
	return d
}

// scalar returns a parameter in all lanes.
func scalar(name string) vec {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	d := YMM()
	VBROADCASTSS(p.Addr, d)
	return d
}

// constant returns a register with v in all lanes.
func constant(v float64) vec {
	d := YMM()
	VMOVUPS(lanes(v), d)
	return d
}

var constants = map[uint32]Mem{}

// lanes returns memory with v in all lanes.
func lanes(v float64) Mem { return bits(math.Float32bits(float32(v))) }

func bits(v uint32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("lanes%08x", v), attr.RODATA|attr.NOPTR)
	for i := range 8 {
		DATA(4*i, U32(v))
	}
	constants[v] = m
	return m
}

var masks Mem

// tailMask returns the mask of the last n%8 lanes of n values.
func tailMask(n reg.GPVirtual) vec {
	if masks.Symbol.Name == "" {
		masks = GLOBL("masks", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			v := U32(0)
			if i < 8 {
				v = ^U32(0)
			}
			DATA(4*i, v)
		}
	}
	rest, table, mask := GP64(), GP64(), YMM()
	MOVQ(n, rest)
	ANDQ(U8(7), rest)
	NEGQ(rest)
	LEAQ(masks, table)
	VMOVUPS(Mem{Base: table, Index: rest, Scale: 4, Disp: 32}, mask)
	return mask
}

// load reads eight lanes, or those of mask unless it is nil.
func load(m Mem, mask vec) vec {
	d := YMM()
	if mask == nil {
		VMOVUPS(m, d)
	} else {
		VMASKMOVPS(m, mask, d)
	}
	return d
}

func store(v vec, m Mem, mask vec) {
	if mask == nil {
		VMOVUPS(v, m)
	} else {
		VMASKMOVPS(v, mask, m)
	}
}
