package gemm

//go:generate go run ./gen

//go:noescape
func transpose8(dst *float32, dstStride int, src *float32, srcStride, n int)

// The tile takes half of the registers: enough sums to keep four multipliers
// busy, and a width that divides the usual layers'.
var neon = kernel{name: "neon 8x8", mr: 8, lanes: 4, depth: 384, tiles: tilesNEON, transpose: transpose8}

// available are the kernels that this processor runs, the fastest last: NEON is
// part of the architecture.
func available() []kernel { return []kernel{portable, neon} }
