package tpe

import (
	"cmp"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// order is the points by their place on each axis: from it the kernels' widths
// follow without sorting anew for every proposal.
type order struct {
	points int
	axes   []line
}

// line is the points that an axis exists in, by their place.
type line struct {
	sorted []int
	units  []float64 // their places
	choice bool      // whether it is categorical in one of them
}

// extend takes in the points that are new.
func (o *order) extend(points []past.Point) {
	for i := o.points; i < len(points); i++ {
		p := points[i]
		if o.axes == nil {
			o.axes = make([]line, len(p.Units))
		}
		for a, u := range p.Units {
			if math.IsNaN(u) {
				continue
			}
			x := &o.axes[a]
			x.choice = x.choice || categorical(p.Domains[a])
			at, _ := slices.BinarySearchFunc(x.units, u, func(v, u float64) int {
				return cmp.Or(cmp.Compare(v, u), -1) // equal ones in the order of the past
			})
			x.sorted, x.units = slices.Insert(x.sorted, at, i), slices.Insert(x.units, at, u)
		}
	}
	o.points = len(points)
}
