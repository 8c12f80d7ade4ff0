// Package random is random search (Bergstra and Bengio 2012): variants drawn
// independently, each parameter from its own distribution.
package random

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the search "random" block.
type Config struct {
	_      struct{} `doc:"Variants drawn at random, each parameter from its own distribution; never the same one twice in a finite space."`
	Trials int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed   uint64   `hcl:"seed" doc:"Seed of the draws: the same seed proposes the same variants." default:"1"`
}

// New is a random search of s's space.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	finite, _, err := s.Space.Finite()
	if err != nil {
		return nil, err
	}
	r := &search{space: s.Space, trials: c.Trials, seed: c.Seed}
	if finite {
		if r.size, err = s.Space.Size(maxDistinct); err != nil {
			return nil, err
		}
		r.seen = map[string]bool{}
	} else if c.Trials == 0 && s.Limits.Trials == 0 {
		return nil, errors.New("a random search of a space without end needs a number of variants: set trials = 50")
	}
	return r, nil
}

const (
	// maxDistinct is the largest space in which doubles are kept out: in a
	// larger one they are too rare to remember every variant for.
	maxDistinct = 1 << 20
	// patience is how many draws in a row may be skipped or known.
	patience = 10_000
)

// search caches what it proposed so far; a proposal depends on the seed and the
// proposals before it alone.
type search struct {
	space  sweep.Space
	trials int // 0: no limit
	seed   uint64
	size   int             // of a finite space, at most maxDistinct
	seen   map[string]bool // keys proposed so far; nil: doubles are not looked for
	at     int             // proposals so far
	last   sweep.Params
}

func (r *search) Next(n int, _ sweep.History) (sweep.Params, error) {
	if r.trials > 0 && n >= r.trials {
		return nil, sweep.ErrExhausted
	}
	if r.seen == nil {
		return r.draw(n)
	}
	if n < r.at {
		if n == r.at-1 {
			return r.last, nil
		}
		clear(r.seen)
		r.at = 0
	}
	for r.at <= n {
		if r.size < maxDistinct && len(r.seen) >= r.size {
			return nil, sweep.ErrExhausted
		}
		p, err := r.draw(r.at)
		if err != nil {
			return nil, err
		}
		r.seen[p.Key()] = true
		r.at++
		r.last = p
	}
	return r.last, nil
}

// draw is the n-th proposal, given those before it.
func (r *search) draw(n int) (sweep.Params, error) {
	source := rand.New(rand.NewPCG(r.seed, uint64(n)))
	for range patience {
		p, err := r.space.Sample(source)
		if err != nil {
			return nil, err
		}
		if r.seen[p.Key()] {
			continue
		}
		if r.space.Skip != nil {
			skip, err := r.space.Skip(p)
			if err != nil {
				return nil, err
			}
			if skip {
				continue
			}
		}
		return p, nil
	}
	if r.seen != nil {
		return r.remaining(source)
	}
	return nil, fmt.Errorf("draw variant %d: the skip blocks left none of %d draws over", n, patience)
}

// remaining picks one of the few variants of a finite space not proposed yet.
func (r *search) remaining(source *rand.Rand) (sweep.Params, error) {
	var chosen sweep.Params
	count := 0
	for p, err := range r.space.Variants() {
		if err != nil {
			return nil, err
		}
		if r.seen[p.Key()] {
			continue
		}
		if count++; source.IntN(count) == 0 { // reservoir of one
			chosen = p
		}
	}
	if chosen == nil {
		return nil, sweep.ErrExhausted
	}
	return chosen, nil
}
