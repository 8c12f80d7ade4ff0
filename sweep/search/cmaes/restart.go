package cmaes

import (
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// When a distribution has converged (section B.3 of the tutorial, with what is
// small enough for a parameter of a training).
const (
	tolX         = 1e-6  // all standard deviations, of the ranges
	tolF         = 1e-12 // the spread of the results of late, of their size or of 1
	tolCondition = 1e7   // the longest axis, of the shortest
)

// converged reports whether the distribution has nothing more to find. spread is
// that of the last generation's results.
func (s *state) converged(spread float64) bool {
	if s.dims == 0 {
		return false // categories keep their least probabilities, and go on
	}
	lately := 10 + int(math.Ceil(30*float64(s.dims)/float64(s.population)))
	if n := len(s.bests); n >= lately {
		late := s.bests[n-lately:]
		lo, hi := slices.Min(late), slices.Max(late)
		if max(hi-lo, spread) <= tolF*max(1, math.Abs(lo)) {
			return true
		}
	}
	narrow, moving := true, false
	for i := range s.dims {
		if s.bounded[i] {
			moving = true
			narrow = narrow && s.deviation(i) < tolX
		}
	}
	return narrow && moving || !(slices.Max(s.root) <= tolCondition*slices.Min(s.root)) || !(s.sigma < 1/tolX)
}

// restart begins anew elsewhere, with twice the population.
func (s *search) restart() {
	s.starts++
	r := past.Seed(s.Seed, -s.starts)
	mean := make([]float64, s.dims)
	for i := range mean {
		mean[i] = r.Float64()
	}
	s.normal = newNormal(mean, s.Sigma, 2*s.population)
	s.categories = newCategories(s.layout.categories)
	s.bests = nil
}
