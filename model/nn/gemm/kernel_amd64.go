package gemm

import "golang.org/x/sys/cpu"

// The tiles in kernel_amd64.s: 6 rows of 2 vectors of 8, and 14 rows of 2
// vectors of 16, which leave just enough registers for b and a broadcast.

//go:noescape
func kernel6x16(k int, a, b, c *float32, ldc int)

//go:noescape
func kernel14x32(k int, a, b, c *float32, ldc int)

var (
	avx2   = kernel{"avx2 6x16", 6, 16, kernel6x16}
	avx512 = kernel{"avx512 14x32", 14, 32, kernel14x32}
)

func choose() kernel {
	switch {
	case cpu.X86.HasAVX512F:
		return avx512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return avx2
	default:
		return portable
	}
}

// available are the kernels that this processor runs.
func available() []kernel {
	out := []kernel{portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		out = append(out, avx2)
	}
	if cpu.X86.HasAVX512F {
		out = append(out, avx512)
	}
	return out
}
