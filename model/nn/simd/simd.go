// Package simd holds the float32 loops that training spends its time in
// outside matrix products: elementwise arithmetic, activations and their
// gradients, per-column work on row-major matrices, optimizer steps and the
// one-dimensional Winograd transforms.
//
// It holds no matrix product (see package gemm), no shapes and no goroutines:
// a caller that wants several cores splits its slices. Nothing here allocates.
//
// On amd64 with AVX2 and FMA the loops are assembly, written by gen; elsewhere
// they are the plain Go of portable.go. The two agree to rounding, not to the
// bit: the assembly fuses multiplications with additions and sums in another
// order. Both leave everything outside their slices alone.
package simd

//go:generate go run ./gen -out simd_amd64.s -stubs stubs_amd64.go -pkg simd

// need panics unless the named argument has at least want values.
func need(name string, have, want int) {
	if have < want {
		panic("simd: " + name + " is shorter than needed")
	}
}

// whole panics unless size values are whole rows of n.
func whole(name string, size, n int) {
	if n == 0 && size != 0 || n != 0 && size%n != 0 {
		panic("simd: " + name + " is not whole rows")
	}
}
