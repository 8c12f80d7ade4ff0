package tpe

import (
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// pick draws a component by the weights; -1 is the prior.
func (p *parzen) pick(r *rand.Rand) int {
	left := r.Float64()*p.total - 1 // the prior's weight
	if left < 0 {
		return -1
	}
	for _, i := range p.members {
		if left -= p.weights[i]; left < 0 {
			return i
		}
	}
	return -1 // by rounding
}

// draw draws a place on an axis from a component's kernel.
func (p *parzen) draw(r *rand.Rand, component, a int, d sweep.Domain) float64 {
	if component < 0 {
		return r.Float64()
	}
	at := component*len(p.places) + p.places[a]
	mu, scale := p.mu[at], p.scale[at]
	switch {
	case math.IsNaN(mu):
		return r.Float64()
	case categorical(d):
		n := len(d.Choices)
		if n == 1 || r.Float64() < p.same(n) {
			return mu
		}
		i := (int(mu*float64(n)) + 1 + r.IntN(n-1)) % n // one of the others
		return (float64(i) + 0.5) / float64(n)
	case scale == 0: // a choice there
		return r.Float64()
	}
	for {
		if u := mu + r.NormFloat64()/(scale*math.Sqrt2); u >= 0 && u <= 1 {
			return u
		}
	}
}
