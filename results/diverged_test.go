package results

import (
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// A variant of which a seed diverged is behind every one that always had a result,
// the worst and the infeasible ones among them, whichever of its seeds came last.
func TestDivergedSeedsRankLast(t *testing.T) {
	for _, last := range []int{4, 5} {
		db := open(t)
		run := start(t, db, Run{Repeat: 2, Feasible: "metric.size < 1"})
		rec := db.Record(run)
		worst, far := trial(run, 0, sweep.Succeeded, 0.1), trial(run, 2, sweep.Succeeded, 0.2)
		far.Violation = 3
		put(t, rec, worst)
		put(t, rec, far)
		for _, n := range []int{9 - last, last} {
			if n == 4 {
				put(t, rec, trial(run, 4, sweep.Succeeded, 0.9))
			} else {
				bad := trial(run, 5, sweep.Diverged, 0)
				bad.Best, bad.Steps = sweep.Report{}, 0
				put(t, rec, bad)
			}
		}
		rows, err := db.Best(run.ID, 9)
		if err != nil || len(rows) != 3 {
			t.Fatalf("%+v, %v", rows, err)
		}
		if got := rows[2]; got.Number != 4 || got.Diverged != 1 || got.Seeds != 1 || rows[1].Number != 2 {
			t.Errorf("with %d last: %+v", last, rows)
		}
		if err := db.Check(); err != nil {
			t.Error(err)
		}
	}
}
