//go:build !amd64

package simd

// vector says whether the assembly may run: there is none for this
// architecture.
var vector = false
