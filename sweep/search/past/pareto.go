package past

import (
	"cmp"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Ranks are how many points are ahead of each that has a result: those that violate
// the constraint less, and of those that violate it alike, with one objective those
// of better values; with several, where they are feasible, those on earlier
// non-dominated fronts and on its own front those that fewer are near, by crowding
// distance (Deb et al. 2002, NSGA-II, sections III-C and VI-A). Points without a
// result have an infinite rank.
func Ranks(points []Point) []float64 {
	ranks := make([]float64, len(points))
	var order []int // of those with a result, as they rank
	for i := range points {
		p := &points[i]
		ranks[i] = math.Inf(1)
		if p.Known && !p.Failed {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return ranks
	}
	compare := func(a, b int) int { return points[a].Compare(&points[b]) }
	if len(points[order[0]].Values) > 1 {
		compare = pareto(points, order)
	}
	slices.SortStableFunc(order, compare)
	for k, i := range order {
		if ranks[i] = float64(k); k > 0 && compare(order[k-1], i) == 0 {
			ranks[i] = ranks[order[k-1]]
		}
	}
	return ranks
}

// pareto compares the points of that order by several objectives.
func pareto(points []Point, order []int) func(a, b int) int {
	front, crowding := make([]int, len(points)), make([]float64, len(points))
	var rows [][]float64
	var of []int // the point of each row
	for _, i := range order {
		if points[i].Violation == 0 {
			rows, of = append(rows, points[i].Values), append(of, i)
		}
	}
	members := map[int][]int{} // the rows of each front
	for r, f := range sweep.Fronts(rows) {
		front[of[r]] = f
		members[f] = append(members[f], r)
	}
	for _, rs := range members {
		values := make([][]float64, len(rs))
		for k, r := range rs {
			values[k] = rows[r]
		}
		for k, c := range sweep.Crowding(values) {
			crowding[of[rs[k]]] = c
		}
	}
	return func(a, b int) int {
		return cmp.Or(cmp.Compare(points[a].Violation, points[b].Violation), cmp.Compare(front[a], front[b]), cmp.Compare(crowding[b], crowding[a]))
	}
}
