package sweep

import (
	"math"
	"slices"
)

// Hypervolume is the volume of what rows of losses dominate, up to a reference that
// is no better in any loss; rows that are not better than it in every loss add
// nothing. It is exact, and in four objectives and more takes a time that can double
// with every row.
//
// The volume that a row adds to those after it is its own less what these dominate of
// it; rows in the order of the last loss, the worst first, make that a volume in one
// dimension less (While, Bradstreet and Barone 2012, "A Fast Way of Calculating Exact
// Hypervolumes", WFG, sections III and IV).
func Hypervolume(rows [][]float64, reference []float64) float64 {
	inside := make([][]float64, 0, len(rows))
	for _, row := range rows {
		if !slices.ContainsFunc(row, math.IsNaN) && better(row, reference) {
			inside = append(inside, row)
		}
	}
	return volume(inside, reference)
}

// better reports whether a is better than b in every loss.
func better(a, b []float64) bool {
	for i := range a {
		if !(a[i] < b[i]) {
			return false
		}
	}
	return true
}

// volume is the hypervolume of rows that are better than reference.
func volume(rows [][]float64, reference []float64) float64 {
	last := len(reference) - 1
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b []float64) int { return CompareLoss(b[last], a[last]) })
	switch {
	case len(rows) == 0:
		return 0
	case last == 0:
		return reference[0] - rows[len(rows)-1][0]
	case last == 1:
		return area(rows, reference)
	}
	sum := 0.0
	for k, row := range rows {
		own := 1.0
		for i, v := range row[:last] {
			own *= reference[i] - v
		}
		sum += (reference[last] - row[last]) * (own - volume(within(rows[k+1:], row[:last]), reference[:last]))
	}
	return sum
}

// area is the volume of rows in two losses, the worst of the second first.
func area(rows [][]float64, reference []float64) float64 {
	sum, edge := 0.0, reference[0]
	for _, row := range slices.Backward(rows) { // the first loss improves as the second gets worse
		if row[0] < edge {
			sum += (edge - row[0]) * (reference[1] - row[1])
			edge = row[0]
		}
	}
	return sum
}

// within is the part of what rows dominate that bound dominates too: rows moved to
// it, without those that others dominate.
func within(rows [][]float64, bound []float64) [][]float64 {
	var out [][]float64
	for _, row := range rows {
		moved := make([]float64, len(bound))
		for i, b := range bound {
			moved[i] = max(row[i], b)
		}
		covers := func(other []float64) bool { return Dominates(other, moved) || slices.Equal(other, moved) }
		if slices.ContainsFunc(out, covers) {
			continue
		}
		out = slices.DeleteFunc(out, func(other []float64) bool { return Dominates(moved, other) })
		out = append(out, moved)
	}
	return out
}
