package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// available is what this machine can do, before tests flip the switch.
var available = vector

// bothWays runs a test with the portable code and, where there is some, with
// the assembly.
func bothWays(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	defer func() { vector = available }()
	vector = false
	t.Run("portable", test)
	if available {
		vector = true
		t.Run("assembly", test)
	}
}

const (
	canary = float32(-12345.75)
	border = 11
)

// fence is a slice with canaries around it, at an odd address.
type fence struct {
	all  []float32
	data []float32
}

func fenced(values []float32) fence {
	all := make([]float32, len(values)+2*border)
	for i := range all {
		all[i] = canary
	}
	data := all[border : border+len(values) : border+len(values)]
	copy(data, values)
	return fence{all, data}
}

func (f fence) intact() bool {
	for i := range border {
		if f.all[i] != canary || f.all[len(f.all)-1-i] != canary {
			return false
		}
	}
	return true
}

// values returns n numbers about zero, some of them zero.
func values(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * 2)
		if r.IntN(16) == 0 {
			x[i] = 0
		}
	}
	return x
}

// near allows an error relative to the size of want or of the terms that made
// it up.
func near(got float32, want, size, tolerance float64) bool {
	if math.IsNaN(want) {
		return got != got
	}
	if math.IsInf(want, 0) {
		return float64(got) == want
	}
	return math.Abs(float64(got)-want) <= tolerance*(1+size)
}

// kernel is one function on slices: args are as long as the rows and columns
// they are given say.
type kernel struct {
	name string
	// shapes has a letter per slice: m for a matrix, v for a value per column.
	shapes string
	// changed is how many of the slices, from the first, are written.
	changed int
	apply   func(a [][]float32)
	// want computes from a copy of the arguments, in float64, what is left in
	// the written slices.
	want func(a [][]float64, n int)
	// prepare changes the random arguments, if not nil.
	prepare func(a [][]float32)
	// tolerance is 1e-6 unless set.
	tolerance float64
}

// each makes a want of a formula on the i-th values of flat slices.
func each(f func(a [][]float64, i int)) func([][]float64, int) {
	return func(a [][]float64, _ int) {
		for i := range a[0] {
			f(a, i)
		}
	}
}

func check(t *testing.T, k kernel, rows, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(rows), uint64(n)))
	var fences []fence
	var args, before [][]float32
	var exact [][]float64
	for _, shape := range k.shapes {
		size := n
		if shape == 'm' {
			size *= rows
		}
		args = append(args, values(r, size))
	}
	if k.prepare != nil {
		k.prepare(args)
	}
	for i, a := range args {
		fences = append(fences, fenced(a))
		before = append(before, a)
		args[i] = fences[i].data
		wide := make([]float64, len(a))
		for j, v := range a {
			wide[j] = float64(v)
		}
		exact = append(exact, wide)
	}
	k.apply(args)
	k.want(exact, n)
	tolerance := k.tolerance
	if tolerance == 0 {
		tolerance = 1e-6
	}
	// A sum over rows may cancel, so its size is that of its terms.
	var size float64
	if k.shapes[0] == 'v' {
		size = float64(4 * rows)
	}
	for i, f := range fences {
		if !f.intact() {
			t.Fatalf("%s of %dx%d wrote outside argument %d", k.name, rows, n, i)
		}
		for j, v := range f.data {
			if i >= k.changed {
				if v != before[i][j] && v == v {
					t.Fatalf("%s of %dx%d changed argument %d", k.name, rows, n, i)
				}
				continue
			}
			if want := exact[i][j]; !near(v, want, math.Abs(want)+size, tolerance) {
				t.Fatalf("%s of %dx%d: argument %d at %d is %g, want %g", k.name, rows, n, i, j, v, want)
			}
		}
	}
}

func TestKernels(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for _, k := range kernels {
			t.Run(k.name, func(t *testing.T) {
				for n := range 71 {
					check(t, k, 1, n)
				}
				for _, n := range []int{127, 1000, 4096, 9001} {
					check(t, k, 1, n)
				}
				for _, rows := range []int{0, 2, 3, 17, 300} {
					for _, n := range []int{1, 3, 7, 8, 9, 16, 31, 32, 33, 64, 65, 130} {
						check(t, k, rows, n)
					}
				}
			})
		}
	})
}

func TestSumSquares(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		r := rand.New(rand.NewPCG(1, 2))
		for _, n := range append(upTo(70), 4095, 4096, 4097, 20011) {
			x := fenced(values(r, n)).data
			var want float64
			for _, v := range x {
				want += float64(v) * float64(v)
			}
			if got := SumSquares(x); math.Abs(got-want) > 1e-5*(1+want) {
				t.Fatalf("SumSquares of %d is %g, want %g", n, got, want)
			}
		}
		if got := SumSquares([]float32{1, float32(math.NaN())}); got == got {
			t.Error("SumSquares lost NaN")
		}
	})
}

func upTo(n int) []int {
	var ns []int
	for i := range n + 1 {
		ns = append(ns, i)
	}
	return ns
}

// TestNaN puts NaN into one position of one argument at a time: it must come
// out where the reference, which follows IEEE 754, has it, and nowhere else.
func TestNaN(t *testing.T) {
	nan := float32(math.NaN())
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for _, k := range kernels {
			for arg := range k.shapes {
				for _, position := range []int{0, 5, 9, 70} {
					poisoned := k
					poisoned.prepare = func(a [][]float32) {
						if k.prepare != nil {
							k.prepare(a)
						}
						a[arg][position] = nan
					}
					check(t, poisoned, 1, 71)
				}
			}
		}
	})
}

