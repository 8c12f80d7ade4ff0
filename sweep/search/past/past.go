// Package past is a run's history as searchers that learn see it: variants as
// points of the unit cube with a value to be made small, and proposals that are
// in the space and were not made before. It knows no method.
package past

import (
	"math"
	"reflect"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Point is a variant that was proposed.
type Point struct {
	Params  sweep.Params
	Domains []sweep.Domain // of each axis, given the axes before it
	Units   []float64      // of each axis: its place in its domain, from 0 to 1; NaN where it is absent

	Known   bool      // whether one of its trials has ended
	Failed  bool      // whether none of its trials has a result; its values are then +Inf
	Stopped bool      // whether one of its trials was cut short
	Steps   int       // the most reports that one of its trials made
	Values  []float64 // of each objective, the mean of its trials, the smaller the better
}

// Value is that of the first objective.
func (p Point) Value() float64 { return p.Values[0] }

// Reader turns histories into points. It keeps those of the last history, which
// the next one usually goes on from.
type Reader struct {
	spec   sweep.Spec
	points []Point
	keys   map[string]bool
}

// NewReader reads histories of runs of s.
func NewReader(s sweep.Spec) *Reader { return &Reader{spec: s, keys: map[string]bool{}} }

// Points are the variants of a history in the order in which they were proposed.
// They are valid until the next call.
func (r *Reader) Points(history sweep.History) ([]Point, error) {
	n := 0
	for i := 0; i < len(history); n++ {
		end := i + 1
		for end < len(history) && history[end].Variant == history[i].Variant {
			end++
		}
		if n == len(r.points) || !same(r.points[n].Params, history[i].Params) {
			for _, p := range r.points[n:] {
				delete(r.keys, p.Params.Key())
			}
			p, err := Place(r.spec.Space, history[i].Params)
			if err != nil {
				return nil, err
			}
			r.points = append(r.points[:n], p)
			r.keys[p.Params.Key()] = true
		}
		r.points[n].judge(history[i:end], r.spec.Objectives)
		i = end
	}
	for _, p := range r.points[n:] {
		delete(r.keys, p.Params.Key())
	}
	r.points = r.points[:n]
	return r.points, nil
}

// same reports whether a and b are one map: histories do not change, so that
// what is in it need not be compared.
func same(a, b sweep.Params) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// Seen reports whether p is in the history that Points was last called with.
func (r *Reader) Seen(p sweep.Params) bool { return r.keys[p.Key()] }

// Place is where params lie in a space.
func Place(space sweep.Space, params sweep.Params) (Point, error) {
	p := Point{Params: params, Domains: make([]sweep.Domain, len(space.Axes)), Units: make([]float64, len(space.Axes))}
	for i, axis := range space.Axes {
		d, err := axis.Domain(params)
		if err != nil {
			return Point{}, err
		}
		p.Domains[i], p.Units[i] = d, math.NaN()
		if d.Shape != sweep.Absent {
			p.Units[i] = d.Unit(axis.Value(params))
		}
	}
	return p, nil
}

// judge reads the outcome of a variant's trials.
func (p *Point) judge(trials sweep.History, objectives []sweep.Objective) {
	p.Known, p.Stopped, p.Steps = false, false, 0
	p.Values = append(p.Values[:0], make([]float64, len(objectives))...)
	results := 0
	for _, t := range trials {
		if t.Ended == 0 {
			continue
		}
		p.Known = true
		p.Steps = max(p.Steps, t.Steps)
		p.Stopped = p.Stopped || t.Outcome == sweep.Stopped
		if !t.Outcome.Ranked() || !p.add(t.Best.Metrics, objectives) {
			continue
		}
		results++
	}
	p.Failed = p.Known && results == 0
	for i := range p.Values {
		if p.Values[i] /= float64(results); p.Failed {
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
		v := m[o.Name]
		if o.Goal == sweep.Maximize {
			v = -v
		}
		p.Values[i] += v
	}
	return true
}
