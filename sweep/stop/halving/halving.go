// Package halving is asynchronous successive halving (Li et al. 2020, "A System
// for Massively Parallel Hyperparameter Tuning") as asha and hyperband use it: by
// promotion, as published, and in the stopping form of Tune and Syne Tune. It keeps
// nothing: whether a trial goes on follows from the curves at hand. So, in the
// stopping form, a trial that is launched again, and reports from its first epoch
// on, is judged anew at the rungs it had passed, against all that have come there
// by then.
package halving

import (
	"fmt"
	"iter"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// Rungs are the epochs at which trials are compared: first, then each eta times
// the one before but at least one more, as long as they are below top. Without a
// top (0) they have no end.
func Rungs(first int, eta float64, top int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := float64(first); ; at = max(at*eta, at+1) {
			rung := math.Round(at)
			if rung > math.MaxInt32 || top > 0 && int(rung) >= top || !yield(int(rung)) {
				return
			}
		}
	}
}

// Halving compares trials at rungs.
type Halving struct {
	Rule       string // the rule's name, for reasons
	Objectives []sweep.Objective
	Eta        float64
}

// Judge says whether t, which has just reported, goes on. At each rung that its
// last report is the first to reach, it goes on if it is among the best 1/eta of
// the trials that have come there, or if these are fewer than eta. Of those equal
// at the cut-off all go on. competes tells against whom t runs, where, for
// reasons, as " of bracket 2".
//
// Each trial of a repeated variant is judged by itself, and all trials are its
// rivals but those of its own variant: else the seeds of a first variant would
// stop each other, before there is any other to compare them with.
func (h Halving) Judge(t sweep.Trial, past sweep.History, rungs iter.Seq[int], competes func(variant int) bool, where string) sweep.Verdict {
	last, values, before, ok := rank.Last(t.Reports, h.Objectives)
	if !ok {
		return sweep.Verdict{}
	}
	for rung := range rungs {
		if rung > last.Step {
			break
		}
		if rung <= before {
			continue
		}
		table := rank.NewTable(h.Objectives)
		table.Add(values...)
		for i := range past {
			if o := &past[i]; o.Variant != t.Variant && competes(o.Variant) {
				table.Reach(o.Reports, rung)
			}
		}
		kept := int(float64(table.Len()) / h.Eta)
		if kept == 0 || table.Among(kept) {
			continue
		}
		at := fmt.Sprintf("epoch %d", last.Step)
		if rung != last.Step {
			at += fmt.Sprintf(" (rung %d)", rung)
		}
		return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("%s: %s at %s is not among the best %s of %d trials%s (%s)",
			h.Rule, rank.Describe(values, h.Objectives), at, share(h.Eta), table.Len(), where, table.Cut(kept))}
	}
	return sweep.Verdict{}
}

// share is 1/eta in words.
func share(eta float64) string {
	switch eta {
	case 2:
		return "half"
	case 3:
		return "third"
	case 4:
		return "quarter"
	default:
		return "1/" + rank.Number(eta)
	}
}
