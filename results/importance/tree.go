package importance

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// tree is a regression tree: its nodes, the root first.
type tree []node

// node is a split, or a leaf.
type node struct {
	split

	value       float64 // of a leaf: the mean of its variants
	left, right int32   // places of a split's parts; 0: it is a leaf
}

// split divides a region of an axis in two.
type split struct {
	axis       int32
	cut        int32  // of an ordered axis: the cells before it go left
	absentLeft bool   // whether absence does
	choices    []bool // of one without an order: whether each cell goes left
}

// grower grows trees on resamples of the variants. Each axis has a list of the
// variants in its own order, and a node is the same stretch of all the lists:
// nothing is sorted anew.
type grower struct {
	axes   []axis
	values []float64
	leaf   float64 // how many variants a leaf has at least

	lists [][]int32
	cases []sampled // by variant
	left  []int32   // by variant: 1 where it goes left
	rest  []int32   // scratch
	sums  []sampled // scratch, by choice
	order []int32   // scratch: choices by their mean

	tree tree
}

// sampled is how often something was drawn, and the sum of its values.
type sampled struct{ n, sum float64 }

func newGrower(axes []axis, values []float64, leaf float64) *grower {
	n := len(values)
	g := &grower{axes: axes, values: values, leaf: leaf, lists: make([][]int32, len(axes)), cases: make([]sampled, n), left: make([]int32, n), rest: make([]int32, n)}
	for a, x := range axes {
		g.lists[a] = make([]int32, n)
		if !x.ordered && x.cells() > len(g.sums) {
			g.sums = make([]sampled, x.cells())
		}
	}
	return g
}

// grow is a tree of as many variants as there are, drawn with replacement
// (Breiman 2001). It is valid until the next.
func (g *grower) grow(r *rand.Rand) tree {
	clear(g.cases)
	for range g.values {
		g.cases[r.IntN(len(g.values))].n++
	}
	drawn := 0
	for i := range g.cases {
		if g.cases[i].n > 0 {
			g.cases[i].sum = g.cases[i].n * g.values[i]
			drawn++
		}
	}
	for a, x := range g.axes {
		list := g.lists[a][:0]
		for _, i := range x.sorted {
			if g.cases[i].n > 0 {
				list = append(list, i)
			}
		}
		g.lists[a] = list
	}
	g.tree = g.tree[:0]
	g.node(0, drawn)
	return g.tree
}

// node grows the part that has variants from to before to of each list, and says
// where in the tree it is.
func (g *grower) node(from, to int) int32 {
	var all sampled
	list := g.lists[0][from:to]
	pure := true
	for _, i := range list {
		all.n += g.cases[i].n
		all.sum += g.cases[i].sum
		pure = pure && g.values[i] == g.values[list[0]]
	}
	at := int32(len(g.tree))
	g.tree = append(g.tree, node{value: all.sum / all.n})
	if pure || all.n < 2*g.leaf {
		return at
	}
	s, ok := g.best(from, to, all)
	if !ok {
		return at
	}
	middle := g.divide(s, from, to)
	left := g.node(from, middle)
	right := g.node(middle, to)
	n := &g.tree[at]
	n.split, n.left, n.right = s, left, right
	return at
}

// best is the split that leaves the least variance in its two parts.
func (g *grower) best(from, to int, all sampled) (best split, ok bool) {
	base := all.sum * all.sum / all.n
	gain := 1e-12 * base // what rounding may make of nothing
	for a, x := range g.axes {
		c := candidate{gain: gain}
		if x.ordered {
			g.thresholds(a, from, to, all, base, &c)
		} else {
			g.subsets(a, from, to, all, base, &c)
		}
		if c.gain > gain*(1+1e-9) { // else what an earlier axis says as well
			gain, best, ok = c.gain, c.split, true
			best.axis = int32(a)
		}
	}
	return best, ok
}

// candidate is the best split of an axis so far.
type candidate struct {
	split

	gain float64 // by how much the sum of squared errors falls
}

