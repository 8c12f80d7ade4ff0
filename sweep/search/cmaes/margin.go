package cmaes

import (
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// margin keeps a discrete coordinate alive: R. Hamano, S. Saito, M. Nomura and
// S. Shirakawa, "CMA-ES with Margin" (arXiv:2205.13482), section 4. Were all the
// mass of its distribution within the stretch of one value, it would never change
// again; so mean and scale are moved until the values beside have at least the
// probability alpha, of both together.
func (d *normal) margin(i int, domain sweep.Domain, alpha float64) {
	deviation := d.deviation(i)
	m := d.mean[i]
	lo, hi := domain.Stretch(domain.At(m))
	switch {
	case lo >= hi: // continuous
	case lo <= edge && hi >= 1-edge: // one value alone
	case lo <= edge || hi >= 1-edge: // one value beside: equation 16, and 11 for two values in all
		near := hi
		if lo > edge {
			near = lo
		}
		d.mean[i] = near + math.Copysign(min(math.Abs(m-near), deviation*quantile(alpha)), m-near)
	default: // equations 18 to 22
		low, up := tail((m-lo)/deviation), tail((hi-m)/deviation)
		mid := 1 - low - up
		lowest := alpha / 2
		if low >= lowest && up >= lowest {
			return
		}
		low, up = max(low, lowest), max(up, lowest)
		over, free := 1-low-up-mid, low+up+mid-3*lowest
		low, up = low+over/free*(low-lowest), up+over/free*(up-lowest)
		ql, qu := quantile(low), quantile(up)
		d.mean[i] = (lo*qu + hi*ql) / (ql + qu)
		d.scale[i] *= (hi - lo) / ((ql + qu) * deviation)
	}
}

// edge is the share of a parameter's probability that does not count as a value.
const edge = 1e-9

// tail is the probability that a standard normal number is above x.
func tail(x float64) float64 { return 0.5 * math.Erfc(x/math.Sqrt2) }

// quantile is the x whose tail is p.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfcinv(2*p) }
