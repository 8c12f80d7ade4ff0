package rank

import (
	"fmt"
	"math"
	"slices"
)

func placeText(place, front, cut int) string {
	return fmt.Sprintf("place %d, on non-dominated front %d; cut-off place %d", place, front, cut)
}

// place counts the rows ahead of the first, with several objectives, and says on
// which front it is, from 0.
func (t *Table) place() (ahead, front int) {
	fronts := t.fronts()
	for !slices.Contains(fronts[front], 0) {
		ahead += len(fronts[front])
		front++
	}
	members := fronts[front]
	lonely := t.crowding(members)
	own := lonely[slices.Index(members, 0)]
	for k, m := range members {
		if lonely[k] > own || lonely[k] == own && slices.CompareFunc(t.row(m), t.row(0), order) < 0 {
			ahead++
		}
	}
	return ahead, front
}

// fronts sorts the rows into fronts: no row of a front dominates another of it,
// and each is dominated by one of the front before. Rows that the first one
// dominates are left out: they are behind it, and dominate none that is not.
//
// Rows are taken in lexicographic order, in which none is dominated by a later
// one, and their front is found by bisection (Zhang et al. 2015, "An Efficient
// Approach to Nondominated Sorting for Evolutionary Multiobjective
// Optimization").
func (t *Table) fronts() [][]int {
	var rows []int
	for i := range t.Len() {
		if !dominates(t.row(0), t.row(i)) {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return slices.CompareFunc(t.row(a), t.row(b), order) })
	var fronts [][]int
	for _, r := range rows {
		low, high := 0, len(fronts)
		for low < high {
			if mid := (low + high) / 2; t.dominated(r, fronts[mid]) {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(fronts) {
			fronts = append(fronts, nil)
		}
		fronts[low] = append(fronts[low], r)
	}
	return fronts
}

// dominated reports whether a row of front, all of which come before r, beats r
// in an objective and is not beaten in any.
func (t *Table) dominated(r int, front []int) bool {
	for _, f := range slices.Backward(front) {
		if dominates(t.row(f), t.row(r)) {
			return true
		}
		if len(t.objectives) == 2 {
			return false // the last has the best second value of the front
		}
	}
	return false
}

func dominates(a, b []float64) bool {
	better := false
	for i := range a {
		switch order(a[i], b[i]) {
		case 1:
			return false
		case -1:
			better = true
		}
	}
	return better
}

// crowding is how far each row of a front is from its neighbours in value, summed
// over the objectives as shares of the front's extent; infinite at the ends. Equal
// rows are equally crowded.
func (t *Table) crowding(front []int) []float64 {
	out := make([]float64, len(front))
	for o := range t.objectives {
		values := make([]float64, len(front))
		for k, r := range front {
			values[k] = t.row(r)[o]
		}
		ends := slices.CompactFunc(slices.SortedFunc(slices.Values(values), order), func(a, b float64) bool { return order(a, b) == 0 })
		last := len(ends) - 1
		for k, v := range values {
			at, _ := slices.BinarySearchFunc(ends, v, order)
			if at == 0 || at == last {
				out[k] = math.Inf(1)
			} else if gap := (ends[at+1] - ends[at-1]) / (ends[last] - ends[0]); !math.IsNaN(gap) { // infinite values leave none
				out[k] += gap
			}
		}
	}
	return out
}