// between is the gain of a split with so much on the left.
func (g *grower) between(left, all sampled, base float64) float64 {
	right := sampled{all.n - left.n, all.sum - left.sum}
	if left.n < g.leaf || right.n < g.leaf {
		return 0
	}
	return left.sum*left.sum/left.n + right.sum*right.sum/right.n - base
}

// thresholds tries an axis of numbers: every place between two cells, with those
// that lack the parameter on either side.
func (g *grower) thresholds(a, from, to int, all sampled, base float64, c *candidate) {
	x, list := &g.axes[a], g.lists[a][from:to]
	var absent sampled
	for len(list) > 0 && x.cell[list[len(list)-1]] == int32(x.values) {
		i := list[len(list)-1]
		absent.n += g.cases[i].n
		absent.sum += g.cases[i].sum
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return
	}
	var left sampled
	last := x.cell[list[0]]
	if last == x.cell[list[len(list)-1]] && absent.n == 0 {
		return
	}
	for _, i := range list {
		if cell := x.cell[i]; cell != last {
			middle := last + (cell-last+1)/2
			if gain := g.between(left, all, base); gain > c.gain {
				c.gain, c.cut, c.absentLeft = gain, middle, false
			}
			if absent.n > 0 {
				if gain := g.between(sampled{left.n + absent.n, left.sum + absent.sum}, all, base); gain > c.gain {
					c.gain, c.cut, c.absentLeft = gain, middle, true
				}
			}
			last = cell
		}
		left.n += g.cases[i].n
		left.sum += g.cases[i].sum
	}
	if absent.n > 0 {
		if gain := g.between(left, all, base); gain > c.gain {
			c.gain, c.cut, c.absentLeft = gain, int32(x.values), false
		}
	}
}

// subsets tries an axis of choices. In the order of their means, the best of all
// subsets is one that begins at the first (Fisher 1958, "On
// grouping for maximum homogeneity").
func (g *grower) subsets(a, from, to int, all sampled, base float64, c *candidate) {
	x := &g.axes[a]
	sums := g.sums[:x.cells()]
	clear(sums)
	for _, i := range g.lists[a][from:to] {
		s := &sums[x.cell[i]]
		s.n += g.cases[i].n
		s.sum += g.cases[i].sum
	}
	g.order = g.order[:0]
	for cell, s := range sums {
		if s.n > 0 {
			g.order = append(g.order, int32(cell))
		}
	}
	slices.SortStableFunc(g.order, func(i, j int32) int {
		return cmp.Compare(sums[i].sum/sums[i].n, sums[j].sum/sums[j].n)
	})
	var left, best sampled
	length := 0
	for k, cell := range g.order[:max(len(g.order)-1, 0)] {
		left.n += sums[cell].n
		left.sum += sums[cell].sum
		if gain := g.between(left, all, base); gain > c.gain {
			c.gain, best, length = gain, left, k+1
		}
	}
	if length == 0 {
		return
	}
	// A choice that nothing here has is taken to be like most of what is here.
	c.choices = make([]bool, len(sums))
	for cell := range c.choices {
		c.choices[cell] = sums[cell].n == 0 && best.n >= all.n-best.n
	}
	for _, cell := range g.order[:length] {
		c.choices[cell] = true
	}
}

// divide puts the variants that go left first in every list, in their order, and
// says where the others begin.
func (g *grower) divide(s split, from, to int) int {
	x := &g.axes[s.axis]
	for _, i := range g.lists[s.axis][from:to] {
		cell := x.cell[i]
		left := cell < s.cut
		if s.choices != nil {
			left = s.choices[cell]
		} else if cell == int32(x.values) {
			left = s.absentLeft
		}
		g.left[i] = 0
		if left {
			g.left[i] = 1
		}
	}
	middle := from
	for _, list := range g.lists {
		part := list[from:to]
		l, r := int32(0), int32(0)
		for _, i := range part { // without branches: which way it goes is not foreseeable
			part[l], g.rest[r] = i, i
			l += g.left[i]
			r += 1 - g.left[i]
		}
		copy(part[l:], g.rest[:r])
		middle = from + int(l)
	}
	return middle
}
