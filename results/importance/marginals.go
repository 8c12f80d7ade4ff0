package importance

import "slices"

// marginals are the exact components of a tree, as a function on the whole space:
// it is a sum over its leaves, each the leaf's value on a box. A leaf that does
// not bound an axis adds nothing to what depends on that axis, and the others
// begin and end somewhere in its order: sums over what has begun take the time of
// the leaves and the cells.
type marginals struct {
	axes   []axis
	leaves []box
	bounds []bound // of all leaves

	mean   float64
	within []region // of each axis, on the way down
	path   []int32  // axes that are bounded on the way down

	steps  [][]float64 // scratch, by axis and cell: by how much it differs from the one before
	shares []float64
	inner  [][]int32 // by axis: the cells where something begins or ends
	place  [][]int32 // by axis and such a cell: which of them it is
	shared [][][2]int32
}

// box is a leaf: its value, its measure, and its bounds.
type box struct {
	value, measure float64
	from, to       int32
}

// bound is a leaf's region of an axis that it does not have all of.
type bound struct {
	axis int32
	leaf int32
	region
}

func newMarginals(axes []axis) *marginals {
	m := &marginals{axes: axes, within: make([]region, len(axes)), shares: make([]float64, len(axes))}
	m.inner, m.place = make([][]int32, len(axes)), make([][]int32, len(axes))
	m.shared = make([][][2]int32, len(axes)*len(axes))
	m.steps = make([][]float64, len(axes))
	for a, x := range axes {
		m.within[a] = x.whole()
		m.place[a] = make([]int32, x.cells()+1)
		m.steps[a] = make([]float64, x.cells()+1)
	}
	return m
}

// read takes in a tree.
func (m *marginals) read(t tree) {
	m.leaves, m.bounds, m.mean = m.leaves[:0], m.bounds[:0], 0
	m.walk(t, 0, 1)
	for _, l := range m.leaves {
		m.mean += l.value * l.measure
	}
}

// walk gathers the leaves below a node of that measure.
func (m *marginals) walk(t tree, at int32, measure float64) {
	n := &t[at]
	if n.left == 0 {
		from := int32(len(m.bounds))
		for _, a := range m.path {
			m.bounds = append(m.bounds, bound{a, int32(len(m.leaves)), m.within[a]})
		}
		m.leaves = append(m.leaves, box{n.value, measure, from, int32(len(m.bounds))})
		return
	}
	a := n.axis
	before, depth := m.within[a], len(m.path)
	if !slices.Contains(m.path, a) {
		m.path = append(m.path, a)
	}
	for _, left := range []bool{true, false} {
		m.within[a] = m.axes[a].within(before, n.split, left)
		next := n.right
		if left {
			next = n.left
		}
		m.walk(t, next, measure*m.within[a].measure/before.measure)
	}
	m.within[a], m.path = before, m.path[:depth]
}

// total is the tree's variance.
func (m *marginals) total() float64 {
	v := 0.0
	for _, l := range m.leaves {
		v += l.measure * (l.value - m.mean) * (l.value - m.mean)
	}
	return v
}

// main is each axis's variance component. A leaf's part of it at a cell is its
// weight times 1/measure - 1 in its region of the axis, and -1 elsewhere.
func (m *marginals) main() []float64 {
	for _, steps := range m.steps {
		clear(steps)
	}
	for i := range m.bounds {
		b := &m.bounds[i]
		w, steps := m.weight(b.leaf), m.steps[b.axis]
		steps[0] -= w
		for _, r := range b.runs {
			steps[r.from] += w / b.measure
			steps[r.to] -= w / b.measure
		}
	}
	for a, x := range m.axes {
		f := 0.0
		m.shares[a] = 0
		for c := range x.cells() {
			f += m.steps[a][c]
			m.shares[a] += (x.below[c+1] - x.below[c]) * f * f
		}
	}
	return m.shares
}

// weight is a leaf's part of the mean, measured from the mean.
func (m *marginals) weight(leaf int32) float64 {
	return (m.leaves[leaf].value - m.mean) * m.leaves[leaf].measure
}
