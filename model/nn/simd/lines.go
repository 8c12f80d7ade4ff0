package simd

// The functions here are the one-dimensional transforms of the Winograd
// convolution F(4x4,3x3) (A. Lavin and S. Gray, "Fast Algorithms for
// Convolutional Neural Networks", CVPR 2016) and their adjoints, for the
// interpolation points 0, 1/2, -1/2, 5/4, -5/4 and infinity: against the usual
// 0, 1, -1, 2, -2 they leave 2.7 times less rounding error at the same cost (the
// choice of points is the matter of Barabasz et al., "Error Analysis and
// Improving the Accuracy of Winograd Convolution for DNNs", 2018). Each is a
// small constant matrix applied to n independent columns: line j of the input is
// src[j*srcStride:][:n] and line k of the output is dst[k*dstStride:][:n]. The
// slices must not overlap, nor the lines of dst.

// lines panics unless slices hold the lines a transform reads and writes.
func lines(dst []float32, dstStride, outputs int, src []float32, srcStride, inputs, n int) {
	if n < 0 || srcStride < 0 || dstStride < n {
		panic("simd: lines overlap or have a negative size")
	}
	need("dst", len(dst), (outputs-1)*dstStride+n)
	need("src", len(src), (inputs-1)*srcStride+n)
}

// InputLines sets six lines to Bᵀ times six lines: the transform of a tile of the
// input.
func InputLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 6, src, srcStride, 6, n)
	if vector {
		inputLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	inputLinesGo(dst, dstStride, src, srcStride, n)
}

// OutputLines sets four lines to Aᵀ times six lines: the transform of a tile of
// products to outputs.
func OutputLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 4, src, srcStride, 6, n)
	if vector {
		outputLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	outputLinesGo(dst, dstStride, src, srcStride, n)
}

// KernelLines sets six lines to G times three lines: the transform of a kernel.
func KernelLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 6, src, srcStride, 3, n)
	if vector {
		kernelLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	kernelLinesGo(dst, dstStride, src, srcStride, n)
}

// OutputAdjointLines sets six lines to A times four lines: the adjoint of
// OutputLines.
func OutputAdjointLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 6, src, srcStride, 4, n)
	if vector {
		outputAdjointLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	outputAdjointLinesGo(dst, dstStride, src, srcStride, n)
}

// InputAdjointLines adds B times six lines to six lines: the adjoint of
// InputLines. It adds because the tiles of the input overlap.
func InputAdjointLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 6, src, srcStride, 6, n)
	if vector {
		inputAdjointLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	inputAdjointLinesGo(dst, dstStride, src, srcStride, n)
}

// KernelAdjointLines sets three lines to Gᵀ times six lines: the adjoint of
// KernelLines.
func KernelAdjointLines(dst []float32, dstStride int, src []float32, srcStride, n int) {
	if n == 0 {
		return
	}
	lines(dst, dstStride, 3, src, srcStride, 6, n)
	if vector {
		kernelAdjointLinesAVX(dst, dstStride, src, srcStride, n)
		return
	}
	kernelAdjointLinesGo(dst, dstStride, src, srcStride, n)
}
