package results

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Sample is a run's variants with their values of a metric, each the mean of its
// seeds, as the leaderboard has it.
type Sample struct {
	Variants []sweep.Params
	Values   []float64

	Trials  int // with a value
	Stopped int // of these, cut short: their values are of less training
	LeftOut int // without one: failed, still running, or it is no finite number
}

// Sample reads a run's values of a metric.
func (db *DB) Sample(run Run, metric string) (Sample, error) {
	return run.Sample(db.Trials(run.ID), metric)
}

// Sample is DB.Sample of trials that were read already.
func (r Run) Sample(trials iter.Seq2[sweep.Trial, error], metric string) (Sample, error) {
	var s Sample
	place := map[int]int{} // of each variant
	var seeds []float64
	known := map[string]bool{}
	for t, err := range trials {
		if err != nil {
			return Sample{}, err
		}
		value, ok := t.Best.Metrics[metric]
		if !ok || !t.Outcome.Ranked() || math.IsNaN(value) || math.IsInf(value, 0) {
			for name := range t.Best.Metrics {
				known[name] = true
			}
			s.LeftOut++
			continue
		}
		s.Trials++
		if t.Outcome == sweep.Stopped {
			s.Stopped++
		}
		i, ok := place[t.Variant]
		if !ok {
			i = len(s.Values)
			place[t.Variant] = i
			s.Variants, s.Values, seeds = append(s.Variants, t.Params), append(s.Values, 0), append(seeds, 0)
		}
		s.Values[i] += value
		seeds[i]++
	}
	for i := range s.Values {
		s.Values[i] /= seeds[i]
	}
	if s.Trials == 0 && len(known) > 0 && !known[metric] {
		return s, fmt.Errorf("metric %q of run %s: %w%s", metric, r.ID, ErrNotFound, suggestion(metric, slices.Sorted(maps.Keys(known))))
	}
	return s, nil
}
