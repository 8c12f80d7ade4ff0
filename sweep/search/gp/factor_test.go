package gp

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// near reports whether a and b agree to a relative, or below 1 absolute, error.
func near(a, b, within float64) bool {
	return math.Abs(a-b) <= within*max(1, math.Abs(a), math.Abs(b))
}

// covariance is a random positive definite matrix.
func covariance(r *rand.Rand, n int) *mat.SymDense {
	root := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			root.Set(i, j, r.NormFloat64())
		}
	}
	s := mat.NewSymDense(n, nil)
	s.SymOuterK(1, root)
	for i := range n {
		s.SetSym(i, i, s.At(i, i)+1)
	}
	return s
}

func TestFactorOfGrowingMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 20
	s := covariance(r, n)
	var f factor
	for i := range n {
		row := make([]float64, i+1)
		for j := range row {
			row[j] = s.At(i, j)
		}
		f.extend(row)
	}
	var whole mat.Cholesky
	if !whole.Factorize(s) {
		t.Fatal("not positive definite")
	}
	var lower mat.TriDense
	whole.LTo(&lower)
	var inverse mat.SymDense
	if err := whole.InverseTo(&inverse); err != nil {
		t.Fatal(err)
	}
	got := f.inverse()
	for i := range n {
		for j := range i + 1 {
			if !near(f.rows[i][j], lower.At(i, j), 1e-12) {
				t.Errorf("L[%d][%d] = %g, want %g", i, j, f.rows[i][j], lower.At(i, j))
			}
			if !near(got[i][j], inverse.At(i, j), 1e-10) {
				t.Errorf("inverse[%d][%d] = %g, want %g", i, j, got[i][j], inverse.At(i, j))
			}
		}
	}
	if want := whole.LogDet() / 2; !near(f.halfLogDet(), want, 1e-12) {
		t.Errorf("half the log determinant is %g, want %g", f.halfLogDet(), want)
	}
}

func TestFactorSolves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 12
	s := covariance(r, n)
	var f factor
	for i := range n {
		row := make([]float64, i+1)
		for j := range row {
			row[j] = s.At(i, j)
		}
		f.extend(row)
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	var b mat.VecDense
	b.MulVec(s, mat.NewVecDense(n, x))
	got := append([]float64(nil), b.RawVector().Data...)
	f.forward(got)
	f.backward(got)
	for i := range x {
		if !near(got[i], x[i], 1e-10) {
			t.Errorf("x[%d] = %g, want %g", i, got[i], x[i])
		}
	}
}

// A point that is there twice, without noise, leaves nothing to take a root of.
func TestFactorOfDoubles(t *testing.T) {
	var f factor
	f.extend([]float64{1})
	f.extend([]float64{1, 1})
	if last := f.rows[1][1]; !(last > 0) {
		t.Errorf("diagonal %g", last)
	}
}
