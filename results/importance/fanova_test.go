package importance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// uniform are columns of numbers drawn evenly, x0, x1, ...
func uniform(n, parameters int, seed uint64) []Column {
	r := rand.New(rand.NewPCG(seed, 0))
	columns := make([]Column, parameters)
	for a := range columns {
		columns[a] = Column{Name: Name(fmt.Sprint("x", a)), Places: make([]float64, n)}
		for i := range n {
			columns[a].Places[i] = r.Float64()
		}
	}
	return columns
}

// branching is a choice of two kinds, the worse of which has a parameter that
// matters in it, and a number that matters in both.
func branching(n int) ([]Column, []float64) {
	r := rand.New(rand.NewPCG(3, 0))
	columns := []Column{
		{Name: "inner", Places: make([]float64, n)},
		{Name: "kind", Choices: 2, Places: make([]float64, n)},
		{Name: "x", Places: make([]float64, n)},
	}
	values := make([]float64, n)
	for i := range n {
		x, kind := r.Float64(), r.IntN(2)
		columns[0].Places[i], columns[1].Places[i], columns[2].Places[i] = math.NaN(), float64(kind), x
		values[i] = 2 * x
		if kind == 1 {
			inner := r.Float64()
			columns[0].Places[i] = inner
			values[i] += 2 + inner
		}
	}
	return columns, values
}

func share(effects []Effect, names ...Name) float64 {
	for _, e := range effects {
		if slices.Equal(e.Params, names) {
			return e.Share
		}
	}
	return math.NaN()
}

// Shares that follow from the function.
func TestFANOVAOfKnownFunctions(t *testing.T) {
	x := uniform(1000, 4, 1)
	kinds := Column{Name: "kind", Choices: 4, Places: make([]float64, 1000)}
	for i, u := range uniform(1000, 1, 2)[0].Places {
		kinds.Places[i] = math.Floor(4 * u)
	}
	for _, test := range []struct {
		name    string
		columns []Column
		f       func(i int) float64
		want    map[Name]float64
		pair    []Name
		strong  float64 // the pair's share
	}{
		{
			"2a + b: variances 4/12 and 1/12", x,
			func(i int) float64 { return 2*x[0].Places[i] + x[1].Places[i] },
			map[Name]float64{"x0": 0.8, "x1": 0.2, "x2": 0, "x3": 0},
			nil, 0,
		},
		{
			"a b: variances 3/144 each, 1/144 of both", x,
			func(i int) float64 { return x[0].Places[i] * x[1].Places[i] },
			map[Name]float64{"x0": 3. / 7, "x1": 3. / 7, "x2": 0, "x3": 0},
			[]Name{"x0", "x1"},
			1. / 7,
		},
		{
			"a + choice: variances 1/12 and that of 0, 1, 0, 1",
			[]Column{x[0], kinds},
			func(i int) float64 { return x[0].Places[i] + float64(int(kinds.Places[i])%2) },
			map[Name]float64{"x0": 0.25, "kind": 0.75},
			nil, 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			values := make([]float64, 1000)
			for i := range values {
				values[i] = test.f(i)
			}
			main, pairs, err := FANOVA(test.columns, values, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range test.want {
				if got := share(main, name); !(math.Abs(got-want) < 0.05) {
					t.Errorf("%s explains %.3f, want %.3f", name, got, want)
				}
			}
			if got := share(pairs, test.pair...); test.pair != nil && !(math.Abs(got-test.strong) < 0.03) {
				t.Errorf("the interactions are %v, want %.3f", pairs, test.strong)
			}
		})
	}
}

