package contest

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// The values are of scipy 1.17: stats.binomtest(gained, gained+lost, alternative='greater').
func TestMcNemar(t *testing.T) {
	for _, test := range []struct {
		gained, lost int
		want         float64
	}{
		{10, 2, 0.019287109375},
		{34, 20, 0.0379523647445507},
		{121, 59, 2.2172246318775823e-06},
		{5, 5, 0.623046875},
		{0, 3, 1},
		{0, 0, 1},
		{7, 0, 1.0 / 128}, // seven heads in a row
	} {
		near(t, "p", McNemar(test.gained, test.lost), test.want, 1e-9)
	}
}

// The values are of scipy 1.17: stats.ttest_1samp(d, 0, alternative='greater').
func TestPairedT(t *testing.T) {
	d := []float64{0.30, 0.12, 0.51, -0.10, 0.22, 0.05, 0.41}
	near(t, "p", PairedT(d), 0.017750126416727838, 1e-12)
	near(t, "p of the other direction", PairedT(signed(d, -1)), 0.9822498735832722, 1e-12)
	near(t, "p where all gain the same", PairedT([]float64{1, 1, 1}), 0, 0)
	near(t, "p where none gains", PairedT([]float64{0, 0}), 1, 0)
	near(t, "p of one", PairedT([]float64{1}), math.NaN(), 0)
}

// The values are of scipy 1.17: stats.ttest_ind(a, b, equal_var=False, alternative='greater').
func TestWelch(t *testing.T) {
	for _, test := range []struct {
		first, second []float64
		want          float64
	}{
		{[]float64{0.931, 0.928, 0.935}, []float64{0.925, 0.921, 0.926}, 0.02436392436835416},
		{[]float64{0.9, 0.91}, []float64{0.91, 0.92, 0.90, 0.93}, 0.8534918289665179},
		{[]float64{27.5, 21, 19, 23.6, 17, 17.9}, []float64{27.1, 22, 20.8, 23.4}, 0.8477516302719176},
		{[]float64{2, 2}, []float64{1, 1}, 0}, // seeds that change nothing
		{[]float64{1, 1}, []float64{1, 1}, 1},
		{[]float64{2}, []float64{1, 1}, math.NaN()},
	} {
		near(t, "p", Welch(test.first, test.second), test.want, 1e-12)
	}
}

// Of a mean over examples, the bootstrap says nearly what the t test does.
func TestBootstrap(t *testing.T) {
	var d []float64
	for i := range 200 {
		d = append(d, math.Sin(float64(i*i))+0.06)
	}
	mean := func(sample []int) float64 {
		sum := 0.0
		for _, i := range sample {
			sum += d[i]
		}
		return sum
	}
	want := PairedT(d)
	if want < 0.02 || want > 0.3 {
		t.Fatalf("the t test says %g, which is no test of the bootstrap", want)
	}
	near(t, "p", Bootstrap(len(d), mean), want, 0.03)
	if first, second := Bootstrap(len(d), mean), Bootstrap(len(d), mean); first != second {
		t.Errorf("p is %g, then %g", first, second)
	}
}

