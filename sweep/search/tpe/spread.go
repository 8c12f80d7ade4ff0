package tpe

import (
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// measurable is how many objectives there can be where hypervolumes are compared: of 1,000
// variants it takes 30 ms a proposal with five, with eight seconds.
const measurable = 5

// ranks tell the best n points by several objectives, as past.Ranks do, but on a front by
// what they dominate instead of by how few are near them: the loneliest are often its
// ends, where one loss is small and the others are as bad as can be. With more than
// measurable objectives they are past.Ranks.
func ranks(points []past.Point, n int) []float64 {
	if len(points) > 0 && len(points[0].Values) > measurable {
		return past.Ranks(points)
	}
	var rows [][]float64
	var of []int // the point of each row
	for i := range points {
		if p := &points[i]; p.Known && !p.Failed && !p.Stopped && p.Violation == 0 {
			rows, of = append(rows, p.Values), append(of, i)
		}
	}
	out := make([]float64, len(points))
	if len(rows) < n { // others are among the best
		out = past.Ranks(points)
	}
	fronts := sweep.FirstFronts(rows, n)
	for f, left := 0, min(n, len(rows)); left > 0; f++ {
		var front [][]float64
		var members []int
		for r, g := range fronts {
			if g == f {
				front, members = append(front, rows[r]), append(members, of[r])
			}
		}
		for _, k := range spread(front, left) {
			out[members[k]] = -float64(left) // ahead of all others
			left--
		}
	}
	return out
}

// spread is so many rows of a front, or all, each the one that adds the most to the
// hypervolume of those before it: what they dominate together is at least 1 - 1/e of
// the most that as many can (Guerreiro, Fonseca and Paquete 2016, "Greedy Hypervolume
// Subset Selection in Low Dimensions"; in TPE Ozaki et al. 2020, MOTPE). It is
// measured from as far beyond the front as the front is wide, so that its ends count:
// the rule of Ishibuchi et al. 2018 ("How to Specify a Reference Point in Hypervolume
// Calculation for Fair Performance Comparison") for the fewest rows.
func spread(front [][]float64, count int) []int {
	rows, reference := unit(front)
	volume := func(rows [][]float64) float64 { return sweep.Hypervolume(rows, reference) }
	// What a row would add only falls as others are chosen: it is measured again for the
	// one that promises most, until that keeps its promise.
	gains := make([]float64, len(rows))
	for i, row := range rows {
		gains[i] = volume([][]float64{row})
	}
	var order []int
	var chosen [][]float64
	for len(order) < min(count, len(rows)) {
		dominated, measured := volume(chosen), -1
		for {
			best := -1
			for i := range rows {
				if (best < 0 || gains[i] > gains[best]) && !slices.Contains(order, i) {
					best = i
				}
			}
			if best == measured {
				break
			}
			measured = best
			gains[best] = volume(append(slices.Clip(chosen), rows[best])) - dominated
		}
		order, chosen = append(order, measured), append(chosen, rows[measured])
	}
	return order
}

// unit is rows scaled to from 0 to 1 in each loss, and a place as far beyond.
func unit(rows [][]float64) (scaled [][]float64, beyond []float64) {
	scaled = make([][]float64, len(rows))
	for k := range rows[0] {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, row := range rows {
			lo, hi = min(lo, row[k]), max(hi, row[k])
		}
		for i, row := range rows {
			v := 0.0
			if hi > lo {
				v = (row[k] - lo) / (hi - lo)
			}
			scaled[i] = append(scaled[i], v)
		}
		beyond = append(beyond, 2)
	}
	return scaled, beyond
}
