package gemm

import "golang.org/x/sys/cpu"

//go:generate go run ./gen

//go:noescape
func transpose8(dst *float32, dstStride int, src *float32, srcStride, n int)

// The tiles leave just enough registers for b and two broadcasts of a.
var (
	avx2   = kernel{name: "avx2 6x16", mr: 6, lanes: 8, depth: 384, tiles: tilesAVX2, transpose: transpose8}
	avx512 = kernel{name: "avx512 14x32", mr: 14, lanes: 16, depth: 256, tiles: tilesAVX512, masks: true, transpose: transpose8}
)

// available are the kernels that this processor runs, the fastest last.
func available() []kernel {
	out := []kernel{portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		out = append(out, avx2)
		if cpu.X86.HasAVX512F {
			out = append(out, avx512)
		}
	}
	return out
}
