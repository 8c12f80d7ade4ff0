// Package cmaes is CMA-ES (N. Hansen and A. Ostermeier 2001; N. Hansen's tutorial,
// arXiv:1604.00772): variants are drawn from a normal distribution whose mean, step
// size and covariance follow the better half of each generation. Discrete parameters
// are coordinates with a margin (arXiv:2205.13482), choices without an order have a
// categorical distribution each, as in CatCMA (arXiv:2405.09962), and a distribution
// that has converged starts anew with twice the population (A. Auger and N. Hansen,
// "A restart CMA evolution strategy with increasing population size", 2005).
//
// A generation is so many results in the order in which variants ended, whoever
// proposed them. What the search has learned follows from the history, and is kept
// between calls.
package cmaes

import (
	"fmt"
	"math"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "cmaes" block.
type Config struct {
	_          struct{} `doc:"Evolution strategy with covariance matrix adaptation (CMA-ES, Hansen 2016, with margin, Hamano 2022): variants are drawn around a mean that follows the best ones, as wide and in the directions that were worth it. Strong where many numeric parameters depend on each other and there are some hundred trials; with fewer, or mostly choices without an order, prefer tpe."`
	Trials     int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed       uint64   `hcl:"seed" doc:"Seed of the draws: the same seed and results propose the same variants." default:"1"`
	Population int      `hcl:"population" doc:"Results from which the distribution is moved; default 4 + 3 ln(number of parameters). More is slower and surer, and should not be less than the trials that run at a time." min:"4"`
	Sigma      float64  `hcl:"sigma" doc:"Standard deviation at first, as a part of each parameter's range." default:"0.2" above:"0" max:"1"`
}

const (
	// attempts is how many draws in a row may be refused.
	attempts = 100
	// widening is by how much a draw becomes wider when the one before was a
	// variant that was seen: what is left of a finite space is found from the mean
	// outwards.
	widening = 1.1
)

// New is a search of s's space by CMA-ES.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	space, err := past.NewSpace(s, "CMA-ES", c.Trials, 200)
	if err != nil {
		return nil, err
	}
	l, err := survey(space)
	if err != nil {
		return nil, err
	}
	if c.Population == 0 {
		c.Population = 4 + int(3*math.Log(float64(max(l.dims+len(l.categories), 1))))
	}
	if c.Sigma == 0 {
		c.Sigma = 0.2
	}
	return &search{Config: c, space: space, layout: l, reader: past.NewReader(s), objective: s.Objectives[0]}, nil
}

// search caches what it has learned from the last history.
type search struct {
	Config
	space  past.Space
	layout layout
	reader *past.Reader

	objective sweep.Objective

	*state
	foreign int      // points of the history that were there before its own
	last    proposal // what Next answered last,
	number  int      // for this point of the history
	taught  int      // after so many results

	draft past.Point // whose storage is used again
}

// proposal is a variant and where in the distribution it was drawn.
type proposal struct {
	params sweep.Params
	place  place
	tries  int
}

func (s *search) Next(n int, history sweep.History) (sweep.Params, error) {
	if s.Trials > 0 && n >= s.Trials {
		return nil, sweep.ErrExhausted
	}
	points, err := s.learn(n, history)
	if err != nil {
		return nil, err
	}
	p, err := s.propose(len(points))
	if err != nil {
		return nil, err
	}
	s.last, s.number, s.taught = p, len(points), s.absorbed
	return p.params, nil
}

// propose is the proposal for point i of the history, given those before it and
// what they taught. A draw beyond the bounds is moved to them, and learned from there:
// drawing again until one is within keeps the mean off the border, which is where
// the best value often is (a sphere in five dimensions, three of them best at the
// border, is at 0.35 after 100 trials rather than at 3.1).
func (s *search) propose(i int) (proposal, error) {
	r := past.Seed(s.Seed, i-s.foreign)
	seen := func(p sweep.Params) bool { return s.reader.SeenBefore(i, p) }
	width := 1.0
	for try := range attempts {
		x := make([]float64, s.layout.dims)
		s.sample(r, width, x)
		p := &s.draft
		err := s.space.Rebuild(p, func(axis int, d sweep.Domain) float64 {
			switch at := s.layout.coords[axis]; {
			case categorical(d) && s.layout.cats[axis] >= 0:
				n := len(d.Choices)
				return (float64(s.categories.sample(r, s.layout.cats[axis], n, width)) + 0.5) / float64(n)
			case at < 0: // a constant, or a branch that the survey did not meet
				return r.Float64()
			default:
				if continuous(d) { // of a discrete parameter the last value goes on for ever
					x[at] = min(max(x[at], 0), 1)
				}
				return x[at]
			}
		})
		if err != nil {
			return proposal{}, err
		}
		if s.space.Size > 0 && seen(p.Params) {
			width *= widening
			continue
		}
		if ok, err := s.space.Allowed(p.Params, never); err != nil {
			return proposal{}, err
		} else if ok {
			params := p.Params
			p.Params = nil // the trial has them
			return proposal{params, place{x: x, drawn: width == 1, start: s.starts, updates: s.updates}, try}, nil
		}
	}
	p, err := s.space.Draw(r, seen)
	return proposal{p, place{start: -1}, attempts}, err
}

func never(sweep.Params) bool { return false }

// Explain describes the distribution and where in it the proposal lies.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	points, err := s.learn(n, history)
	if err != nil {
		return "", err
	}
	p, err := s.propose(len(points))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CMA-ES with a population of %d, which %d generations moved", s.population, s.updates)
	if s.starts > 0 {
		fmt.Fprintf(&b, " since it converged and started anew (%d so far)", s.starts)
	}
	if p.place.start < 0 {
		fmt.Fprintf(&b, ": %d draws were refused, so this is drawn at random from what is left", p.tries)
		return b.String(), nil
	}
	center, err := s.center()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, ": drawn around %s, with a step size of %.2g of the ranges", center.Params.Key(), s.sigma)
	if s.layout.dims > 0 {
		w := s.whiten(s.step(p.place.x, true))
		fmt.Fprintf(&b, ", %.1f times as far as usual", math.Sqrt(dot(w, w))/s.expected)
	}
	if !math.IsInf(s.best, 1) {
		fmt.Fprintf(&b, "; the best of %d results is %.6g", s.results, s.objective.Loss(s.best))
	}
	return b.String(), nil
}
