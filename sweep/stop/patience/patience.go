// Package patience stops a trial that has got no better for some time: early
// stopping as training programs know it (Prechelt 1998, "Early Stopping - But
// When?"). A trial is held against its own past alone.
package patience

import (
	"fmt"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// Config is the stop "patience" block.
type Config struct {
	_        struct{} `doc:"Stops a trial whose metric has got no better for some epochs (Prechelt 1998). Knows of no other trial, so it goes with any other rule."`
	Epochs   int      `hcl:"epochs" doc:"Reports of the metric to wait for a better one." default:"10" min:"1"`
	MinDelta float64  `hcl:"min_delta" doc:"How much better counts: by more than this, since the last time that it counted." default:"0" min:"0"`
	Metric   string   `hcl:"metric" doc:"The metric; the first objective where not given."`
	Goal     string   `hcl:"goal" doc:"Which direction of it is better; required where metric is no objective." oneof:"minimize,maximize"`
}

type rule struct {
	metric sweep.Objective
	c      Config
}

// New is the rule for trials of s.
func New(s sweep.Spec, c Config) (sweep.Stopper, error) {
	r := rule{s.Objectives[0], c}
	if c.Metric != "" {
		r.metric = sweep.Objective{Name: c.Metric, Goal: sweep.Goal(c.Goal)}
		if i := slices.IndexFunc(s.Objectives, func(o sweep.Objective) bool { return o.Name == c.Metric }); i >= 0 {
			r.metric = s.Objectives[i]
		}
	}
	switch goal := sweep.Goal(c.Goal); {
	case r.metric.Goal == "":
		return nil, fmt.Errorf("patience with %s, which is no objective, does not know which direction is better: add goal = %q or %q", c.Metric, sweep.Minimize, sweep.Maximize)
	case goal != "" && goal != r.metric.Goal:
		return nil, fmt.Errorf("patience cannot %s %s: it is an objective to %s; leave goal out", goal, r.metric.Name, r.metric.Goal)
	}
	return r, nil
}

// Metrics is the metric that the rule watches.
func (r rule) Metrics() []string { return []string{r.metric.Name} }

func (r rule) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	n := len(t.Reports) - 1
	if n < 0 {
		return sweep.Verdict{}
	}
	if _, ok := t.Reports[n].Metrics[r.metric.Name]; !ok {
		return sweep.Verdict{}
	}
	var best float64
	var at, since int // the step at which best was reached, reports since
	for _, report := range t.Reports {
		v, ok := report.Metrics[r.metric.Name]
		switch {
		case !ok:
		case at == 0 || r.better(v, best):
			best, at, since = v, report.Step, 0
		default:
			since++
		}
	}
	if since < r.c.Epochs {
		return sweep.Verdict{}
	}
	by := ""
	if r.c.MinDelta > 0 {
		by = " by more than " + rank.Number(r.c.MinDelta)
	}
	return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("patience: %s at epoch %d has not been better than %s, of epoch %d,%s for %d reports",
		r.metric.Name, t.Reports[n].Step, rank.Number(best), at, by, since)}
}

func (r rule) better(v, best float64) bool {
	return r.metric.Better(v, best) && !(math.Abs(v-best) <= r.c.MinDelta)
}
