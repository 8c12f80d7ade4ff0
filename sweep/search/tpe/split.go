package tpe

import (
	"cmp"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// share of the variants that are good ones, and how many at most.
const (
	share = 0.1
	most  = 25
)

// split marks the good points, count of them, and the others: those that failed
// and those that still run are no good ones, so that many slots do not all try
// the same place.
func split(points []past.Point, known int) (good, bad []bool, count int) {
	order := make([]int, 0, len(points))
	for i, p := range points {
		if p.Known && !p.Failed {
			order = append(order, i)
		}
	}
	rank := past.Ranks(points)
	slices.SortStableFunc(order, func(a, b int) int {
		p, q := points[a], points[b]
		switch {
		case p.Stopped != q.Stopped: // one that was cut short is worse than one that was not
			if p.Stopped {
				return 1
			}
			return -1
		case p.Stopped && p.Steps != q.Steps:
			return cmp.Compare(q.Steps, p.Steps)
		}
		return cmp.Compare(rank[a], rank[b])
	})
	n := min(int(math.Ceil(share*float64(known))), most, len(order))
	good, bad = make([]bool, len(points)), make([]bool, len(points))
	for i := range points {
		bad[i] = true
	}
	for _, i := range order[:n] {
		good[i], bad[i] = true, false
	}
	return good, bad, n
}
