package halving

import (
	"fmt"
	"iter"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// Pause says that t, which has just reported, is paused: at every rung, the first
// time that it comes there.
func (h Halving) Pause(t sweep.Trial, rungs iter.Seq[int]) sweep.Verdict {
	last, values, _, ok := rank.Last(t.Reports, h.Objectives)
	if !ok {
		return sweep.Verdict{}
	}
	passed := 0
	if n := len(t.Pauses); n > 0 {
		passed = t.Pauses[n-1].Last.Step
	}
	for rung := range rungs {
		if rung > last.Step {
			break
		}
		if rung > passed {
			return sweep.Verdict{Stop: true, Pause: true, Reason: fmt.Sprintf("%s: paused with %s at epoch %d, to go on when it is among the best %s there",
				h.Rule, rank.Describe(values, h.Objectives), last.Step, share(h.Eta))}
		}
	}
	return sweep.Verdict{}
}

// Promote is the trial that goes on (Li et al. 2020, algorithm 2): from the top
// rung down, the best that is paused there and among the best 1/eta of all that
// have come there. A variant's seeds do not compete with each other.
func (h Halving) Promote(past sweep.History, rungs iter.Seq[int]) (int, bool) {
	top := 0
	for i := range past {
		top = max(top, reached(&past[i]))
	}
	var steps []int
	for rung := range rungs {
		if rung > top {
			break
		}
		steps = append(steps, rung)
	}
	above := top + 1
	for _, rung := range slices.Backward(steps) {
		if n, ok := h.promote(past, rung, above); ok {
			return n, true
		}
		above = rung
	}
	return 0, false
}

// reached is the last step that t has ever reported.
func reached(t *sweep.Trial) int {
	step := 0
	if n := len(t.Reports); n > 0 {
		step = t.Reports[n-1].Step
	}
	if n := len(t.Pauses); n > 0 {
		step = max(step, t.Pauses[n-1].Last.Step)
	}
	return step
}

// promote looks among the trials that are paused at a rung, below the one above.
func (h Halving) promote(past sweep.History, rung, above int) (int, bool) {
	type candidate struct {
		number int
		loss   float64 // by the first objective
	}
	var paused []candidate
	for i := range past {
		if t := &past[i]; t.Paused() && reached(t) >= rung && reached(t) < above {
			v, _ := rank.Values(t.Pauses[len(t.Pauses)-1].Last.Metrics, h.Objectives[:1])
			paused = append(paused, candidate{i, v[0]})
		}
	}
	order := func(a, b candidate) int { return sweep.CompareLoss(a.loss, b.loss) }
	if len(h.Objectives) == 1 && len(paused) > 0 {
		paused = []candidate{slices.MinFunc(paused, order)} // the others are worse
	}
	slices.SortStableFunc(paused, order)
	for _, c := range paused {
		n := c.number
		table := rank.NewTable(h.Objectives)
		come(table, &past[n], rung)
		for i := range past {
			if past[i].Variant != past[n].Variant {
				come(table, &past[i], rung)
			}
		}
		if kept := int(float64(table.Len()) / h.Eta); kept > 0 && table.Among(kept) {
			return n, true
		}
	}
	return 0, false
}

// come adds a trial that has come to a rung. One that was paused there is known
// from its pause: when it goes on it reports again from its first epoch on.
func come(table *rank.Table, t *sweep.Trial, rung int) {
	for i := range t.Pauses {
		if t.Pauses[i].Last.Step >= rung {
			table.Reach([]sweep.Report{t.Pauses[i].Last}, rung)
			return
		}
	}
	table.Reach(t.Reports, rung)
}
