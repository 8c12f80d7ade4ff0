package tpe

import (
	"math"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// nothing is the logarithm of a part too small to change a sum.
const nothing = -40

// spot is where the density is asked for.
type spot struct {
	units []float64 // by place
	kinds []kind    // of the places after those that are always numbers
	// The sum over the components so far, and the prior, is sum exp(top).
	top, sum float64
}

// kind is how a component's kernel on an axis is read.
type kind struct {
	choices float64 // 0: it is a number
	yes, no float64 // logarithms of a categorical kernel at its own value, at another
}

// logs are the logarithms of the density at some points. Component by component,
// each is held against all points while it is at hand.
func (p *parzen) logs(at []past.Point) []float64 {
	spots := make([]spot, len(at))
	for k := range at {
		spots[k] = p.spot(at[k])
	}
	for _, i := range p.members {
		mu, scale, peak := p.row(p.mu, i), p.row(p.scale, i), p.row(p.peak, i)
		top := p.heavy[i] + p.norms[i]
		for k := range spots {
			s := &spots[k]
			t := top
			for o, kind := range s.kinds {
				at := p.always + o
				t += kind.log(s.units[at], mu[at], scale[at], peak[at])
			}
			s.add(falls(t, s.top+nothing, s.units[:p.always], mu, scale))
		}
	}
	out := make([]float64, len(at))
	for k, s := range spots {
		out[k] = s.top + math.Log(s.sum/p.total)
	}
	return out
}

func (p *parzen) spot(at past.Point) spot {
	s := spot{units: make([]float64, len(at.Units)), kinds: make([]kind, len(at.Units)-p.always), sum: 1} // the prior
	for a, place := range p.places {
		s.units[place] = at.Units[a]
		if place >= p.always && categorical(at.Domains[a]) {
			n := len(at.Domains[a].Choices)
			k := kind{choices: float64(n)}
			if n > 1 {
				same := p.same(n)
				k.yes, k.no = math.Log(same*k.choices), math.Log((1-same)/(k.choices-1)*k.choices)
			}
			s.kinds[place-p.always] = k
		}
	}
	return s
}

// log is the logarithm of a kernel at u.
func (k kind) log(u, mu, scale, peak float64) float64 {
	switch {
	case math.IsNaN(u), math.IsNaN(mu):
		return 0
	case k.choices > 0 && int(mu*k.choices) == int(u*k.choices):
		return k.yes
	case k.choices > 0:
		return k.no
	case scale == 0: // a choice there
		return 0
	}
	z := (u - mu) * scale
	return peak - z*z
}

// falls is what is left of t after the axes' squares, or something below least.
func falls(t, least float64, u, mu, scale []float64) float64 {
	mu, scale = mu[:len(u)], scale[:len(u)]
	for len(u) >= 4 && t >= least {
		z0, z1 := (u[0]-mu[0])*scale[0], (u[1]-mu[1])*scale[1]
		z2, z3 := (u[2]-mu[2])*scale[2], (u[3]-mu[3])*scale[3]
		t -= z0*z0 + z1*z1 + (z2*z2 + z3*z3)
		u, mu, scale = u[4:], mu[4:], scale[4:]
	}
	if len(u) < 4 {
		for a := range u {
			z := (u[a] - mu[a]) * scale[a]
			t -= z * z
		}
	}
	return t
}

// add adds exp(t), without overflow.
func (s *spot) add(t float64) {
	switch {
	case t > s.top:
		s.sum = s.sum*math.Exp(s.top-t) + 1
		s.top = t
	case t > s.top+nothing:
		s.sum += math.Exp(t - s.top)
	}
}
