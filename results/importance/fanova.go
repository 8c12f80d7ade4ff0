package importance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// trees and leaf are those of the forest. Leaves of a few variants, where the
// article grows trees to the end: values repeat badly, and what trees learn of
// that noise counts as interaction of everything with everything.
const (
	trees = 64
	leaf  = 3
)

// FANOVA is the functional analysis of variance of a random forest's prediction
// over the whole space (Hutter, Hoos and Leyton-Brown 2014, "An efficient approach
// for assessing hyperparameter importance", ICML): for each column the share of
// the variance that it explains by itself, the largest first, and the pairs
// strongest interactions of two, beyond what each explains by itself. All shares
// together, with those of interactions of more, are 1. Columns have the same
// measure everywhere; that some variants lack a parameter counts as one of its
// values, as frequent as it was. values are one a variant. Trees choose a split by
// what it explains at once: an interaction of two that explain nothing alone may
// escape them.
func FANOVA(columns []Column, values []float64, pairs int, seed uint64) (main, interactions []Effect, err error) {
	if err := check(columns, values); err != nil {
		return nil, nil, err
	}
	columns = canonical(columns)
	axes := make([]axis, len(columns))
	for i, c := range columns {
		axes[i] = newAxis(c)
	}
	// Around 0 and of the size of 1, sums of squares lose no digits and never overflow.
	scaled := slices.Clone(values)
	floats.Scale(1/floats.Norm(values, math.Inf(1)), scaled)
	floats.AddConst(-stat.Mean(scaled, nil), scaled)
	g, m := newGrower(axes, scaled, leaf), newMarginals(axes)
	shares := make([][]float64, len(axes))
	both := map[[2]int][]float64{}
	grown := 0
	for k := range trees {
		m.read(g.grow(rand.New(rand.NewPCG(seed, uint64(k)))))
		total := m.total()
		if total == 0 {
			continue // a resample of equal values
		}
		grown++
		for a, v := range m.main() {
			shares[a] = append(shares[a], v/total)
		}
		if pairs > 0 {
			m.pairs(func(a, b int, v float64) {
				both[[2]int{a, b}] = append(both[[2]int{a, b}], v/total)
			})
		}
	}
	if grown == 0 {
		return nil, nil, fmt.Errorf("no parameter explains any of the differences between the %d variants", len(values))
	}
	effect := func(shares []float64, names ...Name) Effect {
		shares = append(shares, make([]float64, grown-len(shares))...) // 0 in the trees that have none
		mean, sd := stat.PopMeanStdDev(shares, nil)
		return Effect{names, mean, sd}
	}
	for a, c := range columns {
		main = append(main, effect(shares[a], c.Name))
	}
	for key, shares := range both {
		names := []Name{columns[key[0]].Name, columns[key[1]].Name}
		slices.Sort(names)
		interactions = append(interactions, effect(shares, names...))
	}
	interactions = ranked(interactions)
	return ranked(main), interactions[:min(pairs, len(interactions))], nil
}
