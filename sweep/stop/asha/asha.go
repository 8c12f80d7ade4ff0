// Package asha is asynchronous successive halving (Li et al. 2020, "A System for
// Massively Parallel Hyperparameter Tuning"): at 1, 3, 9, ... epochs the better
// third goes on. It has the published form, which pauses every trial at every rung
// and promotes the best, and the one that stops trials as soon as they fall behind.
package asha

import (
	"fmt"
	"iter"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/halving"
)

// Config is the stop "asha" block.
type Config struct {
	_         struct{} `doc:"Successive halving without waiting (ASHA, Li 2020): at min_epochs, eta times that, and so on, a trial goes on if it is among the best 1/eta of those that came so far. Trials of one variant, which differ in seed, do not compete with each other. With several objectives, trials on earlier non-dominated fronts are better, and on a front those with fewer near them. The first rule to try wherever epochs tell early who is good."`
	Type      string   `hcl:"type" doc:"stopping: a trial goes on at once if it is among the best at a rung by then. promotion: each trial is paused at each rung, and the best of those paused go on, from their checkpoints, before new ones begin; it trains less in vain, and needs trials that go on from a checkpoint." oneof:"stopping,promotion" default:"stopping"`
	Eta       float64  `hcl:"eta" doc:"One trial in so many goes on at each rung, and the next rung is so many times as far." default:"3" above:"1"`
	MinEpochs int      `hcl:"min_epochs" doc:"Epochs up to the first rung." default:"1" min:"1"`
	MaxEpochs int      `hcl:"max_epochs" doc:"Epochs of a whole training, above min_epochs: there is no rung from there on; 0: not known." default:"0" min:"0"`
}

type rule struct {
	halving.Halving
	c Config
}

// New is the rule for trials of s.
func New(s sweep.Spec, c Config) (sweep.Stopper, error) {
	if c.MaxEpochs > 0 && c.MaxEpochs <= c.MinEpochs {
		return nil, fmt.Errorf("asha with min_epochs = %d and max_epochs = %d has no rung: max_epochs must be above min_epochs", c.MinEpochs, c.MaxEpochs)
	}
	r := rule{halving.Halving{Rule: "asha", Objectives: s.Objectives, Eta: c.Eta}, c}
	if c.Type == "promotion" {
		return promotion{r}, nil
	}
	return r, nil
}

func (r rule) rungs() iter.Seq[int] { return halving.Rungs(r.c.MinEpochs, r.c.Eta, r.c.MaxEpochs) }

func (r rule) Judge(t sweep.Trial, past sweep.History) sweep.Verdict {
	all := func(int) bool { return true }
	return r.Halving.Judge(t, past, r.rungs(), all, "")
}

type promotion struct{ rule }

func (p promotion) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	return p.Pause(t, p.rungs())
}

func (p promotion) Promote(past sweep.History) (int, bool) {
	return p.Halving.Promote(past, p.rungs())
}