func TestInfinity(t *testing.T) {
	inf := float32(math.Inf(1))
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for name, test := range map[string]struct {
			apply    func(x []float32)
			down, up float32
		}{
			"ReLU":    {ReLU, 0, inf},
			"Exp":     {func(x []float32) { Exp(x, x) }, 0, inf},
			"Sigmoid": {Sigmoid, 0, 1},
			"Tanh":    {Tanh, -1, 1},
			"SiLU":    {func(x []float32) { SiLU(x, x) }, 0, inf},
			"GELU":    {func(x []float32) { GELU(x, x) }, 0, inf},
			"SiLUGrad": {func(x []float32) {
				y := append([]float32{}, x...)
				for i := range x {
					x[i] = 1
				}
				SiLUGrad(x, y)
			}, 0, 1},
			"GELUGrad": {func(x []float32) {
				y := append([]float32{}, x...)
				for i := range x {
					x[i] = 1
				}
				GELUGrad(x, y)
			}, 0, 1},
		} {
			x := []float32{-inf, inf, -inf, inf, 0, 0, 0, 0, -inf, inf}
			test.apply(x)
			for i, want := range []float32{test.down, test.up, test.down, test.up} {
				if x[i] != want {
					t.Errorf("%s: value %d is %g, want %g", name, i, x[i], want)
				}
			}
			if x[8] != test.down || x[9] != test.up {
				t.Errorf("%s: the tail is %g", name, x[8:])
			}
		}
	})
}

// TestFunctions walks the real line.
func TestFunctions(t *testing.T) {
	normal := func(v float64) float64 { return 0.5 * math.Erfc(-v/math.Sqrt2) }
	logistic := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	ones := func(grad func(dy, x []float32)) func(dst, x []float32) {
		return func(dst, x []float32) {
			for i := range dst {
				dst[i] = 1
			}
			grad(dst, x)
		}
	}
	copied := func(f func(x []float32)) func(dst, x []float32) {
		return func(dst, x []float32) {
			copy(dst, x)
			f(dst)
		}
	}
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for _, f := range []struct {
			name               string
			apply              func(dst, x []float32)
			want               func(v float64) float64
			relative, absolute float64
		}{
			{"Exp", Exp, math.Exp, 2e-7, 1.5e-45},
			{"Sigmoid", copied(Sigmoid), logistic, 4e-7, 1e-38},
			{"Tanh", copied(Tanh), math.Tanh, 4e-7, 0},
			{"SiLU", SiLU, func(v float64) float64 { return v * logistic(v) }, 1e-6, 1e-35},
			{"GELU", GELU, func(v float64) float64 { return v * normal(v) }, 5e-7, 5e-7},
			{"SiLUGrad", ones(SiLUGrad), func(v float64) float64 {
				s := logistic(v)
				return s * (1 + v*(1-s))
			}, 5e-7, 5e-7},
			{"GELUGrad", ones(GELUGrad), func(v float64) float64 {
				return normal(v) + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi)
			}, 5e-7, 5e-7},
		} {
			x := make([]float32, 0, 400_000)
			for v := float32(1e-30); v < 130; v *= 1.0005 {
				x = append(x, v, -v)
			}
			got := make([]float32, len(x))
			f.apply(got, x)
			var worst float64
			for i, v := range x {
				want := f.want(float64(v))
				if want > math.MaxFloat32 {
					if want > math.MaxFloat32*(1+1e-7) && !math.IsInf(float64(got[i]), 1) {
						t.Fatalf("%s(%g) is %g, want infinity", f.name, v, got[i])
					}
					continue
				}
				off := math.Abs(float64(got[i]) - want)
				if !(off <= f.absolute+f.relative*math.Abs(want)) {
					t.Fatalf("%s(%g) is %g, want %g", f.name, v, got[i], want)
				}
				worst = max(worst, off/(1+math.Abs(want)))
			}
			t.Logf("%s: error %.2g", f.name, worst)
		}
	})
}

func TestLengths(t *testing.T) {
	long, short := make([]float32, 24), make([]float32, 7)
	eight := long[:8]
	for name, call := range map[string]func(){
		"Add":         func() { Add(eight, short) },
		"Mul":         func() { Mul(eight, eight, short) },
		"MaxIndex":    func() { MaxIndex(eight, short, eight, 0) },
		"GELU":        func() { GELU(eight, short) },
		"AddRow":      func() { AddRow(long, short) },
		"no columns":  func() { AddRow(long, nil) },
		"SumRows":     func() { SumRows(nil, long) },
		"ScaleShift":  func() { ScaleShift(long, long, eight, short) },
		"Combine":     func() { Combine(long, long, eight, long, eight, short) },
		"Moments":     func() { Moments(eight, eight, long, short) },
		"SumProducts": func() { SumProducts(eight, eight, long, eight, eight) },
		"SGD":         func() { SGDStep{Momentum: 1}.Apply(eight, eight, nil) },
		"Adam":        func() { AdamStep{}.Apply(eight, eight, eight, short) },
		"InputLines":  func() { InputLines(long, 4, long, 4, 5) },
		"KernelLines": func() { KernelLines(long, 4, long, 4, 8) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s took slices of wrong lengths", name)
				}
			}()
			call()
		}()
	}
	SGDStep{Rate: 1}.Apply(eight, eight, nil)
}

func TestNoAllocations(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		t.Helper()
		for _, k := range kernels {
			var args [][]float32
			for range k.shapes {
				args = append(args, make([]float32, 100))
			}
			if got := testing.AllocsPerRun(10, func() { k.apply(args) }); got != 0 {
				t.Errorf("%s allocates %g times", k.name, got)
			}
		}
		x := make([]float32, 100)
		if got := testing.AllocsPerRun(10, func() { SumSquares(x) }); got != 0 {
			t.Errorf("SumSquares allocates %g times", got)
		}
	})
}
