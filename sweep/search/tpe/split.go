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

// split gives the good points, count of them, a weight in one density and the
// others one in the other: those that failed and those that still run are no good
// ones, so that many slots do not all try the same place. Good ones weigh by the
// logarithm of their rank, as parents do in CMA-ES (Hansen 2016, equation 49), one
// on average.
func split(points []past.Point, known int) (good, bad []float64, count int) {
	n := min(int(math.Ceil(share*float64(known))), most)
	ahead := func(a, b int) int { return points[a].Compare(&points[b]) }
	if len(points) > 0 && len(points[0].Values) > 1 {
		rank := ranks(points, n)
		ahead = func(a, b int) int { return cmp.Compare(rank[a], rank[b]) }
	}
	better := func(a, b int) int {
		p, q := &points[a], &points[b]
		switch {
		case p.Stopped != q.Stopped: // one that was cut short is worse than one that was not
			if p.Stopped {
				return 1
			}
			return -1
		case p.Stopped && p.Steps != q.Steps:
			return cmp.Compare(q.Steps, p.Steps)
		}
		return cmp.Or(ahead(a, b), cmp.Compare(a, b))
	}
	best := make([]int, 0, n+1)
	for i := range points {
		if p := &points[i]; !p.Known || p.Failed {
			continue
		}
		if len(best) == n && better(i, best[n-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, i, better)
		best = slices.Insert(best, at, i)
		best = best[:min(len(best), n)]
	}
	good, bad = make([]float64, len(points)), make([]float64, len(points))
	for i := range bad {
		bad[i] = 1
	}
	sum := 0.0
	for k, i := range best {
		good[i], bad[i] = math.Log(float64(len(best)+1)/float64(k+1)), 0
		sum += good[i]
	}
	for _, i := range best {
		good[i] *= float64(len(best)) / sum
	}
	return good, bad, len(best)
}
