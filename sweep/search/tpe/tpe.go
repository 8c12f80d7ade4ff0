// Package tpe is the tree-structured Parzen estimator (Bergstra et al. 2011):
// the variants so far are split into good and bad ones, each part gets a density
// over the space, and of some draws from the good one's the draw is proposed at
// which the two differ most. The densities are of all parameters jointly
// (Falkner et al. 2018); conditional parameters take part where they exist.
// Good variants weigh by rank, kernels are narrow (Watanabe 2023,
// arXiv:2304.11127), candidates cross two components on some axes, and the start
// is a Latin hypercube: by our own measurements (docs/benchmarks.md). With several
// objectives, up to five, the good ones are those that dominate the most together.
package tpe

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// cross is the chance of an axis to come from another component.
const cross = 0.2

// Config is the search "tpe" block.
type Config struct {
	_          struct{} `doc:"Tree-structured Parzen estimator (Bergstra 2011): learns which values the good variants share. For any space, also with conditional parameters, several objectives and many trials at a time."`
	Trials     int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed       uint64   `hcl:"seed" doc:"Seed of the draws." default:"1"`
	Startup    int      `hcl:"startup" doc:"Variants that are drawn at random, spread out, before it learns." default:"10" min:"1"`
	Candidates int      `hcl:"candidates" doc:"Draws of which the best is proposed." default:"24" min:"1"`
}

// New is a TPE search of s's space.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	space, err := past.NewSpace(s, "tpe", c.Trials, 100)
	if err != nil {
		return nil, err
	}
	return &search{Config: c, space: space, reader: past.NewReader(s)}, nil
}

type search struct {
	Config
	space  past.Space
	reader *past.Reader

	good, bad  *parzen      // of the last proposal's points
	candidates []past.Point // whose storage is used again
}

// Next is the best of some candidates, by the ratio of the densities.
func (s *search) Next(n int, history sweep.History) (sweep.Params, error) {
	choice, err := s.choose(n, history)
	return choice.params, err
}

// Explain tells the split and the ratio.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	c, err := s.choose(n, history)
	switch {
	case err != nil:
		return "", err
	case c.of == 0:
		return fmt.Sprintf("tpe: drawn at random, as %d of the %d variants to start with have ended", c.known, s.Startup), nil
	case c.rest:
		return fmt.Sprintf("tpe: drawn at random from the variants that are left, as its candidates from %d results were known already or skipped", c.known), nil
	}
	return fmt.Sprintf("tpe: %.3g times as likely among the %d best of %d variants as among the others and the %d that still ran; the best of %d candidates",
		math.Exp(c.score), c.good, c.known, c.pending, c.of), nil
}

// choice is a proposal and how it came about.
type choice struct {
	params               sweep.Params
	known, pending, good int
	of                   int     // candidates that were allowed; 0: it was drawn at random
	score                float64 // logarithm of the ratio of the densities
	rest                 bool    // whether no candidate was allowed
}

func (s *search) choose(n int, history sweep.History) (choice, error) {
	if s.Trials > 0 && n >= s.Trials {
		return choice{}, sweep.ErrExhausted
	}
	points, err := s.reader.Points(history)
	if err != nil {
		return choice{}, err
	}
	var c choice
	for _, p := range points {
		if p.Known {
			c.known++
		}
	}
	c.pending = len(points) - c.known
	r := past.Seed(s.Seed, n)
	if c.known < s.Startup {
		c.params, err = s.start(n, r)
		return c, err
	}
	if s.good == nil || s.reader.Anew() {
		s.good, s.bad = newParzen(s.space.Space), newParzen(s.space.Space)
	}
	good, bad, count := split(points, c.known)
	c.good = count
	s.good.learn(points, good)
	s.bad.learn(points, bad)
	if err := s.best(&c, r); err != nil {
		return choice{}, err
	}
	if c.params == nil {
		c.rest, c.of = true, s.Candidates
		c.params, err = s.space.Draw(r, s.reader.Seen)
	}
	return c, err
}

// start is a variant to start with: a Latin hypercube's (McKay et al. 1979), and
// what is needed beyond it until enough have ended, or in place of what may not
// be proposed, is drawn at random.
func (s *search) start(n int, r *rand.Rand) (sweep.Params, error) {
	if n < s.Startup {
		p, err := s.space.Build(func(a int, _ sweep.Domain) float64 {
			stratum := past.Seed(s.Seed, -1-a).Perm(s.Startup)[n] // no proposal has a seed below 0
			return (float64(stratum) + r.Float64()) / float64(s.Startup)
		})
		if err != nil {
			return nil, err
		}
		if ok, err := s.space.Allowed(p.Params, s.reader.Seen); err != nil || ok {
			return p.Params, err
		}
	}
	return s.space.Draw(r, s.reader.Seen)
}

// best fills c in with the best candidate that is allowed.
func (s *search) best(c *choice, r *rand.Rand) error {
	if s.candidates == nil {
		s.candidates = make([]past.Point, s.Candidates)
	}
	for range 4 * s.Candidates { // refused ones are drawn again, but not for ever
		p := &s.candidates[c.of]
		if err := s.candidate(p, r); err != nil {
			return err
		}
		ok, err := s.space.Allowed(p.Params, s.reader.Seen)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if c.of++; c.of == s.Candidates {
			break
		}
	}
	if c.of == 0 {
		return nil
	}
	best := 0
	good, bad := s.good.logs(s.candidates[:c.of]), s.bad.logs(s.candidates[:c.of])
	for i := range c.of {
		if good[i]-bad[i] > good[best]-bad[best] {
			best = i
		}
	}
	c.score, c.params = good[best]-bad[best], s.candidates[best].Params
	s.candidates[best].Params = nil // the trial has them
	return nil
}

// candidate draws p from a component of the good ones' density, on some axes from
// another: what two good variants do well is then tried together.
func (s *search) candidate(p *past.Point, r *rand.Rand) error {
	component := s.good.pick(r)
	return s.space.Rebuild(p, func(a int, d sweep.Domain) float64 {
		from := component
		if r.Float64() < cross {
			from = s.good.pick(r)
		}
		return s.good.draw(r, from, a, d)
	})
}
