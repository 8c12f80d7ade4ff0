// Package threshold stops trials whose metric leaves given bounds, or is no
// number any more. A trial is held against the bounds alone.
package threshold

import (
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// Config is the stop "threshold" block.
type Config struct {
	_      struct{} `doc:"Stops a trial whose metric is out of bounds, or NaN or infinite, bounds or not. A guard against trials that have gone wrong, beside any other rule."`
	Metric string   `hcl:"metric" doc:"The metric; the first objective where not given."`
	Lower  *float64 `hcl:"lower" doc:"Stop below this."`
	Upper  *float64 `hcl:"upper" doc:"Stop above this."`
	After  int      `hcl:"after" doc:"The epoch from whose end on the bounds hold; NaN and infinity stop a trial before too." default:"1" min:"1"`
}

type rule struct{ c Config }

// New is the rule for trials of s.
func New(s sweep.Spec, c Config) (sweep.Stopper, error) {
	if c.Lower != nil && c.Upper != nil && *c.Lower > *c.Upper {
		return nil, fmt.Errorf("threshold with lower = %s above upper = %s leaves no value", rank.Number(*c.Lower), rank.Number(*c.Upper))
	}
	if c.Metric == "" {
		c.Metric = s.Objectives[0].Name
	}
	return rule{c}, nil
}

// Metrics is the metric that the rule watches.
func (r rule) Metrics() []string { return []string{r.c.Metric} }

func (r rule) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	if len(t.Reports) == 0 {
		return sweep.Verdict{}
	}
	last := t.Reports[len(t.Reports)-1]
	v, ok := last.Metrics[r.c.Metric]
	if !ok {
		return sweep.Verdict{}
	}
	fault := ""
	switch bound := last.Step >= r.c.After; {
	case math.IsNaN(v) || math.IsInf(v, 0):
		fault = "is not finite"
	case bound && r.c.Lower != nil && v < *r.c.Lower:
		fault = "is below " + rank.Number(*r.c.Lower)
	case bound && r.c.Upper != nil && v > *r.c.Upper:
		fault = "is above " + rank.Number(*r.c.Upper)
	default:
		return sweep.Verdict{}
	}
	return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("threshold: %s %s at epoch %d %s", r.c.Metric, rank.Number(v), last.Step, fault)}
}
