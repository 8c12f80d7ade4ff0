package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// canary stands around every buffer: a kernel that writes beside it is seen.
const canary = 12345

func guarded(n int, r *rand.Rand) (whole, inner []float32) {
	const margin = 64
	whole = make([]float32, n+2*margin)
	for i := range whole {
		whole[i] = canary
	}
	inner = whole[margin : margin+n : margin+n]
	for i := range inner {
		inner[i] = float32(r.NormFloat64())
	}
	return whole, inner
}

// verify multiplies with a kernel and compares with a sum in float64.
func verify(t *testing.T, kern kernel, transA, transB bool, m, n, k, extra int, beta float32, bias, relu bool, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	lda, ldb, ldc := k+extra, n+extra, n+extra
	rowsA, rowsB := m, k
	if transA {
		lda, rowsA = m+extra, k
	}
	if transB {
		ldb, rowsB = k+extra, n
	}
	_, a := guarded(rowsA*lda, r)
	_, b := guarded(rowsB*ldb, r)
	whole, c := guarded(m*ldc, r)
	before := append([]float32(nil), c...)
	if beta == 0 {
		for i := range m {
			for j := range n {
				c[i*ldc+j] = float32(math.NaN())
			}
		}
	}
	e := Epilogue{ReLU: relu}
	if bias {
		_, e.Bias = guarded(n, r)
	}
	saved := best
	best = kern
	defer func() { best = saved }()
	MulThen(transA, transB, m, n, k, a, lda, b, ldb, beta, c, ldc, e)
	for i := range m {
		for j := range ldc {
			got := float64(c[i*ldc+j])
			if j >= n {
				if got != float64(before[i*ldc+j]) {
					t.Fatalf("%s: wrote beside row %d", kern.name, i)
				}
				continue
			}
			want, size := 0.0, 1.0
			if beta == 1 {
				want = float64(before[i*ldc+j])
			}
			for p := range k {
				x, y := at(a, lda, transA, i, p), at(b, ldb, transB, p, j)
				want += float64(x) * float64(y)
				size += math.Abs(float64(x) * float64(y))
			}
			if bias {
				want += float64(e.Bias[j])
			}
			if relu {
				want = max(want, 0)
			}
			if !(math.Abs(got-want) <= 1e-6*size) {
				t.Fatalf("%s: transA %v, transB %v, %dx%dx%d: c[%d,%d] is %g, want %g", kern.name, transA, transB, m, n, k, i, j, got, want)
			}
		}
	}
	for i, v := range whole {
		if (i < 64 || i >= len(whole)-64) && v != canary {
			t.Fatalf("%s: wrote beside the matrix", kern.name)
		}
	}
}

func at(data []float32, ld int, trans bool, row, col int) float32 {
	if trans {
		row, col = col, row
	}
	return data[row*ld+col]
}

func TestMulAgainstFloat64(t *testing.T) {
	shapes := [][3]int{
		{1, 1, 1},
		{1, 32, 5},
		{14, 32, 1},
		{6, 16, 7},
		{5, 3, 2},
		{15, 33, 300},
		{13, 31, 257},
		{128, 10, 64},
		{10, 128, 128},
		{169, 65, 20},
		{32, 784, 9},
		{64, 49, 288},
		{1, 300, 600},
		{300, 1, 600},
		{2, 4100, 3},
		{37, 300, 70},
		{5, 300, 20},
		{31, 300, 390},
	}
	for _, kern := range available() {
		for _, s := range shapes {
			for i := range 32 {
				verify(t, kern, i&1 > 0, i&2 > 0, s[0], s[1], s[2], i&4, float32(i>>2&1), i&8 > 0, i&16 > 0, uint64(i))
			}
		}
	}
}

func TestNothingToDo(t *testing.T) {
	c := []float32{1, 2}
	Mul(false, false, 1, 2, 0, nil, 0, nil, 2, 1, c, 2)
	if c[0] != 1 || c[1] != 2 {
		t.Errorf("with k = 0 and beta = 1, c became %v", c)
	}
	Mul(false, false, 1, 2, 0, nil, 0, nil, 2, 0, c, 2)
	if c[0] != 0 || c[1] != 0 {
		t.Errorf("with k = 0 and beta = 0, c became %v", c)
	}
	Mul(false, false, 0, 0, 0, nil, 0, nil, 0, 0, nil, 0)
}

func TestShortSlicesPanic(t *testing.T) {
	x := make([]float32, 11)
	for name, call := range map[string]func(){
		"a":   func() { Mul(false, false, 3, 1, 4, x, 4, x, 1, 0, x, 1) },
		"b":   func() { Mul(false, false, 1, 4, 3, x, 3, x, 4, 0, x, 4) },
		"c":   func() { Mul(false, false, 3, 4, 1, x, 1, x, 4, 0, x, 4) },
		"lda": func() { Mul(false, false, 2, 2, 3, x, 2, x, 2, 0, x, 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s too short: no panic", name)
				}
			}()
			call()
		}()
	}
}

func TestMulDoesNotAllocate(t *testing.T) {
	x := make([]float32, 64*64)
	y := make([]float32, 64*64)
	if n := testing.AllocsPerRun(100, func() { Mul(false, true, 64, 64, 64, x, 64, x, 64, 0, y, 64) }); n > 0.1 {
		t.Errorf("%g allocations a call", n)
	}
}

// The rectifier lets NaN pass: a training that diverges is to be seen.
func TestReLUKeepsNaN(t *testing.T) {
	saved := best
	defer func() { best = saved }()
	for _, best = range available() {
		a, b, c := make([]float32, 20), make([]float32, 40), make([]float32, 800)
		a[3], b[0] = float32(math.NaN()), 1
		MulThen(false, false, 20, 40, 1, a, 1, b, 40, 0, c, 40, Epilogue{ReLU: true})
		if c[3*40] == c[3*40] {
			t.Errorf("%s: NaN became %g", best.name, c[3*40])
		}
	}
}

func FuzzMul(f *testing.F) {
	f.Add(uint16(5), uint16(9), uint16(3), uint8(1), uint64(1))
	f.Fuzz(func(t *testing.T, m, n, k uint16, flags uint8, seed uint64) {
		for _, kern := range available() {
			verify(t, kern, flags&1 > 0, flags&2 > 0, int(m%70), int(n%70), int(k%300), int(flags>>5), float32(flags>>2&1), flags&8 > 0, flags&16 > 0, seed)
		}
	})
}

// BenchmarkMul is the layer shapes of the usual models, and squares; gonum's
// for comparison.
func BenchmarkMul(b *testing.B) {
	for _, s := range [][3]int{{512, 512, 512}, {1024, 1024, 1024}, {128, 256, 784}, {256, 784, 128}, {128, 128, 256}, {128, 10, 128}, {32, 784, 9}, {64, 196, 288}, {288, 196, 64}} {
		m, n, k := s[0], s[1], s[2]
		x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		for i := range x {
			x[i] = float32(i % 7)
		}
		for i := range y {
			y[i] = float32(i % 5)
		}
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", m, n, k, name), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(2*float64(m)*float64(n)*float64(k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		run("ours", func() { Mul(false, false, m, n, k, x, k, y, n, 0, z, n) })
		run("gonum", func() { gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, y, n, 0, z, n) })
	}
}
