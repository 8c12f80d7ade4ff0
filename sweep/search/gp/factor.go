package gp

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// pivot is the least square of a diagonal element: below it a point says
// nothing that earlier ones have not said.
const pivot = 1e-12

// factor is the lower Cholesky factor of a covariance matrix that grows by a
// row and column at a time (Cholesky-Banachiewicz). A row depends on those above
// it alone, so that a factor that was extended and one that was built at once
// are the same to the last bit.
type factor struct{ rows [][]float64 }

// extend adds a row: the covariances with the rows before, then the variance.
// It keeps the slice.
func (f *factor) extend(row []float64) {
	n := len(f.rows)
	for j, above := range f.rows {
		row[j] = (row[j] - floats.Dot(row[:j], above[:j])) / above[j]
	}
	row[n] = math.Sqrt(max(row[n]-floats.Dot(row[:n], row[:n]), pivot))
	f.rows = append(f.rows, row)
}

// forward replaces b by the solution of L x = b, L being the first len(b) rows.
func (f *factor) forward(b []float64) { f.onward(b, 0) }

// onward is forward where the first from of b's elements are solved.
func (f *factor) onward(b []float64, from int) {
	for i := from; i < len(b); i++ {
		row := f.rows[i]
		b[i] = (b[i] - floats.Dot(row[:i], b[:i])) / row[i]
	}
}

// backward replaces b by the solution of L' x = b.
func (f *factor) backward(b []float64) {
	for i := len(b) - 1; i >= 0; i-- {
		row := f.rows[i]
		b[i] /= row[i]
		floats.AddScaled(b[:i], -b[i], row[:i])
	}
}

// halfLogDet is half the logarithm of the matrix's determinant.
func (f *factor) halfLogDet() float64 {
	sum := 0.0
	for i, row := range f.rows {
		sum += math.Log(row[i])
	}
	return sum
}

// inverse is the lower triangle of the matrix's inverse. All its sums run along
// rows, where the elements lie side by side.
func (f *factor) inverse() [][]float64 {
	n := len(f.rows)
	root, out := triangle(n), triangle(n) // root: the inverse of L
	for i, row := range f.rows {
		r := root[i]
		for k := range i {
			floats.AddScaled(r[:k+1], row[k], root[k])
		}
		floats.Scale(-1/row[i], r[:i])
		r[i] = 1 / row[i]
		for a := range r {
			floats.AddScaled(out[a], r[a], r[:a+1])
		}
	}
	return out
}

// triangle is a lower triangular matrix of zeros in one piece of memory.
func triangle(n int) [][]float64 {
	cells, rows := make([]float64, n*(n+1)/2), make([][]float64, n)
	for i := range rows {
		rows[i], cells = cells[:i+1:i+1], cells[i+1:]
	}
	return rows
}