func TestCompare(t *testing.T) {
	// right has the first n of 100 examples right.
	right := func(n int) []float64 {
		each := make([]float64, 100)
		for i := range n {
			each[i] = 1
		}
		return each
	}
	one := func(n int) Side { return Side{Values: []float64{float64(n) / 100}, Each: [][]float64{right(n)}} }
	for _, test := range []struct {
		name                 string
		rules                Rules
		challenger, champion Side
		examples             int
		sign                 float64
		want                 Result
	}{
		{
			"clearly better",
			Rules{0.002, 0.05},
			one(95), one(80), 100, 1,
			Result{Gain: 0.15, P: math.Pow(2, -15), Test: "McNemar's test over 100 examples", Beats: true},
		},
		{
			"better by chance",
			Rules{0.002, 0.05},
			one(83), one(80), 100, 1,
			Result{Gain: 0.03, P: 0.125, Test: "McNemar's test over 100 examples"},
		},
		{"better, untested", Rules{0.002, 0}, one(83), one(80), 100, 1, Result{Gain: 0.03, P: math.NaN(), Beats: true}},
		{"better by too little", Rules{0.04, 0}, one(83), one(80), 100, 1, Result{Gain: 0.03, P: math.NaN()}},
		{
			"worse",
			Rules{0, 0.05},
			one(70), one(80), 100, 1,
			Result{Gain: -0.1, P: 1, Test: "McNemar's test over 100 examples"},
		},
		{"equal", Rules{}, one(80), one(80), 100, 1, Result{Gain: 0, P: math.NaN()}},
		{
			"a smaller loss",
			Rules{0, 0.05},
			Side{Values: []float64{0.1}},
			Side{Values: []float64{0.3}},
			0, -1,
			Result{Gain: 0.2, P: math.NaN(), Beats: true},
		},
		{
			"seeds alone",
			Rules{0.002, 0.05},
			Side{Values: []float64{0.931, 0.928, 0.935}},
			Side{Values: []float64{0.925, 0.921, 0.926}},
			0, 1,
			Result{Gain: 0.0073333333, P: 0.02436392436835416, Test: "Welch's t test over 3 and 3 seeds", Beats: true},
		},
		{
			"the less certain of two tests counts",
			Rules{0, 0.05},
			Side{Values: []float64{0.95, 0.80}, Each: [][]float64{right(95), right(80)}},
			Side{Values: []float64{0.70, 0.79}, Each: [][]float64{right(70), right(79)}},
			100, 1,
			Result{Gain: 0.13, P: Welch([]float64{0.95, 0.80}, []float64{0.70, 0.79}), Test: "a paired t test over 100 examples and Welch's t test over 2 and 2 seeds"},
		},
		{
			"rounding takes no gain away",
			Rules{0.002, 0},
			Side{Values: []float64{0.931}},
			Side{Values: []float64{0.929}},
			0, 1,
			Result{Gain: 0.002, P: math.NaN(), Beats: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.rules.Compare(test.challenger, test.champion, test.examples, test.sign)
			near(t, "gain", got.Gain, test.want.Gain, 1e-9)
			near(t, "p", got.P, test.want.P, 2e-4)
			if got.Test != test.want.Test || got.Beats != test.want.Beats {
				t.Errorf("the result is %+v, want %+v", got, test.want)
			}
		})
	}
}

// Where there is no difference, a test finds one as seldom as alpha says; where there is
// one, mostly.
func TestErrorsOfBothKinds(t *testing.T) {
	const rounds, examples, alpha = 2000, 300, 0.05
	r := rand.New(rand.NewPCG(5, 6))
	answers := func(skill float64, hard []float64) []float64 {
		out := make([]float64, examples)
		for i := range out {
			if r.Float64() < skill-hard[i] {
				out[i] = 1
			}
		}
		return out
	}
	for _, test := range []struct {
		name     string
		gain     float64
		seeds    int
		from, to float64 // share of rounds in which it is found
	}{
		{"none, one seed", 0, 1, 0.01, 0.055}, // an exact test is on the safe side
		{"none, three seeds", 0, 3, 0, 0.055},
		{"0.1, one seed", 0.1, 1, 0.8, 1},
		{"0.1, three seeds", 0.1, 3, 0.8, 1},
	} {
		found := 0
		for range rounds {
			hard := make([]float64, examples) // alike for both
			for i := range hard {
				hard[i] = 0.5 * r.Float64()
			}
			var sides [2]Side
			for k, skill := range []float64{1 + test.gain, 1} {
				for range test.seeds {
					each := answers(skill, hard)
					sides[k].Each = append(sides[k].Each, each)
					sides[k].Values = append(sides[k].Values, stat.Mean(each, nil))
				}
			}
			if (Rules{Alpha: alpha}).Compare(sides[0], sides[1], examples, 1).Beats {
				found++
			}
		}
		if share := float64(found) / rounds; share < test.from || share > test.to {
			t.Errorf("%s: found in %g of the rounds, want %g to %g", test.name, share, test.from, test.to)
		} else {
			t.Logf("%s: found in %g of the rounds", test.name, share)
		}
	}
}
