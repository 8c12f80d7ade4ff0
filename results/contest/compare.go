package contest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// Rules say what it takes to beat the standing champion.
type Rules struct {
	MinGain float64
	Alpha   float64 // largest p-value; 0: nothing is tested
}

// Side is one of two that are compared.
type Side struct {
	Values []float64 // of the objective, one a seed: of the examples where there are some

	// Each is what the examples add to each seed's value, where it is a mean over
	// them or follows from one; nil: it does not, or there are no examples.
	Each [][]float64
	// Over is the value over a sample of the examples, the mean of the seeds'; nil:
	// there are no examples.
	Over func(sample []int) float64
}

// Result is how a challenger compares with a champion.
type Result struct {
	Gain  float64 // in the objective's direction
	P     float64 // NaN: there is nothing to test
	Test  string  // which tests, in words; empty: none
	Beats bool
}

// Compare compares two sides over the same examples, if there are some; sign is 1
// where larger values of the objective are better, -1 where smaller ones are.
//
// Two things may favour the better one by chance: the examples, and where both were
// trained with several seeds, the seeds. The gain has to stand against either, so the
// larger p-value counts: of the intersection of the two claims, the test has the level
// of each (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling",
// Technometrics 24).
func (r Rules) Compare(challenger, champion Side, examples int, sign float64) Result {
	out := Result{Gain: sign * (stat.Mean(challenger.Values, nil) - stat.Mean(champion.Values, nil)), P: math.NaN()}
	var tests []string
	add := func(p float64, format string, args ...any) {
		if !math.IsNaN(p) {
			if !(out.P >= p) { // NaN so far, or smaller
				out.P = p
			}
			tests = append(tests, fmt.Sprintf(format, args...))
		}
	}
	switch {
	case r.Alpha == 0:
	case challenger.Each != nil && champion.Each != nil:
		d := differences(challenger.Each, champion.Each, sign)
		if len(challenger.Each) == 1 && len(champion.Each) == 1 && binary(challenger.Each[0]) && binary(champion.Each[0]) {
			add(McNemar(count(d, 1), count(d, -1)), "McNemar's test over %d examples", examples)
		} else {
			add(PairedT(d), "a paired t test over %d examples", examples)
		}
	case challenger.Over != nil && champion.Over != nil:
		add(Bootstrap(examples, func(sample []int) float64 { return sign * (challenger.Over(sample) - champion.Over(sample)) }),
			"a paired bootstrap over %d examples", examples)
	}
	if n, m := len(challenger.Values), len(champion.Values); r.Alpha > 0 && n > 1 && m > 1 {
		add(Welch(signed(challenger.Values, sign), signed(champion.Values, sign)), "Welch's t test over %d and %d seeds", n, m)
	}
	out.Test = strings.Join(tests, " and ")
	const rounding = 1e-12 // of values such as 0.931 - 0.929
	out.Beats = out.Gain > 0 && out.Gain >= r.MinGain-rounding && (math.IsNaN(out.P) || out.P <= r.Alpha)
	return out
}

// differences are those between the means of the seeds, example by example.
func differences(first, second [][]float64, sign float64) []float64 {
	out := make([]float64, len(first[0]))
	for i := range out {
		for _, seed := range first {
			out[i] += sign * seed[i] / float64(len(first))
		}
		for _, seed := range second {
			out[i] -= sign * seed[i] / float64(len(second))
		}
	}
	return out
}

// binary reports whether examples are right or wrong.
func binary(each []float64) bool {
	return !slices.ContainsFunc(each, func(x float64) bool { return x != 0 && x != 1 })
}

// count is how many are x.
func count(all []float64, x float64) (n int) {
	for _, y := range all {
		if y == x {
			n++
		}
	}
	return n
}

func signed(values []float64, sign float64) []float64 {
	out := slices.Clone(values)
	for i := range out {
		out[i] *= sign
	}
	return out
}
