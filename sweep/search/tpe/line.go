package tpe

import (
	"cmp"
	"slices"
	"sort"
)

// line is an axis's components in the order of their places, those at the same
// place in the order of the past.
type line struct {
	points []int
	units  []float64 // their places
	least  []float64 // of every point: the least width of its kernel
	none   []bool    // of every point: whether it has no place here
}

func (l *line) find(u float64, i int) int {
	return sort.Search(len(l.units), func(k int) bool {
		return cmp.Or(cmp.Compare(l.units[k], u), cmp.Compare(l.points[k], i)) >= 0
	})
}

func (l *line) insert(u float64, i int) int {
	k := l.find(u, i)
	l.points, l.units = slices.Insert(l.points, k, i), slices.Insert(l.units, k, u)
	return k
}

func (l *line) remove(u float64, i int) int {
	k := l.find(u, i)
	l.points, l.units = slices.Delete(l.points, k, k+1), slices.Delete(l.units, k, k+1)
	return k
}

// gap is the distance to the farther of the neighbours (Bergstra et al. 2011),
// which the bounds are not: a cluster keeps its outermost kernels narrow. They
// count for one that is alone.
func (l *line) gap(k int) float64 {
	u := l.units[k]
	if len(l.units) == 1 {
		return max(u, 1-u)
	}
	gap := 0.0
	if k > 0 {
		gap = u - l.units[k-1]
	}
	if k+1 < len(l.units) {
		gap = max(gap, l.units[k+1]-u)
	}
	return gap
}
