package nn

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"

	"github.com/inflame-deeplearning/sweep/model/nn/gemm"
)

// fastBLAS is gonum's, but for the product of matrices of float32.
type fastBLAS struct{ gonum.Implementation }

// Sgemm is c = alpha*op(a)*op(b) + beta*c. What package gemm does not do (other
// alphas and betas) is gonum's.
func (f fastBLAS) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if alpha != 1 || beta != 0 && beta != 1 || m <= 0 || n <= 0 || k <= 0 {
		f.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	gemm.Mul(tA != blas.NoTrans, tB != blas.NoTrans, m, n, k, a, lda, b, ldb, beta, c, ldc)
}

// useBLAS makes Gorgonia's own ops multiply with package gemm, in the whole
// program.
var useBLAS = sync.OnceFunc(func() { gorgonia.Use(fastBLAS{}) })
