package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// winograd is a transform and the matrix it stands for.
type winograd struct {
	name   string
	apply  func(dst []float32, dstStride int, src []float32, srcStride, n int)
	matrix [][]float64
	adds   bool
}

func (w winograd) outputs() int { return len(w.matrix) }
func (w winograd) inputs() int  { return len(w.matrix[0]) }

func transposed(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for _, row := range m {
		for j, v := range row {
			t[j] = append(t[j], v)
		}
	}
	return t
}

// The matrices of Cook and Toom for the points at which polynomials are
// multiplied: the rows of Bᵀ are the coefficients of the product of (x - q) over
// the other points q, those of G and A the powers of the point, G's over the
// product of its distances to the others.
var (
	points   = []float64{0, 0.5, -0.5, 1.25, -1.25}
	matrixBT = func() [][]float64 {
		all := []float64{1} // the product over all points
		rows := make([][]float64, 0, 6)
		for i := range points {
			row := []float64{1}
			for j, q := range points {
				if j != i {
					row = timesRoot(row, q)
				}
			}
			rows = append(rows, append(row, 0))
			all = timesRoot(all, points[i])
		}
		return append(rows, all)
	}()
	matrixAT   = transposed(powers(4, false))
	matrixG    = powers(3, true)
	transforms = []winograd{
		{"InputLines", InputLines, matrixBT, false},
		{"OutputLines", OutputLines, matrixAT, false},
		{"KernelLines", KernelLines, matrixG, false},
		{"OutputAdjointLines", OutputAdjointLines, transposed(matrixAT), false},
		{"InputAdjointLines", InputAdjointLines, transposed(matrixBT), true},
		{"KernelAdjointLines", KernelAdjointLines, transposed(matrixG), false},
	}
)

// timesRoot is the polynomial p, lowest power first, times (x - q).
func timesRoot(p []float64, q float64) []float64 {
	out := make([]float64, len(p)+1)
	for i, c := range p {
		out[i] -= q * c
		out[i+1] += c
	}
	return out
}

// powers has a row for each point, of its n first powers, and one for infinity.
func powers(n int, scaled bool) [][]float64 {
	var rows [][]float64
	for i, p := range points {
		scale := 1.0
		for j, q := range points {
			if scaled && j != i {
				scale /= p - q
			}
		}
		row := make([]float64, n)
		for k := range row {
			row[k] = scale * math.Pow(p, float64(k))
		}
		rows = append(rows, row)
	}
	last := make([]float64, n)
	last[n-1] = 1
	return append(rows, last)
}

func checkLines(t *testing.T, w winograd, n, dstGap, srcGap int, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	dstStride, srcStride := n+dstGap, n+srcGap
	src := fenced(values(r, (w.inputs()-1)*srcStride+n))
	before := values(r, (w.outputs()-1)*dstStride+n)
	dst := fenced(before)
	w.apply(dst.data, dstStride, src.data, srcStride, n)
	if !dst.intact() || !src.intact() {
		t.Fatalf("%s wrote outside its slices", w.name)
	}
	for i, v := range dst.data {
		line, column := i/dstStride, i%dstStride
		if column >= n {
			if v != before[i] {
				t.Fatalf("%s of %d wrote between the lines, at %d", w.name, n, i)
			}
			continue
		}
		var want, size float64
		if w.adds {
			want = float64(before[i])
			size = math.Abs(want)
		}
		for j, c := range w.matrix[line] {
			term := c * float64(src.data[column+j*srcStride])
			want += term
			size += math.Abs(term)
		}
		if !near(v, want, size, 1e-6) {
			t.Fatalf("%s of %d: line %d at %d is %g, want %g", w.name, n, line, column, v, want)
		}
	}
}

func TestLines(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for _, w := range transforms {
			for _, n := range append(upTo(70), 257, 1003) {
				checkLines(t, w, n, 0, 0, 1)
				checkLines(t, w, n, 3, 8, 2)
			}
		}
	})
}

// TestConvolution holds the three transforms to what they are for: a
// correlation of six inputs with three weights.
func TestConvolution(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		r := rand.New(rand.NewPCG(5, 6))
		const n = 19
		x, k := values(r, 6*n), values(r, 3*n)
		tx, tk, y := make([]float32, 6*n), make([]float32, 6*n), make([]float32, 4*n)
		InputLines(tx, n, x, n, n)
		KernelLines(tk, n, k, n, n)
		Mul(tx, tx, tk)
		OutputLines(y, n, tx, n, n)
		for i, v := range y {
			var want float64
			for j := range 3 {
				want += float64(x[i+j*n]) * float64(k[i%n+j*n])
			}
			if !near(v, want, 30, 1e-6) {
				t.Fatalf("output %d is %g, want %g", i, v, want)
			}
		}
	})
}

func TestLinesAllocateNothing(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		src, dst := make([]float32, 600), make([]float32, 600)
		for _, w := range transforms {
			if got := testing.AllocsPerRun(10, func() { w.apply(dst, 100, src, 100, 100) }); got != 0 {
				t.Errorf("%s allocates %g times", w.name, got)
			}
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add(uint8(0), uint16(17), uint8(0), uint8(3), uint64(1))
	f.Add(uint8(4), uint16(64), uint8(5), uint8(0), uint64(2))
	f.Fuzz(func(t *testing.T, which uint8, n uint16, dstGap, srcGap uint8, seed uint64) {
		w := transforms[int(which)%len(transforms)]
		bothWays(t, func(t *testing.T) {
			t.Helper()
			checkLines(t, w, int(n)%2048, int(dstGap), int(srcGap), seed)
		})
	})
}
