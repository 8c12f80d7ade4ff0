package nn

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// gemm is c = op(a)*op(b) + beta*c for row-major matrices without gaps, op
// being the transpose where asked for; op(a) is m x k, op(b) k x n, c m x n.
// Every matrix product of the package goes through here.
func gemm(transA, transB bool, m, n, k int, a, b []float32, beta float32, c []float32) {
	ta, lda := blas.NoTrans, k
	if transA {
		ta, lda = blas.Trans, m
	}
	tb, ldb := blas.NoTrans, n
	if transB {
		tb, ldb = blas.Trans, k
	}
	gonum.Implementation{}.Sgemm(ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, n)
}
