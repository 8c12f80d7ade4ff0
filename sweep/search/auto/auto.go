// Package auto chooses the method for a space and a budget: the search of those
// who do not want to. It knows the other methods by name alone.
//
// Each proposal's method follows from the space, the objectives, and how many trials
// have ended by then and how many run, so that a run may begin with one and go on with
// another, which sets out from what the first has found. What is best where was
// measured (docs/benchmarks.md).
package auto

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// Config is the search "auto" block.
type Config struct {
	_      struct{} `doc:"Chooses the method by the space, the objectives, the number of results and how many trials run, and says which and why when the run begins. What is searched with where no search block is given and the space is not finite."`
	Trials int      `hcl:"trials" doc:"Variants to propose; required where the space is not finite and no limit is set, else all of them." min:"1"`
	Seed   uint64   `hcl:"seed" doc:"Seed of the search." default:"1"`
}

// New is a maker of searches that choose; build makes the ones chosen from.
func New(build func(sweep.Spec, sweep.Block) (sweep.Searcher, error)) func(sweep.Spec, Config) (sweep.Searcher, error) {
	return func(s sweep.Spec, c Config) (sweep.Searcher, error) {
		if _, err := past.NewSpace(s, "auto", c.Trials, 100); err != nil {
			return nil, err
		}
		choice, err := choose(s)
		if err != nil {
			return nil, err
		}
		settings := sweep.Params{"seed": sweep.Int(int64(c.Seed))}
		if c.Trials > 0 {
			settings["trials"] = sweep.Int(int64(c.Trials))
		}
		spread, err := build(s, sweep.Block{Type: "sobol", Config: sweep.Object(settings)})
		if err != nil {
			return nil, fmt.Errorf("build the sobol search that auto begins with: %w", err)
		}
		search := &search{plan: choice, spread: spread}
		for _, stage := range choice {
			searcher, err := build(s, sweep.Block{Type: stage.method, Config: sweep.Object(settings)})
			if err != nil {
				return nil, fmt.Errorf("build the %s search that auto chose: %w", stage.method, err)
			}
			learner, ok := searcher.(sweep.Learner)
			if !ok {
				return nil, fmt.Errorf("the %s search that auto chose does not learn", stage.method)
			}
			search.stages = append(search.stages, learner)
		}
		return search, nil
	}
}

// stage is a method for part of a run.
type stage struct {
	method string
	until  int // results; 0: to the end
	why    string
}

// A Gaussian process makes the best use of few results, in any space, and of many
// it takes too long: the time of a proposal grows with the square of the results,
// and with the parameters.
const (
	affordable = 10_000
	most       = 500 // results
)

// choose is the plan for a spec.
func choose(s sweep.Spec) ([]stage, error) {
	ordered, err := plain(s.Space)
	if err != nil {
		return nil, err
	}
	dims := max(len(s.Space.Axes), 1)
	first := stage{method: "gp", until: min(most, affordable/dims), why: "it makes the best use of few results"}
	rest := stage{method: "tpe", why: "it copes with many results, choices and conditions"}
	switch n := len(s.Objectives); {
	case ordered && n > 1:
		rest = stage{method: "evolution", why: fmt.Sprintf("it spreads over the trade-offs of %d objectives, and all parameters are numbers", n)}
	case ordered:
		rest = stage{method: "cmaes", why: "it copes with many results, and all parameters are numbers"}
	}
	return []stage{first, rest}, nil
}

// plain reports whether every parameter always exists and has an order.
func plain(space sweep.Space) (bool, error) {
	for _, a := range space.Axes {
		if len(a.Needs) > 0 {
			return false, nil
		}
		d, err := a.Domain(nil)
		if err != nil {
			return false, err
		}
		if !d.Ordered() && d.Len() != 1 {
			return false, nil
		}
	}
	return true, nil
}

type search struct {
	plan   []stage
	stages []sweep.Learner
	spread sweep.Searcher // while there is little to learn from
}

// Where so many trials or more run for each that has ended, and there are more than
// the methods begin with themselves, proposals are spread evenly: a method knows
// too little of so many places at once.
const (
	crowd   = 3
	opening = 10
)

// Choice says which methods were chosen, and why.
func (s *search) Choice() string {
	parts := make([]string, len(s.plan))
	for i, stage := range s.plan {
		parts[i] = stage.method
		if stage.until > 0 {
			parts[i] += fmt.Sprintf(" up to %d results", stage.until)
		}
		parts[i] += ", as " + stage.why
	}
	return strings.Join(parts, "; then ") + fmt.Sprintf("; evenly spread while %d trials or more run for each that has ended", crowd)
}

func (s *search) Next(n int, history sweep.History) (sweep.Params, error) {
	if p, ok, err := s.spreads(n, history); err != nil || ok {
		return p, err
	}
	_, learner, _ := s.at(history)
	return learner.Next(n, history)
}

// spreads is an evenly spread variant where most trials still run, and it is not
// among them.
func (s *search) spreads(n int, history sweep.History) (sweep.Params, bool, error) {
	_, _, results := s.at(history)
	if len(history) < opening || len(history)-results < crowd*results {
		return nil, false, nil
	}
	p, err := s.spread.Next(n, history)
	if errors.Is(err, sweep.ErrExhausted) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	key := p.Key()
	known := slices.ContainsFunc(history, func(t sweep.Trial) bool { return t.Variant >= 0 && t.Params.Key() == key })
	return p, !known, nil
}

// Explain tells the method's own reasons.
func (s *search) Explain(n int, history sweep.History) (string, error) {
	_, ok, err := s.spreads(n, history)
	if err != nil {
		return "", err
	}
	stage, learner, results := s.at(history)
	if ok {
		return fmt.Sprintf("sobol: evenly spread, as %d trials still ran and %d had ended; auto would else have chosen %s", len(history)-results, results, stage.method), nil
	}
	why, err := learner.Explain(n, history)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; auto chose %s, as %s", why, stage.method, stage.why), nil
}

// at is the method whose turn it is after a history, and the trials that have ended.
func (s *search) at(history sweep.History) (_ stage, _ sweep.Learner, results int) {
	for i := range history {
		if _, ok := history[i].Settled(); ok {
			results++
		}
	}
	for i, stage := range s.plan {
		if stage.until == 0 || results < stage.until {
			return stage, s.stages[i], results
		}
	}
	last := len(s.plan) - 1
	return s.plan[last], s.stages[last], results
}
