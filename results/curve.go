package results

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Point is where a run stood when a trial had ended. The JSON shape is stable.
type Point struct {
	Trial    string  `json:"trial"`
	Ended    int     `json:"ended"`   // its place in the order in which trials ended, from 1
	Seconds  float64 `json:"seconds"` // since the run began
	Value    float64 `json:"value"`   // of the first objective
	Best     float64 `json:"best"`    // of this trial and those before it
	Improved bool    `json:"improved"`
}

// Curve is the best value so far, trial by trial with a result, in the order in
// which they ended.
func (db *DB) Curve(run Run) ([]Point, error) { return run.Curve(db.Trials(run.ID)) }

// Curve is DB.Curve of trials that were read already.
func (r Run) Curve(all iter.Seq2[sweep.Trial, error]) ([]Point, error) {
	var trials []sweep.Trial
	for t, err := range all {
		if err != nil {
			return nil, err
		}
		if v, ok := r.Value(t); ok && !math.IsInf(v, 0) && t.Outcome.Ranked() {
			trials = append(trials, t)
		}
	}
	slices.SortFunc(trials, func(a, b sweep.Trial) int {
		return cmp.Or(cmp.Compare(a.Ended, b.Ended), cmp.Compare(a.Number, b.Number))
	})
	points := make([]Point, len(trials))
	best, seconds := math.NaN(), 0.0
	for i, t := range trials {
		value, _ := r.Value(t)
		improved := r.Objectives[0].Better(value, best)
		if improved {
			best = value
		}
		if t.CachedAs == "" { // its times are those of another run
			seconds = max(seconds, t.Finished.Sub(r.Started).Seconds())
		}
		points[i] = Point{t.Name(), t.Ended, seconds, value, best, improved}
	}
	return points, nil
}
