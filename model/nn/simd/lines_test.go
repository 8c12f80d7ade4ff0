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

// The matrices are those of Lavin and Gray, section 4.3.
var (
	matrixBT = [][]float64{
		{4, 0, -5, 0, 1, 0},
		{0, -4, -4, 1, 1, 0},
		{0, 4, -4, -1, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 2, -1, -2, 1, 0},
		{0, 4, 0, -5, 0, 1},
	}
	matrixAT = [][]float64{
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 2, -2, 0},
		{0, 1, 1, 4, 4, 0},
		{0, 1, -1, 8, -8, 1},
	}
	matrixG = [][]float64{
		{1.0 / 4, 0, 0},
		{-1.0 / 6, -1.0 / 6, -1.0 / 6},
		{-1.0 / 6, 1.0 / 6, -1.0 / 6},
		{1.0 / 24, 1.0 / 12, 1.0 / 6},
		{1.0 / 24, -1.0 / 12, 1.0 / 6},
		{0, 0, 1},
	}
	transforms = []winograd{
		{"InputLines", InputLines, matrixBT, false},
		{"OutputLines", OutputLines, matrixAT, false},
		{"KernelLines", KernelLines, matrixG, false},
		{"OutputAdjointLines", OutputAdjointLines, transposed(matrixAT), false},
		{"InputAdjointLines", InputAdjointLines, transposed(matrixBT), true},
		{"KernelAdjointLines", KernelAdjointLines, transposed(matrixG), false},
	}
)

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
			checkLines(t, w, int(n)%2048, int(dstGap), int(srcGap), seed)
		})
	})
}
