package gp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// proposal is a variant and where it comes from.
type proposal struct {
	params  sweep.Params
	known   int      // points with an outcome that the model has learned from; 0: it was not asked
	waiting int      // points still without one
	score   float64  // the logarithm of the expected improvement, in deviations of the scaled values
	mean    float64  // the value expected,
	lo, hi  float64  // and one deviation to either side
	matter  []string // the parameters on which it depends most, with their length scales
}

// Explain tells what the model expects of the n-th variant.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	p, err := s.propose(n, history)
	if err != nil {
		return "", err
	}
	if p.known == 0 {
		return fmt.Sprintf("gp: spread over the space until %d variants are there and half as many results", s.startup), nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "gp: a Gaussian process of %d trials", p.known)
	if p.waiting > 0 {
		fmt.Fprintf(&b, " and %d still running", p.waiting)
	}
	name, o := "the weighted objectives", sweep.Objective{}
	if len(s.objectives) == 1 {
		o = s.objectives[0]
		name = o.Name
	}
	lo, hi := o.Loss(p.lo), o.Loss(p.hi)
	fmt.Fprintf(&b, " expects %s %.4g (%.4g to %.4g) here, the largest expected improvement found (its log: %.3g)",
		name, o.Loss(p.mean), min(lo, hi), max(lo, hi), p.score)
	if len(p.matter) > 0 {
		fmt.Fprintf(&b, "; what matters most: %s", strings.Join(p.matter, ", "))
	}
	return b.String(), nil
}

// matter is the features with the shortest length scales, which is where the
// function changes most.
func (l *layout) matter(k kernel) []string {
	const most = 3
	order := make([]int, len(l.names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(k.weights[j], k.weights[i]) })
	var out []string
	for _, i := range order[:min(most, len(order))] {
		out = append(out, fmt.Sprintf("%s (length scale %.2g)", l.names[i], 1/math.Sqrt(k.weights[i])))
	}
	return out
}