// What decides on a parameter explains what its presence means.
func TestFANOVAOfConditions(t *testing.T) {
	columns, values := branching(800)
	main, _, err := FANOVA(columns, values, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	// 2x has variance 1/3, 0 or 2.5 has 1.5625; inner, where it is, has 1/12 in half.
	if kind, x, inner := share(main, "kind"), share(main, "x"), share(main, "inner"); kind < 0.7 || x < 0.1 || x > 0.25 || inner > 0.05 {
		t.Errorf("the effects are %v", main)
	}
}

// A tree's components are those that summing over every cell of the space gives.
func TestMarginalsByBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	for round := range 20 {
		columns, values := branching(40)
		columns[1] = Column{Name: "kind", Choices: 5, Places: make([]float64, 40)}
		for i := range values {
			columns[1].Places[i] = float64(r.IntN(4)) // nobody has the last
			columns[2].Places[i] = float64(r.IntN(7)) / 7
			values[i] = r.NormFloat64()
		}
		var axes []axis
		for _, c := range columns {
			axes = append(axes, newAxis(c))
		}
		m := newMarginals(axes)
		grown := newGrower(axes, values, 1).grow(r)
		m.read(grown)
		main, pairs := slices.Clone(m.main()), map[[2]int]float64{}
		m.pairs(func(a, b int, v float64) { pairs[[2]int{a, b}] = v })
		want := components(axes, grown)
		compare := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("round %d: the variance of %s is %g, want %g", round, what, got, want)
			}
		}
		compare("all", m.total(), want.total)
		for a := range axes {
			compare(fmt.Sprint("axis ", a), main[a], want.main[a])
			for b := a + 1; b < len(axes); b++ {
				compare(fmt.Sprint("axes ", a, b), pairs[[2]int{a, b}], want.pairs[[2]int{a, b}])
			}
		}
	}
}

// decomposition is a tree's variance components.
type decomposition struct {
	total float64
	main  []float64
	pairs map[[2]int]float64
}

// components enumerates three axes' cells.
func components(axes []axis, t tree) decomposition {
	measure := func(a, c int) float64 { return axes[a].below[c+1] - axes[a].below[c] }
	predict := func(cells [3]int) float64 {
		n := t[0]
		for n.left > 0 {
			cell, x := cells[n.axis], axes[n.axis]
			left := cell < int(n.cut)
			if !x.ordered {
				left = n.choices[cell]
			} else if cell == x.values {
				left = n.absentLeft
			}
			next := n.right
			if left {
				next = n.left
			}
			n = t[next]
		}
		return n.value
	}
	out := decomposition{main: make([]float64, 3), pairs: map[[2]int]float64{}}
	mean, square := 0.0, 0.0
	var one [3][]float64
	var two [3][3][][]float64
	for a := range 3 {
		one[a] = make([]float64, axes[a].cells())
		for b := range 3 {
			two[a][b] = make([][]float64, axes[a].cells())
			for c := range two[a][b] {
				two[a][b][c] = make([]float64, axes[b].cells())
			}
		}
	}
	for i := range axes[0].cells() {
		for j := range axes[1].cells() {
			for k := range axes[2].cells() {
				cells := [3]int{i, j, k}
				f := predict(cells)
				mu := [3]float64{measure(0, i), measure(1, j), measure(2, k)}
				all := mu[0] * mu[1] * mu[2]
				mean += all * f
				square += all * f * f
				for a := range 3 {
					one[a][cells[a]] += all / mu[a] * f
					for b := range 3 {
						two[a][b][cells[a]][cells[b]] += all / mu[a] / mu[b] * f
					}
				}
			}
		}
	}
	out.total = square - mean*mean
	for a := range 3 {
		for i, f := range one[a] {
			out.main[a] += measure(a, i) * (f - mean) * (f - mean)
			for b := a + 1; b < 3; b++ {
				for j, both := range two[a][b][i] {
					rest := both - f - one[b][j] + mean
					out.pairs[[2]int{a, b}] += measure(a, i) * measure(b, j) * rest * rest
				}
			}
		}
	}
	return out
}

