package importance

import (
	"cmp"
	"math"
	"slices"
)

// axis is a column cut into cells, within which every tree is constant. Where some
// variants lack the parameter, absence is one cell more, the last.
type axis struct {
	ordered bool
	values  int       // cells that are values; absence is the cell of that number
	cell    []int32   // of each variant
	below   []float64 // the measure of the cells before each, and of all: 1
	sorted  []int32   // variants by their cell
}

// newAxis cuts a column. Values have the measure of the unit interval (half way to
// the neighbours seen, for numbers; equal parts, for choices) and absence that of
// the variants that lack the parameter.
func newAxis(c Column) axis {
	n := len(c.Places)
	a := axis{ordered: c.Choices == 0, values: c.Choices, cell: make([]int32, n), sorted: make([]int32, n)}
	var ends []float64 // of each value's cell
	if a.ordered {
		seen := slices.DeleteFunc(slices.Clone(c.Places), math.IsNaN)
		slices.Sort(seen)
		seen = slices.Compact(seen)
		a.values = len(seen)
		for i := range seen {
			end := 1.0
			if i+1 < len(seen) {
				end = (seen[i] + seen[i+1]) / 2
			}
			ends = append(ends, end)
		}
		for i, p := range c.Places {
			at, _ := slices.BinarySearch(seen, p)
			a.cell[i] = int32(at)
		}
	} else {
		for k := range c.Choices {
			ends = append(ends, float64(k+1)/float64(c.Choices))
		}
		for i, p := range c.Places {
			if !math.IsNaN(p) {
				a.cell[i] = int32(p)
			}
		}
	}
	absent := c.absent()
	present := 1 - float64(absent)/float64(n)
	a.below = append(a.below, 0)
	for _, end := range ends {
		a.below = append(a.below, end*present)
	}
	if absent > 0 {
		a.below = append(a.below, 1)
		for i, p := range c.Places {
			if math.IsNaN(p) {
				a.cell[i] = int32(a.values)
			}
		}
	}
	for i := range a.sorted {
		a.sorted[i] = int32(i)
	}
	slices.SortStableFunc(a.sorted, func(i, j int32) int { return cmp.Compare(a.cell[i], a.cell[j]) })
	return a
}

// cells is how many there are, with that of absence.
func (a axis) cells() int { return len(a.below) - 1 }

// run is the cells from one to before another.
type run struct{ from, to int32 }

// region is a part of an axis: runs in order.
type region struct {
	runs    []run
	measure float64
}

func (a axis) whole() region { return region{[]run{{0, int32(a.cells())}}, 1} }

// within is the part of r that is on the left side of a split, or on the right.
func (a axis) within(r region, s split, left bool) region {
	var out region
	add := func(from, to int32) {
		if from >= to {
			return
		}
		out.measure += a.below[to] - a.below[from]
		if last := len(out.runs) - 1; last >= 0 && out.runs[last].to == from {
			out.runs[last].to = to
			return
		}
		out.runs = append(out.runs, run{from, to})
	}
	for _, x := range r.runs {
		if !a.ordered {
			for c := x.from; c < x.to; c++ {
				if s.choices[c] == left {
					add(c, c+1)
				}
			}
			continue
		}
		if left {
			add(x.from, min(x.to, s.cut))
		} else {
			add(max(x.from, s.cut), min(x.to, int32(a.values)))
		}
		if x.to > int32(a.values) && s.absentLeft == left {
			add(int32(a.values), x.to)
		}
	}
	return out
}
