// Package random is random search (Bergstra and Bengio 2012): variants drawn
// independently, each parameter from its own distribution.
package random

import (
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "random" block.
type Config struct {
	_      struct{} `doc:"Variants drawn at random, each parameter from its own distribution; never the same one twice in a finite space (Bergstra and Bengio 2012). Needs no results, so any number of trials may run at once; a measure of what other methods are worth."`
	Trials int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed   uint64   `hcl:"seed" doc:"Seed of the draws: the same seed proposes the same variants." default:"1"`
}

// New is a random search of s's space.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	space, err := past.NewSpace(s, "random", c.Trials, 50)
	if err != nil {
		return nil, err
	}
	r := &search{space: space, trials: c.Trials, seed: c.Seed}
	if space.Finite {
		r.seen = map[string]bool{}
	}
	return r, nil
}

// search caches what it proposed so far; a proposal depends on the seed and the
// proposals before it alone.
type search struct {
	space  past.Space
	trials int // 0: no limit
	seed   uint64
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
	if r.space.Size > 0 && len(r.seen) >= r.space.Size {
		return nil, sweep.ErrExhausted
	}
	return r.space.Draw(past.Seed(r.seed, n), func(p sweep.Params) bool { return r.seen[p.Key()] })
}
