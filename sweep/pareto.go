package sweep

import (
	"cmp"
	"math"
	"slices"
)

// Loss is a value of o turned so that the smaller is the better, and a loss turned
// back.
func (o Objective) Loss(v float64) float64 {
	if o.Goal == Maximize {
		return -v
	}
	return v
}

// CompareLoss orders losses: the smaller first, NaN last.
func CompareLoss(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return -cmp.Compare(a, b) // equal, or one of them NaN, which cmp has before all others
}

// Dominates reports whether losses a are nowhere worse than b and somewhere better.
func Dominates(a, b []float64) bool {
	better := false
	for i := range a {
		switch CompareLoss(a[i], b[i]) {
		case 1:
			return false
		case -1:
			better = true
		}
	}
	return better
}

// Fronts is the non-dominated front of each row of losses, from 0: no row of a
// front dominates another of it, and each is dominated by one of the front before.
//
// Rows are taken in lexicographic order, in which none is dominated by a later
// one, and their front is found by bisection (Zhang et al. 2015, "An Efficient
// Approach to Nondominated Sorting for Evolutionary Multiobjective Optimization").
func Fronts(rows [][]float64) []int { return FirstFronts(rows, len(rows)) }

// FirstFronts is Fronts as far as the first few fronts, for which it need not sort
// the rows behind them: these have the number of fronts as theirs.
func FirstFronts(rows [][]float64, most int) []int {
	sorted := make([]int, len(rows))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(a, b int) int { return slices.CompareFunc(rows[a], rows[b], CompareLoss) })
	of := make([]int, len(rows))
	var fronts [][]int
	for _, r := range sorted {
		low, high := 0, len(fronts)
		for low < high {
			if mid := (low + high) / 2; dominated(rows, r, fronts[mid]) {
				low = mid + 1
			} else {
				high = mid
			}
		}
		of[r] = low
		if low == most {
			continue
		}
		if low == len(fronts) {
			fronts = append(fronts, nil)
		}
		fronts[low] = append(fronts[low], r)
	}
	return of
}

// dominated reports whether a row of front, all of which come before r, dominates r.
func dominated(rows [][]float64, r int, front []int) bool {
	for _, f := range slices.Backward(front) {
		if Dominates(rows[f], rows[r]) {
			return true
		}
		if len(rows[r]) == 2 {
			return false // the last has the best second loss of the front
		}
	}
	return false
}

// Crowding is how far each row of a front is from its neighbours in value, summed
// over the losses as shares of the front's extent; infinite at the ends (Deb et al.
// 2002, NSGA-II, section III-B). Equal rows are equally crowded.
func Crowding(front [][]float64) []float64 {
	out := make([]float64, len(front))
	if len(front) == 0 {
		return out
	}
	for o := range front[0] {
		values := make([]float64, len(front))
		for k, row := range front {
			values[k] = row[o]
		}
		slices.SortFunc(values, CompareLoss)
		ends := slices.CompactFunc(values, func(a, b float64) bool { return CompareLoss(a, b) == 0 })
		last := len(ends) - 1
		for k, row := range front {
			at, _ := slices.BinarySearchFunc(ends, row[o], CompareLoss)
			if at == 0 || at == last {
				out[k] = math.Inf(1)
			} else if gap := (ends[at+1] - ends[at-1]) / (ends[last] - ends[0]); !math.IsNaN(gap) { // infinite losses leave none
				out[k] += gap
			}
		}
	}
	return out
}
