package cmaes

import (
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// branches is how many variants a survey looks at.
const branches = 100

// layout says which part of the distribution an axis is drawn from. An axis whose
// domain depends on others may have both parts: a variant uses one of them, or
// none where the axis is absent.
type layout struct {
	coords     []int // of each axis: its coordinate in the normal distribution; -1: none
	cats       []int // of each axis: its categorical distribution; -1: none
	dims       int   // coordinates
	categories []int // of each categorical distribution: the most choices it has seen

	domains []sweep.Domain // of each coordinate: one that it was met with
}

// survey finds out what kinds of values the axes have, from the variants that some
// draws lead to, always the same ones.
func survey(space past.Space) (layout, error) {
	l := layout{coords: make([]int, len(space.Axes)), cats: make([]int, len(space.Axes))}
	most := make([]int, len(space.Axes))
	domains := make([]sweep.Domain, len(space.Axes))
	for i := range branches {
		r := past.Seed(0, i)
		_, err := space.Build(func(axis int, d sweep.Domain) float64 {
			switch {
			case categorical(d):
				most[axis] = max(most[axis], len(d.Choices))
			case d.Len() != 1 && domains[axis].Shape == sweep.Absent:
				domains[axis] = d
			}
			return r.Float64()
		})
		if err != nil {
			return layout{}, err
		}
	}
	for axis := range space.Axes {
		l.coords[axis], l.cats[axis] = -1, -1
		if domains[axis].Shape != sweep.Absent {
			l.coords[axis] = l.dims
			l.dims++
			l.domains = append(l.domains, domains[axis])
		}
		if most[axis] > 0 {
			l.cats[axis] = len(l.categories)
			l.categories = append(l.categories, most[axis])
		}
	}
	return l, nil
}

// categorical reports whether the values of d have no order: of two, one may well
// be above the other.
func categorical(d sweep.Domain) bool {
	return d.Shape == sweep.Choice && len(d.Choices) > 2 && !d.Ordered()
}

// continuous reports whether d has no gaps.
func continuous(d sweep.Domain) bool { return d.Len() == 0 && d.Step == 0 }
