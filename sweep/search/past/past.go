// Package past is a run's history as searchers that learn see it: variants as
// points of the unit cube with a value to be made small, and proposals that are
// in the space and were not made before. It knows no method.
package past

import (
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Point is a variant that was proposed.
type Point struct {
	Params  sweep.Params
	Domains []sweep.Domain // of each axis, given the axes before it
	Units   []float64      // of each axis: its place in its domain, from 0 to 1; NaN where it is absent

	After int // how many trials had ended when it was proposed
	Ended int // the place of its last trial in the order in which trials ended; 0: not all have

	Earlier bool      // whether it is of an earlier run
	Known   bool      // whether one of its trials has ended
	Failed  bool      // whether one of its trials diverged, or none has a result; its values and violation are then +Inf
	Stopped bool      // whether one of its trials was cut short
	Steps   int       // the most reports that one of its trials made
	Values  []float64 // of each objective, the mean of its trials, the smaller the better

	Violation float64 // of the constraint by its trials, the most; 0: it is feasible

	read bool // whether a history was read for it
}

// Value is that of the first objective.
func (p Point) Value() float64 { return p.Values[0] }

// Compare is negative where p is ahead of another point that has a result, by the
// constraint and the first objective.
func (p *Point) Compare(other *Point) int {
	return sweep.CompareFeasible(p.Violation, p.Value(), other.Violation, other.Value())
}

// Result is what the trials of a variant have come to, without its place.
func Result(trials sweep.History, objectives []sweep.Objective) Point {
	var p Point
	p.judge(trials, len(trials), objectives)
	return p
}

// Place is where params lie in a space.
func Place(space sweep.Space, params sweep.Params) (Point, error) {
	domains := make([]sweep.Domain, len(space.Axes))
	for i, axis := range space.Axes {
		var err error
		if domains[i], err = axis.Domain(params); err != nil {
			return Point{}, err
		}
	}
	return within(space, domains, params), nil
}

// within is where params lie in the domains that a space's axes then have.
func within(space sweep.Space, domains []sweep.Domain, params sweep.Params) Point {
	p := Point{Params: params, Domains: domains, Units: make([]float64, len(domains))}
	for i, d := range domains {
		p.Units[i] = math.NaN()
		if d.Shape != sweep.Absent {
			p.Units[i] = d.Unit(space.Axes[i].Value(params))
		}
	}
	return p
}

// judge reads the outcome of a variant's trials, which will be repeat of them.
func (p *Point) judge(trials sweep.History, repeat int, objectives []sweep.Objective) {
	p.After, p.Ended = trials[0].After, 0
	p.Known, p.Stopped, p.Steps, p.Violation = false, false, 0, 0
	p.Values = append(p.Values[:0], make([]float64, len(objectives))...)
	results, ended, last, diverged := 0, 0, 0, false
	for i := range trials {
		t := &trials[i]
		if t.Ended == 0 {
			paused, ok := t.Settled()
			if !ok {
				continue
			}
			t = &paused
		}
		ended++
		last = max(last, t.Ended)
		p.Known = true
		p.Steps = max(p.Steps, t.Steps)
		p.Stopped = p.Stopped || t.Outcome == sweep.Stopped
		diverged = diverged || t.Outcome == sweep.Diverged // a result, the worst there is
		if !t.Outcome.Ranked() || !p.add(t.Best.Metrics, objectives) {
			continue
		}
		p.Violation = max(p.Violation, t.Violation)
		results++
	}
	if ended == len(trials) && ended >= repeat {
		p.Ended = last
	}
	if p.Failed = p.Known && (results == 0 || diverged); p.Failed {
		p.Violation = math.Inf(1)
	}
	for i := range p.Values {
		if p.Values[i] /= float64(max(results, 1)); p.Failed {
			p.Values[i] = math.Inf(1)
		}
	}
}

// add adds a trial's values; false: one of them is no number.
func (p *Point) add(m sweep.Metrics, objectives []sweep.Objective) bool {
	for _, o := range objectives {
		if v, ok := m[o.Name]; !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	for i, o := range objectives {
		p.Values[i] += o.Loss(m[o.Name])
	}
	return true
}
