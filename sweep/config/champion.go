package config

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Champion is the champion block: what it takes to become the sweep's champion.
type Champion struct {
	_       struct{} `doc:"A record of the sweep's best. When a run has finished, its winner becomes champion if it beats the standing one on the validation data of the run, on which both are scored then; the first winner does at once. What a command has trained, or is not to be found, cannot be scored again: then the values that were recorded count."`
	MinGain float64  `hcl:"min_gain" doc:"By how much the objective has to be better, at least." default:"0" min:"0"`
	Test    string   `hcl:"test" doc:"paired: and by more than chance explains, over the examples and, with repeat or confirm, over the seeds; none: by min_gain alone." oneof:"paired,none" default:"paired"`
	Alpha   float64  `hcl:"alpha" doc:"The largest p-value, one-sided, that the test may have." default:"0.05" above:"0" below:"1"`
	Split   string   `hcl:"split" doc:"The examples on which both are scored. The winner was chosen on val, so that it is a little too good there; on test it was not." oneof:"val,test" default:"val"`
}

// Regression is the regression block: when a run has got worse.
type Regression struct {
	_    struct{} `doc:"When a run has become worse: it is then marked so, and sweep run ends with exit code 3."`
	Drop float64  `hcl:"drop" doc:"By more than this the winner's objective is worse than the standing champion's, both scored on the run's data." required:"true" min:"0"`
}

var (
	championSchema   = schema.Of(Champion{})
	regressionSchema = schema.Of(Regression{})
)

// record reads the champion and regression blocks.
func (r *reader) record(f *File, champion, regression *hclsyntax.Block) {
	for _, block := range []*hclsyntax.Block{champion, regression} {
		if block == nil {
			continue
		}
		r.noLabels(block)
		if len(f.Spec.Objectives) > 1 {
			r.add(fault(block.TypeRange, "Several objectives", "A champion is the best of one objective: leave out the %s block, or give the sweep one objective.", block.Type))
		}
	}
	if champion != nil {
		f.Champion = &Champion{}
		r.decode(r.fixed(champion.Body, championSchema), f.Champion)
	}
	if regression != nil {
		f.Regression = &Regression{}
		r.decode(r.fixed(regression.Body, regressionSchema), f.Regression)
	}
}
