// Package median is the median rule (Golovin et al. 2017, "Google Vizier: A
// Service for Black-Box Optimization", section 3.2.2): a trial whose best value so
// far is worse than the median of what the others had on average by then is
// stopped. It fits no curve and has no rungs.
package median

import (
	"fmt"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// Config is the stop "median" block.
type Config struct {
	_            struct{} `doc:"Stops a trial whose best value so far is worse than the median of the other trials' running averages at the same epoch (Golovin 2017, Vizier). A cautious rule, without rungs to choose. Others are all that came so far, running, stopped or done, but not those of its own variant, which differ in seed. With several objectives, a trial stops that more than half of the others are ahead of: by non-dominated fronts, and on a front by how few are near."`
	MinTrials    int      `hcl:"min_trials" doc:"Other trials that must have come so far." default:"5" min:"1"`
	WarmupEpochs int      `hcl:"warmup_epochs" doc:"Epochs in which no trial is stopped." default:"0" min:"0"`
}

type rule struct {
	objectives []sweep.Objective
	c          Config
	cache      cache
	table      *rank.Table
}

// New is the rule for trials of s.
func New(s sweep.Spec, c Config) (sweep.Stopper, error) {
	return &rule{objectives: s.Objectives, c: c, cache: cache{objectives: s.Objectives}, table: rank.NewTable(s.Objectives)}, nil
}

func (r *rule) Judge(t sweep.Trial, past sweep.History) sweep.Verdict {
	last, _, _, ok := rank.Last(t.Reports, r.objectives)
	if !ok || last.Step <= r.c.WarmupEpochs {
		return sweep.Verdict{}
	}
	averages := r.cache.at(last.Step, past)
	own := r.best(t.Reports)
	r.table.Clear()
	r.table.Add(own...)
	for i := range past {
		if averages.known[i] && past[i].Variant != t.Variant {
			r.table.Add(averages.row(i)...)
		}
	}
	others := r.table.Len() - 1
	if others < max(r.c.MinTrials, 1) {
		return sweep.Verdict{}
	}
	middle := others/2 + 1 // of an even number the worse of the two
	if r.table.Among(middle) {
		return sweep.Verdict{}
	}
	return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("median: best %s by epoch %d is worse than the median of %d other trials (%s)",
		rank.Describe(own, r.objectives), last.Step, others, r.table.Cut(middle))}
}

// best is the best of each objective.
func (r *rule) best(reports []sweep.Report) []float64 {
	var best []float64
	for _, report := range reports {
		values, ok := rank.Values(report.Metrics, r.objectives)
		switch {
		case !ok:
		case best == nil:
			best = values
		default:
			rank.Best(best, values)
		}
	}
	return best
}
