package past

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const (
	// Distinct is the largest space, constraints aside, in which doubles are kept
	// out: in a larger one they are too rare to look for.
	Distinct = 1 << 20
	// patience is how many draws in a row may be refused.
	patience = 10_000
)

// Space is a space that proposals are made in.
type Space struct {
	sweep.Space
	Finite bool
	Size   int // of a finite space; 0: it is not finite, or not below Distinct without its constraints
}

// NewSpace measures the space of s for a search by that method. One without an
// end needs a number of trials, such as suggested, or a limit.
func NewSpace(s sweep.Spec, method string, trials, suggested int) (Space, error) {
	finite, _, err := s.Space.Finite()
	if err != nil {
		return Space{}, err
	}
	if !finite {
		if trials == 0 && s.Limits.Trials == 0 && s.Limits.Duration == 0 {
			return Space{}, fmt.Errorf("a %s search of a space without end needs a number of variants: set trials = %d, or limits { duration = \"8h\" }", method, suggested)
		}
		return Space{Space: s.Space}, nil
	}
	free := s.Space
	free.Skip = nil
	size, err := free.Size(Distinct)
	switch {
	case err == nil && size == Distinct: // then its constraints are not evaluated a million times
		size = 0
	case err == nil && s.Space.Skip != nil:
		size, err = s.Space.Size(Distinct)
	}
	return Space{Space: s.Space, Finite: true, Size: size}, err
}

// Build is the point that choose leads to: it is asked for the place in [0, 1] of
// each axis that exists, given the axes before it. The point's places are those
// of the values that choose's fell on.
func (s Space) Build(choose func(axis int, d sweep.Domain) float64) (Point, error) {
	var p Point
	err := s.Rebuild(&p, choose)
	return p, err
}

// Rebuild makes p the point that choose leads to, as Build does, in what p has of
// storage.
func (s Space) Rebuild(p *Point, choose func(axis int, d sweep.Domain) float64) error {
	if p.Params == nil {
		p.Params = make(sweep.Params, len(s.Axes))
	}
	clear(p.Params)
	p.Domains, p.Units = p.Domains[:0], p.Units[:0]
	for i, a := range s.Axes {
		d, err := a.Domain(p.Params)
		if err != nil {
			return err
		}
		u := math.NaN()
		if d.Shape != sweep.Absent {
			v := d.At(choose(i, d))
			a.Set(p.Params, v)
			u = d.Unit(v)
		}
		p.Domains, p.Units = append(p.Domains, d), append(p.Units, u)
	}
	return nil
}

// Allowed reports whether p may be proposed: the skip blocks leave it, and where
// the space is finite it is not one that was seen.
func (s Space) Allowed(p sweep.Params, seen func(sweep.Params) bool) (bool, error) {
	if s.Finite && seen(p) {
		return false, nil
	}
	if s.Skip == nil {
		return true, nil
	}
	skip, err := s.Skip(p)
	return !skip, err
}

// Draw is a variant drawn from the parameters' own distributions, or
// sweep.ErrExhausted where all of a finite space's were seen.
func (s Space) Draw(r *rand.Rand, seen func(sweep.Params) bool) (sweep.Params, error) {
	for range patience {
		p, err := s.Sample(r)
		if err != nil {
			return nil, err
		}
		if ok, err := s.Allowed(p, seen); err != nil || ok {
			return p, err
		}
	}
	if s.Size == 0 {
		return nil, fmt.Errorf("draw a variant: the skip blocks left none of %d draws over", patience)
	}
	return s.remaining(r, seen)
}

// remaining picks one of the few variants of a finite space that were not seen.
func (s Space) remaining(r *rand.Rand, seen func(sweep.Params) bool) (sweep.Params, error) {
	var chosen sweep.Params
	count := 0
	for p, err := range s.Variants() {
		if err != nil {
			return nil, err
		}
		if seen(p) {
			continue
		}
		if count++; r.IntN(count) == 0 { // reservoir of one
			chosen = p
		}
	}
	if chosen == nil {
		return nil, sweep.ErrExhausted
	}
	return chosen, nil
}

// Seed is the source of the n-th proposal's randomness.
func Seed(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }

// Latin is a Latin hypercube of count points: each of the dims is spread evenly over as
// many stretches of [0, 1] (McKay et al. 1979).
func Latin(r *rand.Rand, count, dims int) [][]float64 {
	points := make([][]float64, count)
	for i := range points {
		points[i] = make([]float64, dims)
	}
	for k := range dims {
		for i, cell := range r.Perm(count) {
			points[i][k] = (float64(cell) + r.Float64()) / float64(count)
		}
	}
	return points
}
