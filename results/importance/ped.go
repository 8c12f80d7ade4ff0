package importance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// grid is how many cells the unit interval has for densities: a kernel's
// deviation is at least one of them. resamples are for the standard deviation.
const (
	grid      = 100
	resamples = 32
)

// PEDANOVA says what takes the best variants apart from all: for each column the
// Pearson divergence of the density of the best from that of all, as a share of
// the sum over columns, the largest first (Watanabe, Bansal and Hutter 2023,
// arXiv:2304.10255: it is the variance, near the best, of the indicator of being
// among them, explained by that column alone). losses are one a variant, the
// smaller the better, and only their order counts; top is the share of them that
// are the best, of which at least five are taken, and all that are equally good.
//
// A column's densities are of the variants that have it, and the divergence counts
// by a^2/b where a share a of the best has it and b of all: this is the part of
// the divergence of values with absence that absence itself does not explain,
// which is due to what decides it (as Baba, Ozaki and Watanabe 2026,
// arXiv:2601.20800, have it). A parameter that the best lack so has none.
func PEDANOVA(columns []Column, losses []float64, top float64, seed uint64) ([]Effect, error) {
	if err := check(columns, losses); err != nil {
		return nil, err
	}
	if !(top > 0 && top < 1) {
		return nil, fmt.Errorf("the best %g of all: it must be above 0 and below 1", top)
	}
	columns = canonical(columns)
	all := make([]int, len(losses))
	for i := range all {
		all[i] = i
	}
	shares, ok := divergences(columns, losses, all, top)
	if !ok {
		return nil, fmt.Errorf("the best %g of the %d variants differ from all in nothing: there are too many equally good ones, or too few", top, len(losses))
	}
	samples := make([][]float64, len(columns))
	r := rand.New(rand.NewPCG(seed, 0))
	drawn := make([]int, len(losses))
	for range resamples {
		for i := range drawn {
			drawn[i] = r.IntN(len(losses))
		}
		if resampled, ok := divergences(columns, losses, drawn, top); ok {
			for a, s := range resampled {
				samples[a] = append(samples[a], s)
			}
		}
	}
	effects := make([]Effect, len(columns))
	for a, c := range columns {
		effects[a] = Effect{Params: []Name{c.Name}, Share: shares[a]}
		if len(samples[a]) > 1 {
			effects[a].SD = stat.StdDev(samples[a], nil)
		}
	}
	return ranked(effects), nil
}

// divergences are the columns' shares, from the variants of the sample; false:
// there is no divergence at all.
func divergences(columns []Column, losses []float64, sample []int, top float64) ([]float64, bool) {
	order := make([]float64, len(sample))
	for k, i := range sample {
		order[k] = losses[i]
	}
	slices.Sort(order)
	worst := order[min(max(int(math.Ceil(top*float64(len(order)))), 5), len(order))-1]
	var best []int
	for _, i := range sample {
		if losses[i] <= worst {
			best = append(best, i)
		}
	}
	out := make([]float64, len(columns))
	sum := 0.0
	for a, c := range columns {
		p, q := c.present(best), c.present(sample)
		if len(p) == 0 {
			continue
		}
		b := float64(len(q)) / float64(len(sample))
		share := float64(len(p)) / float64(len(best))
		out[a] = share * share / b * c.divergence(p, q)
		sum += out[a]
	}
	if sum <= 1e-12 {
		return nil, false
	}
	for a := range out {
		out[a] /= sum
	}
	return out, true
}

// present are the places of those variants that have the parameter.
func (c Column) present(variants []int) []float64 {
	var places []float64
	for _, i := range variants {
		if p := c.Places[i]; !math.IsNaN(p) {
			places = append(places, p)
		}
	}
	return places
}

// divergence is Pearson's, of the density of the places p from that of the places
// q: the integral of (p/q - 1)^2 q. Both have the kernels that p asks for, the
// wider ones, and as much of the even density: each with its own, equal samples of
// different size would differ.
func (c Column) divergence(p, q []float64) float64 {
	n, width := grid, 0.0
	if c.Choices > 0 {
		n = c.Choices
	} else {
		width = bandwidth(p)
	}
	even := 1 / float64(len(p)+1)
	top, all := density(p, n, width, even), density(q, n, width, even)
	sum := 0.0
	for k := range top {
		sum += (top[k] - all[k]) * (top[k] - all[k]) / all[k]
	}
	return sum
}

// bandwidth is Scott's (1992), from the deviation or the quartiles, whichever says
// less.
func bandwidth(places []float64) float64 {
	sorted := slices.Sorted(slices.Values(places))
	spread := stat.PopStdDev(sorted, nil)
	if between := (stat.Quantile(0.75, stat.Empirical, sorted, nil) - stat.Quantile(0.25, stat.Empirical, sorted, nil)) / 1.34; between > 0 {
		spread = min(spread, between)
	}
	return max(1.059*spread*math.Pow(float64(len(sorted)), -0.2), 1.0/grid)
}

// density is the measure that a Parzen estimate gives to each of n cells: normal
// kernels of that width, cut off at the ends of the unit interval, or, where there
// is none, the frequencies of choices; and some of it even, so that no cell has
// none.
func density(places []float64, n int, width, even float64) []float64 {
	counts := make([]float64, n)
	for _, p := range places {
		if width > 0 {
			p = math.Floor(p * float64(n))
		}
		counts[min(int(p), n-1)]++
	}
	out := counts
	if width > 0 {
		out = make([]float64, n)
		kernel := make([]float64, 2*n-1) // its middle is at n-1
		for j := range kernel {
			z := float64(j-n+1) / float64(n) / width
			kernel[j] = math.Exp(-z * z / 2)
		}
		for k, count := range counts {
			if count == 0 {
				continue
			}
			inside := kernel[n-1-k : 2*n-1-k]
			count /= floats.Sum(inside)
			floats.AddScaled(out, count, inside)
		}
	}
	for k := range out {
		out[k] = (1-even)*out[k]/float64(len(places)) + even/float64(n)
	}
	return out
}
