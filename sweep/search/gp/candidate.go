package gp

import (
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// candidate is a variant that might be proposed.
type candidate struct {
	past.Point
	x     []float64 // its features as the model sees them
	score float64   // the logarithm of the improvement to be expected of it
}

// place is the candidate that choose leads to.
func (a *acquisition) place(choose func(axis int, d sweep.Domain) float64) (candidate, error) {
	p, err := a.space.Build(choose)
	if err != nil {
		return candidate{}, err
	}
	return candidate{Point: p, x: a.model.warp.bend(a.layout.encode(p.Units, p.Domains))}, nil
}

// design is the n-th of the first variants: a Latin hypercube, in which each axis
// is spread evenly over as many stretches as there are variants.
func (s *search) design(n int) (sweep.Params, error) {
	r := past.Seed(s.seed, -1) // the same for all of them
	units := past.Latin(r, s.startup, len(s.space.Axes))[n]
	p, err := s.space.Build(func(i int, _ sweep.Domain) float64 { return units[i] })
	return p.Params, err
}

// spread is count candidates from all over the space.
func (a *acquisition) spread(r *rand.Rand, count int, to []candidate) ([]candidate, error) {
	for _, units := range past.Latin(r, count, len(a.space.Axes)) {
		c, err := a.place(func(i int, _ sweep.Domain) float64 { return units[i] })
		if err != nil {
			return nil, err
		}
		if to, err = a.admit(to, c); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// moved is how many of a good point's axes a neighbour of it changes, on average,
// at most (Regis and Shoemaker 2013, DYCORS, section 3.1).
const moved = 8

// near adds count neighbours of a good point: of its axes some are changed, numbers by
// steps of all sizes.
func (a *acquisition) near(r *rand.Rand, p past.Point, count int, to []candidate) ([]candidate, error) {
	axes := len(a.space.Axes)
	for range count {
		width := math.Pow(10, -3*r.Float64()) * 0.5
		chance := min(1, moved/float64(axes))
		one := r.IntN(axes)
		c, err := a.place(func(i int, d sweep.Domain) float64 {
			u := p.Units[i]
			switch {
			case math.IsNaN(u) || i != one && r.Float64() > chance:
			case !d.Ordered():
				if i == one || r.IntN(4) == 0 {
					return r.Float64()
				}
			default:
				step := width
				if d.Len() > 0 {
					step = max(step, 1/float64(d.Len()))
				}
				return reflect(u + step*r.NormFloat64())
			}
			if math.IsNaN(u) {
				return r.Float64()
			}
			return u
		})
		if err != nil {
			return nil, err
		}
		if to, err = a.admit(to, c); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// reflect folds u into the unit interval.
func reflect(u float64) float64 {
	u = math.Abs(math.Mod(u, 2))
	if u > 1 {
		u = 2 - u
	}
	return u
}

// admit appends c unless it must not be proposed.
func (a *acquisition) admit(to []candidate, c candidate) ([]candidate, error) {
	ok, err := a.space.Allowed(c.Params, a.reader.Seen)
	if err != nil || !ok {
		return to, err
	}
	return append(to, c), nil
}