// Of whatever was tried: no share is negative or more than all, together they are
// not either, and the order of the columns changes nothing.
func TestShares(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := Fewest + r.IntN(60)
		columns, values := branching(n)
		columns = append(columns, uniform(n, 3, seed)...)
		columns = append(columns, Column{Name: "constant", Places: make([]float64, n)})
		for i := range values {
			values[i] += r.NormFloat64() * columns[3].Places[i]
		}
		main, pairs, err := FANOVA(columns, values, 100, seed)
		if err != nil {
			t.Fatal(err)
		}
		best, err := PEDANOVA(columns, values, 0.2, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, effects := range [][]Effect{slices.Concat(main, pairs), best} {
			sum := 0.0
			for _, e := range effects {
				sum += e.Share
				if !(e.Share >= 0 && e.SD >= 0) {
					t.Errorf("seed %d: a share of %v", seed, e)
				}
			}
			if !(sum <= 1+1e-9) {
				t.Errorf("seed %d: shares of %g in all: %v", seed, sum, effects)
			}
		}
		if share(main, "constant") != 0 || share(best, "constant") > 1e-12 {
			t.Errorf("seed %d: a constant matters: %v, %v", seed, main, best)
		}
		r.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		again, both, err := FANOVA(columns, values, 100, seed)
		if err != nil {
			t.Fatal(err)
		}
		bestAgain, err := PEDANOVA(columns, values, 0.2, seed)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(again, both, bestAgain) != fmt.Sprint(main, pairs, best) {
			t.Errorf("seed %d: in another order %v %v %v, not %v %v %v", seed, again, both, bestAgain, main, pairs, best)
		}
	}
}

// Shares have no unit.
func TestFANOVAOfAnyUnit(t *testing.T) {
	columns, values := branching(60)
	want, _, err := FANOVA(columns, values, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range []float64{1e-300, -3, 1e300} {
		scaled := slices.Clone(values)
		for i := range scaled {
			scaled[i] *= unit
		}
		got, _, err := FANOVA(columns, scaled, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range want {
			if s := share(got, e.Params...); !(math.Abs(s-e.Share) < 1e-6) {
				t.Errorf("in units of %g, %s explains %g, not %g", unit, e.Params, s, e.Share)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	columns := uniform(20, 2, 1)
	equal := make([]float64, 20)
	various := slices.Clone(columns[0].Places)
	strange := slices.Clone(various)
	strange[3] = math.Inf(1)
	fixed := []Column{{Name: "fixed", Places: make([]float64, 20)}}
	for _, test := range []struct {
		columns []Column
		values  []float64
		want    string
	}{
		{columns, equal, "all 20 variants have the same value, 0"},
		{uniform(9, 2, 1), various[:9], "there are 9 variants with a value, and it takes 10"},
		{columns, strange, "value 3 is +Inf"},
		{nil, various, "there is no parameter"},
		{fixed, various, ""},
	} {
		_, _, err := FANOVA(test.columns, test.values, 0, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("fanova: the error is %v, want %q", err, test.want)
		}
		_, err = PEDANOVA(test.columns, test.values, 0.1, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ped-anova: the error is %v, want %q", err, test.want)
		}
	}
	if _, err := PEDANOVA(columns, various, 1, 1); err == nil {
		t.Error("the best of all are all")
	}
}

// BenchmarkFANOVA is that of 1,000 variants of 32 parameters, on one core.
func BenchmarkFANOVA(b *testing.B) {
	columns := uniform(1000, 32, 1)
	r := rand.New(rand.NewPCG(2, 0))
	values := make([]float64, 1000)
	for i := range values {
		values[i] = 0.2 * r.NormFloat64()
		for a := range 6 {
			values[i] += columns[a].Places[i] * columns[(a+1)%6].Places[i] * float64(a)
		}
	}
	for _, pairs := range []int{0, 5} {
		b.Run(fmt.Sprintf("pairs=%d", pairs), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := FANOVA(columns, values, pairs, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("ped-anova", func(b *testing.B) {
		for b.Loop() {
			if _, err := PEDANOVA(columns, values, 0.1, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
