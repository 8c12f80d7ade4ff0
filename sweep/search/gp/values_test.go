package gp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func TestNormalise(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	values := make([]float64, 50)
	for i := range values {
		values[i] = math.Exp(r.NormFloat64()) // far from normal
	}
	values[7] = math.Inf(1)
	out, scaling := normalise(values)
	mean, sd := stat.PopMeanStdDev(out, nil)
	if !near(mean, 0, 1e-9) || !near(sd, 1, 1e-9) {
		t.Errorf("mean %g, deviation %g", mean, sd)
	}
	if out[7] != slices.Max(out) {
		t.Errorf("a failure is %g, the worst %g", out[7], slices.Max(out))
	}
	for i := range values {
		for j := range values {
			if values[i] < values[j] && out[i] > out[j] {
				t.Fatalf("%g < %g turned round", values[i], values[j])
			}
		}
	}
	for i, v := range out {
		if i != 7 && !near(scaling.back(v), values[i], 1e-6) {
			t.Errorf("%g came back as %g", values[i], scaling.back(v))
		}
	}
	plain := slices.Clone(values)
	plain[7] = slices.Max(append(slices.Clone(values[:7]), values[8:]...))
	if before, after := stat.Skew(plain, nil), stat.Skew(out, nil); math.Abs(after) > math.Abs(before)/4 {
		t.Errorf("skew %g before, %g after", before, after)
	}
}

func TestNormaliseOfEqualAndFewValues(t *testing.T) {
	for _, values := range [][]float64{{3}, {3, 3}, {2, 2, 2, 2}, {1, math.Inf(1)}, {math.Inf(1), math.Inf(1)}, {1e300, -1e300, 0}} {
		out, _ := normalise(values)
		for _, v := range out {
			if math.IsNaN(v) || math.Abs(v) > 1e6 {
				t.Errorf("%v became %v", values, out)
				break
			}
		}
	}
}

func TestBend(t *testing.T) {
	for _, power := range []float64{-2, 0, 0.5, 1, 2, 4} {
		for _, v := range []float64{-2, -0.5, 0, 0.5, 3} {
			bent := bend(v, power)
			if got := unbend(bent, power); !near(got, v, 1e-9) {
				t.Errorf("%g bent by %g came back as %g", v, power, got)
			}
			if power == 1 && !near(bent, v, 1e-12) {
				t.Errorf("a power of 1 made %g of %g", bent, v)
			}
		}
	}
}

// What violates the constraint is worse than what does not, the more the worse.
func TestPenalised(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct{ values, violations, want []float64 }{
		{[]float64{3, 1, inf}, []float64{0, 0, inf}, []float64{3, 1, inf}},
		{[]float64{3, 1, 0, inf, -5, 9}, []float64{0, 0, 2, inf, 1e300, 2}, []float64{3, 1, 4, inf, 5, 4}},
		{[]float64{3, 1}, []float64{0.5, 0.25}, []float64{1, 0.5}},
		{[]float64{3, 1}, []float64{0, 0.25}, []float64{3, 4}},
	} {
		if got := penalised(test.values, test.violations); !slices.Equal(got, test.want) {
			t.Errorf("%v with violations %v became %v, want %v", test.values, test.violations, got, test.want)
		}
	}
}
