package nn

import "github.com/inflame-deeplearning/sweep/model/nn/gemm"

// multiply is c = op(a)*op(b) + beta*c for row-major matrices without gaps, op
// being the transpose where asked for; op(a) is m x k, op(b) k x n, c m x n;
// beta is 0 or 1. Every matrix product of the package goes through here.
func multiply(transA, transB bool, m, n, k int, a, b []float32, beta float32, c []float32) {
	lda, ldb := k, n
	if transA {
		lda = m
	}
	if transB {
		ldb = k
	}
	gemm.Mul(transA, transB, m, n, k, a, lda, b, ldb, beta, c, n)
}
