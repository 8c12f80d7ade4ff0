package evolution

import (
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

const (
	// attempts is how many children in a row may be refused.
	attempts = 100
	// crossing is the probability that a child has a second parent, swapping that an
	// axis then comes from both.
	crossing, swapping = 0.9, 0.5
)

// child is a variant and where it comes from.
type child struct {
	params  sweep.Params
	parents []int    // of the history's points, two of them where they were crossed; none: it was drawn
	mutated []string // parameters that were mutated
}

// breed is a child that may be proposed; without params where all were refused.
func (s *search) breed(r *rand.Rand, points []past.Point) (child, error) {
	for try := range attempts {
		c := child{parents: []int{s.tournament(r)}}
		a := points[c.parents[0]]
		b := a
		if r.Float64() < crossing {
			c.parents = append(c.parents, s.tournament(r))
			b = points[c.parents[1]]
		}
		// What is refused is mutated more the next time.
		chance := float64(1+try) / float64(len(s.space.Axes))
		p, err := s.space.Build(func(axis int, d sweep.Domain) float64 {
			u, v := inherited(a, axis, d), inherited(b, axis, d)
			switch {
			case math.IsNaN(u) && math.IsNaN(v):
				return r.Float64()
			case math.IsNaN(u):
				u = v
			case !math.IsNaN(v) && r.Float64() < swapping:
				u = crossed(r, u, v, d)
			}
			if d.Len() != 1 && r.Float64() < chance {
				c.mutated = append(c.mutated, s.space.Axes[axis].Names...)
				return mutated(r, u, d)
			}
			return u
		})
		if err != nil {
			return child{}, err
		}
		if s.reader.Seen(p.Params) { // also where the space is not finite: it would be trained twice
			continue
		}
		if ok, err := s.space.Allowed(p.Params, s.reader.Seen); err != nil {
			return child{}, err
		} else if ok {
			c.params = p.Params
			return c, nil
		}
	}
	return child{}, nil
}

// tournament is the better of two members drawn at random.
func (s *search) tournament(r *rand.Rand) int {
	k, l := r.IntN(len(s.members)), r.IntN(len(s.members))
	if s.ranks[l] < s.ranks[k] {
		k = l
	}
	return s.members[k]
}

// inherited is the place that axis has in a parent; NaN where it is absent there, or
// means something else: a parameter may depend on others.
func inherited(parent past.Point, axis int, d sweep.Domain) float64 {
	had := parent.Domains[axis]
	if had.Shape == sweep.Absent || had.Ordered() != d.Ordered() || !d.Ordered() && had.Len() != d.Len() {
		return math.NaN()
	}
	return parent.Units[axis]
}

// crossed is the place between or about u and v, or one of them where d has no order.
func crossed(r *rand.Rand, u, v float64, d sweep.Domain) float64 {
	if d.Ordered() {
		u, v = cross(r, u, v)
	}
	if r.IntN(2) == 0 {
		return u
	}
	return v
}

// mutated is a place near u, of another value; any other where d has no order.
func mutated(r *rand.Rand, u float64, d sweep.Domain) float64 {
	if !d.Ordered() {
		n := len(d.Choices)
		k := min(int(u*float64(n)), n-1)
		return math.Mod(float64(k+1+r.IntN(n-1))+0.5, float64(n)) / float64(n)
	}
	v := mutate(r, u)
	lo, hi := d.Stretch(d.At(u))
	if v < lo || v > hi || lo == hi {
		return v
	}
	// A small step does not leave a discrete value: go to the next one.
	beyond := (hi - lo) / 100
	if down := v < u; hi >= 1 || down && lo > 0 {
		return lo - beyond
	}
	return hi + beyond
}
