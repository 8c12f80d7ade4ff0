// Package contest says whether one variant is better than another, and how likely the
// difference is where there is none: over the examples that both were scored on, and
// over the seeds that each was trained with. It scores nothing and keeps nothing.
package contest

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Every test here is one-sided: of the question whether the first is better than the
// second, not whether they differ.

// McNemar is the exact test of two classifiers over the same examples (McNemar 1947,
// "Note on the sampling error of the difference between correlated proportions",
// Psychometrika 12; recommended for two trained models by Dietterich 1998,
// "Approximate statistical tests for comparing supervised classification learning
// algorithms", Neural Computation 10). Examples that both have right, or both wrong,
// say nothing; among the others, where there is no difference, either is right as
// often: gained, those that the first alone has right, is binomial.
func McNemar(gained, lost int) float64 {
	if gained+lost == 0 {
		return 1
	}
	b := distuv.Binomial{N: float64(gained + lost), P: 0.5}
	return min(1, b.Survival(float64(gained)-1))
}

// PairedT is Student's test of the mean of differences, one an example (Student 1908,
// "The probable error of a mean", Biometrika 6): that examples are drawn independently,
// and are many or their differences nearly normal, it assumes. It is NaN for fewer
// than two.
func PairedT(differences []float64) float64 {
	n := float64(len(differences))
	mean, sd := stat.MeanStdDev(differences, nil)
	return upper(mean, sd/math.Sqrt(n), n-1)
}

// Welch is the test of two means of values of unlike spread, a value a seed (Welch
// 1947, "The generalization of Student's problem when several different population
// variances are involved", Biometrika 34). It is NaN where either has fewer than two.
func Welch(first, second []float64) float64 {
	n, m := float64(len(first)), float64(len(second))
	a, v := stat.MeanVariance(first, nil)
	b, w := stat.MeanVariance(second, nil)
	v, w = v/n, w/m
	if v+w == 0 {
		return upper(a-b, 0, 1)
	}
	return upper(a-b, math.Sqrt(v+w), (v+w)*(v+w)/(v*v/(n-1)+w*w/(m-1)))
}

// upper is how likely a mean of t's distribution is to be as large where it is 0.
func upper(mean, standardError, freedom float64) float64 {
	switch {
	case math.IsNaN(standardError):
		return math.NaN()
	case standardError == 0 && mean > 0: // all say the same
		return 0
	case standardError == 0:
		return 1
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Survival(mean / standardError)
}

// bootstraps are the samples that Bootstrap draws: a p-value of 0.05 is then right
// within 0.01.
const bootstraps = 2000

// Bootstrap is the paired bootstrap test (Efron and Tibshirani 1993, "An introduction
// to the bootstrap"; Berg-Kirkpatrick, Burkett and Klein 2012, "An empirical
// investigation of statistical significance in NLP"), for metrics that are no mean over
// examples, such as F1: how often the gain is none on as many examples as there are,
// drawn with replacement.
func Bootstrap(examples int, gain func(sample []int) float64) float64 {
	if examples < 2 {
		return math.NaN()
	}
	r := rand.New(rand.NewPCG(1, uint64(examples))) // the same judgement each time
	sample := make([]int, examples)
	none := 0
	for range bootstraps {
		for i := range sample {
			sample[i] = r.IntN(examples)
		}
		slices.Sort(sample)
		if !(gain(sample) > 0) {
			none++
		}
	}
	return float64(none+1) / (bootstraps + 1)
}
