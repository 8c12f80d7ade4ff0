// Package evolution is the genetic algorithm NSGA-II (K. Deb, A. Pratap, S. Agarwal
// and T. Meyarivan 2002, "A Fast and Elitist Multiobjective Genetic Algorithm") without
// generations: each variant is bred from the best of those that have ended when it is
// proposed, so that no slot waits for others. It holds the population and how children
// come about; how variants rank is in past.
//
// The best are those that violate the constraint least, then those on earlier
// non-dominated fronts, then those in emptier regions of their front. Numbers are
// crossed and mutated by their places in their ranges, categories taken from either
// parent or drawn anew; a parameter that neither parent has is drawn.
package evolution

import (
	"fmt"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "evolution" block.
type Config struct {
	_          struct{} `doc:"Genetic algorithm (NSGA-II, Deb 2002): variants are bred from the best so far, by crossover and mutation. For several objectives, whose trade-offs it spreads over, with a thousand trials or more and as many at a time as there are slots; with one objective, or fewer trials, prefer gp, tpe or cmaes."`
	Trials     int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite, else all of them." min:"1"`
	Seed       uint64   `hcl:"seed" doc:"Seed of the search: the same seed and results propose the same variants." default:"1"`
	Population int      `hcl:"population" doc:"Variants that others are bred from; as many are spread over the space at first. More is slower and finds more of the trade-offs." default:"20" min:"4"`
}

// New is a search of s's space by evolution.
func New(s sweep.Spec, c Config) (sweep.Searcher, error) {
	space, err := past.NewSpace(s, "evolution", c.Trials, 200)
	if err != nil {
		return nil, err
	}
	return &search{Config: c, space: space, reader: past.NewReader(s)}, nil
}

// search caches the population that follows from the last history.
type search struct {
	Config
	space  past.Space
	reader *past.Reader
	population
}

func (s *search) Next(n int, history sweep.History) (sweep.Params, error) {
	c, _, err := s.propose(n, history)
	return c.params, err
}

func (s *search) propose(n int, history sweep.History) (child, []past.Point, error) {
	if s.Trials > 0 && n >= s.Trials {
		return child{}, nil, sweep.ErrExhausted
	}
	points, err := s.reader.Points(history)
	if err != nil {
		s.population = population{} // the reader starts over
		return child{}, nil, err
	}
	if s.reader.Anew() {
		s.population = population{}
	}
	s.absorb(points, s.reader.Finished(), s.Population)
	r := past.Seed(s.Seed, n)
	if len(points) >= s.Population && 2*s.results >= s.Population {
		c, err := s.breed(r, points)
		if err != nil || c.params != nil {
			return c, points, err
		}
	} else if n < s.Population {
		p, err := s.design(n)
		if err != nil {
			return child{}, nil, err
		}
		if ok, err := s.space.Allowed(p, s.reader.Seen); err != nil || ok {
			return child{params: p}, points, err
		}
	}
	p, err := s.space.Draw(r, s.reader.Seen)
	return child{params: p}, points, err
}

// design is the n-th of the variants to start with, which are spread over the space.
func (s *search) design(n int) (sweep.Params, error) {
	r := past.Seed(s.Seed, -1) // the same for all of them
	units := past.Latin(r, s.Population, len(s.space.Axes))[n]
	p, err := s.space.Build(func(axis int, _ sweep.Domain) float64 { return units[axis] })
	return p.Params, err
}

// Explain names the parents of the proposal.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	c, points, err := s.propose(n, history)
	if err != nil {
		return "", err
	}
	if len(c.parents) == 0 {
		if len(points) >= s.Population && 2*s.results >= s.Population {
			return fmt.Sprintf("evolution: drawn at random, as %d children in a row were known already or skipped", attempts), nil
		}
		return fmt.Sprintf("evolution: spread over the space until %d variants are there and half as many results", s.Population), nil
	}
	var b strings.Builder
	b.WriteString("evolution: bred from ")
	for k, i := range c.parents {
		if k > 0 {
			b.WriteString(" and ")
		}
		fmt.Fprintf(&b, "variant %d (%s)", i, s.standing(points, i))
	}
	fmt.Fprintf(&b, " of the %d best of %d results", len(s.members), s.results)
	if len(c.mutated) > 0 {
		fmt.Fprintf(&b, "; %s mutated", strings.Join(c.mutated, ", "))
	}
	return b.String(), nil
}

// standing is where point i is in the population.
func (s *search) standing(points []past.Point, i int) string {
	if points[i].Violation > 0 {
		return "infeasible"
	}
	var rows [][]float64
	own := 0
	for _, m := range s.members {
		if m == i {
			own = len(rows)
		}
		if points[m].Violation == 0 {
			rows = append(rows, points[m].Values)
		}
	}
	return fmt.Sprintf("front %d", sweep.Fronts(rows)[own]+1)
}
