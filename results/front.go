package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Variant is a variant by all of a run's objectives.
type Variant struct {
	Trial     sweep.Trial // its best by the first objective, without reports
	Values    []float64   // of each objective, the mean over the seeds
	Seeds     int         // with a finite value of each objective
	Violation float64     // of the run's constraint; that of the worst seed
}

// Variants are those of a run that have a result with finite values of all
// objectives, in the order in which they were proposed.
func (db *DB) Variants(run Run) ([]Variant, error) {
	var out []Variant
	last := -1
	for t, err := range db.Trials(run.ID) {
		if err != nil {
			return nil, err
		}
		values, ok := run.values(t)
		if !ok {
			continue
		}
		if t.Variant != last {
			out, last = append(out, Variant{Trial: t, Values: make([]float64, len(values))}), t.Variant
		}
		v := &out[len(out)-1]
		v.Seeds++
		for i, f := range values {
			v.Values[i] += (f - v.Values[i]) / float64(v.Seeds)
		}
		v.Violation = max(v.Violation, t.Violation)
		if t.Ahead(v.Trial, run.Objectives[0]) {
			v.Trial = t
		}
	}
	return out, nil
}

// values are those of a trial that has a result; false: it lacks one.
func (r Run) values(t sweep.Trial) ([]float64, bool) {
	if !t.Outcome.Ranked() {
		return nil, false
	}
	values := make([]float64, len(r.Objectives))
	for i, o := range r.Objectives {
		v, ok := t.Best.Metrics[o.Name]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		values[i] = v
	}
	return values, true
}

// losses are a variant's values turned so that the smaller are the better.
func (r Run) losses(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, o := range r.Objectives {
		out[i] = o.Loss(values[i])
	}
	return out
}

// Front is the variants that no other dominates, by the first objective; of
// variants that violate the constraint least where none is feasible.
func (r Run) Front(variants []Variant) []Variant {
	least := math.Inf(1)
	for _, v := range variants {
		least = min(least, v.Violation)
	}
	var candidates, front []Variant
	var rows [][]float64
	for _, v := range variants {
		if v.Violation == least {
			candidates, rows = append(candidates, v), append(rows, r.losses(v.Values))
		}
	}
	for i, f := range sweep.Fronts(rows) {
		if f == 0 {
			front = append(front, candidates[i])
		}
	}
	slices.SortStableFunc(front, func(a, b Variant) int {
		return cmp.Or(slices.CompareFunc(r.losses(a.Values), r.losses(b.Values), sweep.CompareLoss), cmp.Compare(a.Trial.Number, b.Trial.Number))
	})
	return front
}

// Hypervolume is that of the feasible variants up to a reference, a value of each
// objective; nil: the worst that one of them has of each.
func (r Run) Hypervolume(variants []Variant, reference []float64) (volume float64, used []float64, err error) {
	var rows [][]float64
	for _, v := range variants {
		if v.Violation == 0 {
			rows = append(rows, r.losses(v.Values))
		}
	}
	if len(reference) != len(r.Objectives) && reference != nil {
		return 0, nil, fmt.Errorf("the reference has %d values, and run %s %d objectives: give one for each", len(reference), r.ID, len(r.Objectives))
	}
	if reference == nil {
		if len(rows) == 0 {
			return 0, nil, nil
		}
		worst := slices.Clone(rows[0])
		for _, row := range rows {
			for i, v := range row {
				worst[i] = max(worst[i], v)
			}
		}
		reference = r.losses(worst) // turned back
	}
	return sweep.Hypervolume(rows, r.losses(reference)), reference, nil
}
