// Package sobol is quasi-random search: the points of a scrambled Sobol sequence
// (I. Sobol 1967, A. Owen 1995), which fill the space evenly where random ones
// leave holes and clusters. Each axis of the space is a dimension of the sequence,
// also where a variant does without it. It learns nothing from results.
package sobol

import (
	"fmt"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "sobol" block.
type Config struct {
	_      struct{} `doc:"Variants spread evenly over the space by a scrambled Sobol sequence (Joe and Kuo 2008, Owen 1998), each parameter by its own distribution; never the same one twice in a finite space. Better than random draws wherever variants are few, best with powers of two of them; for a first look at a space, and where all trials run at once."`
	Trials int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed   uint64   `hcl:"seed" doc:"Seed of the scrambling: the same seed proposes the same variants." default:"1"`
}

// patience is how many points in a row may be refused.
const patience = 10_000

// New is a quasi-random search of s's space.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	space, err := past.NewSpace(s, "Sobol", c.Trials, 64)
	if err != nil {
		return nil, err
	}
	if n := len(s.Space.Axes); n > dimensions {
		return nil, fmt.Errorf("the Sobol sequence has %d dimensions here, and there are %d parameters: use search \"random\"", dimensions, n)
	}
	q := &search{space: space, trials: c.Trials, seed: c.Seed, points: newSequence(len(s.Space.Axes)), seen: map[string]bool{}}
	for axis := range s.Space.Axes {
		q.keys = append(q.keys, mix(mix(c.Seed)+uint64(axis)))
	}
	return q, nil
}

// search caches how far along the sequence it is: refused points are passed over,
// so that a proposal depends on the seed and those before it.
type search struct {
	space  past.Space
	trials int // 0: no limit
	seed   uint64
	points sequence
	keys   []uint64 // of each axis's scrambling

	at   int             // proposals so far
	next uint32          // point of the sequence that comes next
	seen map[string]bool // keys proposed so far, where the space is finite
	last sweep.Params
}

func (s *search) Next(n int, _ sweep.History) (sweep.Params, error) {
	if s.trials > 0 && n >= s.trials {
		return nil, sweep.ErrExhausted
	}
	if n < s.at {
		if n == s.at-1 {
			return s.last, nil
		}
		clear(s.seen)
		s.at, s.next = 0, 0
	}
	if !s.space.Finite && s.space.Skip == nil {
		s.at, s.next = n, uint32(n) // no point is refused
	}
	for s.at <= n {
		p, err := s.walk()
		if err != nil {
			return nil, err
		}
		if s.space.Size > 0 {
			s.seen[p.Key()] = true
		}
		s.at++
		s.last = p
	}
	return s.last, nil
}

// walk goes on to the next point that may be proposed. Where the space is all but
// used up the sequence seldom meets what is left: it is drawn.
func (s *search) walk() (sweep.Params, error) {
	if s.space.Size > 0 && len(s.seen) >= s.space.Size {
		return nil, sweep.ErrExhausted
	}
	seen := func(p sweep.Params) bool { return s.seen[p.Key()] }
	for range patience {
		n := s.next
		s.next++
		p, err := s.space.Build(func(axis int, _ sweep.Domain) float64 {
			return scramble(s.points.at(n, axis), s.keys[axis])
		})
		if err != nil {
			return nil, err
		}
		if ok, err := s.space.Allowed(p.Params, seen); err != nil || ok {
			return p.Params, err
		}
	}
	return s.space.Draw(past.Seed(s.seed, s.at), seen)
}
