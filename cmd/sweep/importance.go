package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/importance"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// importances are the answer of sweep importance. The JSON shape is stable.
type importances struct {
	Run      string      `json:"run"`
	Metric   string      `json:"metric"`
	Method   string      `json:"method"`
	Variants int         `json:"variants"` // that it was computed from
	Trials   int         `json:"trials"`   // of these variants
	Stopped  int         `json:"stopped"`  // trials among them that were cut short
	LeftOut  int         `json:"left_out"` // trials without a value
	Params   []weight    `json:"params"`   // by importance, the largest first
	Pairs    []twoWeight `json:"pairs,omitempty"`
}

// weight is a parameter's importance; of several that advance together, the name
// has + between theirs.
type weight struct {
	Param      string  `json:"param"`
	Importance float64 `json:"importance"` // from 0 to 1
	SD         float64 `json:"sd"`
	Scale      string  `json:"scale"` // "space", or "seen": that of the values tried
}

// twoWeight is what two parameters matter together, beyond what each does.
type twoWeight struct {
	Params     []importance.Name `json:"params"`
	Importance float64           `json:"importance"`
	SD         float64           `json:"sd"`
}

// importanceOptions are the flags.
type importanceOptions struct {
	method, metric string
	pairs          int
	top            float64
	seed           uint64
	asJSON         bool
}

// The methods.
const (
	fanova   = "fanova"
	pedAnova = "ped-anova"
)

func newImportance(o *options, p *config.Plugins) *cobra.Command {
	var f importanceOptions
	cmd := &cobra.Command{
		Use:   "importance [RUN]",
		Short: "Say which parameters matter",
		Long: `Say how much each parameter of a run matters for its objective.

fanova asks over the whole space: a random forest learns the metric, and the
importance of a parameter is the share of the forest's variance that it explains
by itself. What is missing to 1 are interactions; --pairs shows the strongest of
two. ± is the standard deviation over the trees.

ped-anova asks near the top: how the values of the best trials differ from those
of all. Importances sum to 1. It looks at ranks only, so one huge value does not
hide the rest. ± is the standard deviation over resamples of the trials.

Trials without a result are left out. Trials that a stop rule cut short count with
the value that they had reached: without them only the good ones would be left.
Parameters are on the scale of the sweep file where it is still what it was, and
else on that of the values tried.`,
		Example: `  sweep importance grid
  sweep importance grid --pairs 3
  sweep importance grid --method ped-anova --top 0.2
  sweep importance grid --metric seconds_per_epoch --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return status{exitUsage, err}
			}
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			if f.metric == "" {
				f.metric = run.Objectives[0].Name
			}
			sample, err := db.Sample(run, f.metric)
			if errors.Is(err, results.ErrNotFound) {
				err = status{exitUsage, err}
			}
			if err != nil {
				return err
			}
			o.sayOfSample(cmd, sample, f.metric)
			columns, err := o.columns(cmd, run, sample, p)
			if err != nil {
				return fmt.Errorf("importance of run %s: %w", run.ID, err)
			}
			answer := importances{
				Run: run.ID, Metric: f.metric, Method: f.method,
				Variants: len(sample.Values), Trials: sample.Trials, Stopped: sample.Stopped, LeftOut: sample.LeftOut,
			}
			if err := answer.compute(f, run, columns, sample.Values); err != nil {
				return fmt.Errorf("importance of run %s for %s: %w", run.ID, f.metric, err)
			}
			if f.asJSON {
				return writeJSON(cmd.OutOrStdout(), answer)
			}
			return answer.write(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.method, "method", fanova, "fanova or ped-anova")
	flags.StringVar(&f.metric, "metric", "", "metric to explain; the first objective by default")
	flags.IntVar(&f.pairs, "pairs", 0, "with fanova, show so many interactions of two parameters")
	flags.Float64Var(&f.top, "top", 0.1, "with ped-anova, the share of the trials that are the best")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the resampling")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

// check says what is wrong with the flags.
func (f importanceOptions) check(cmd *cobra.Command) error {
	switch {
	case f.method != fanova && f.method != pedAnova:
		return fmt.Errorf("--method %s: it is %s or %s", f.method, fanova, pedAnova)
	case f.pairs < 0:
		return fmt.Errorf("--pairs %d: it must be at least 0", f.pairs)
	case f.pairs > 0 && f.method != fanova:
		return fmt.Errorf("--pairs: %s looks at one parameter at a time; use --method %s", f.method, fanova)
	case cmd.Flags().Changed("top") && f.method != pedAnova:
		return fmt.Errorf("--top: %s looks at all trials; use --method %s", f.method, pedAnova)
	case !(f.top > 0 && f.top < 1):
		return fmt.Errorf("--top %g: it must be above 0 and below 1", f.top)
	}
	return nil
}

// sayOfSample says which trials do not count, or not for what they could have.
func (o *options) sayOfSample(cmd *cobra.Command, s results.Sample, metric string) {
	if s.LeftOut > 0 {
		o.say(cmd.ErrOrStderr(), "%d of %d trials are left out: they failed, still run, or have no finite %s", s.LeftOut, s.LeftOut+s.Trials, metric)
	}
	if s.Stopped > 0 {
		o.say(cmd.ErrOrStderr(), "%d of %d trials were stopped early and count with the value that they had reached", s.Stopped, s.Trials)
	}
}

// columns are the parameters on the scale of the sweep file, or on their own where
// it cannot be read or is another by now.
func (o *options) columns(cmd *cobra.Command, run results.Run, s results.Sample, p *config.Plugins) ([]importance.Column, error) {
	file, err := fileOf(run, p)
	if err != nil {
		why, _, _ := strings.Cut(err.Error(), "\n")
		o.say(cmd.ErrOrStderr(), "parameters are on the scale of the values tried: %s", why)
		return importance.Seen(run.Params, s.Variants), nil
	}
	return importance.Columns(file.Spec.Space, s.Variants)
}

// compute fills in the parameters' importances.
func (x *importances) compute(f importanceOptions, run results.Run, columns []importance.Column, values []float64) error {
	var effects, pairs []importance.Effect
	var err error
	if f.method == fanova {
		effects, pairs, err = importance.FANOVA(columns, values, f.pairs, f.seed)
	} else {
		i := slices.IndexFunc(run.Objectives, func(o sweep.Objective) bool { return o.Name == f.metric })
		if i < 0 {
			return status{exitUsage, fmt.Errorf("it is no objective, so that %s cannot know which values are the best: use --method %s", pedAnova, fanova)}
		}
		losses := make([]float64, len(values))
		for k, v := range values {
			losses[k] = run.Objectives[i].Loss(v)
		}
		effects, err = importance.PEDANOVA(columns, losses, f.top, f.seed)
	}
	if err != nil {
		return err
	}
	scale := map[importance.Name]string{}
	for _, c := range columns {
		scale[c.Name] = map[bool]string{true: "seen", false: "space"}[c.Seen]
	}
	for _, e := range effects {
		x.Params = append(x.Params, weight{string(e.Params[0]), e.Share, e.SD, scale[e.Params[0]]})
	}
	for _, e := range pairs {
		x.Pairs = append(x.Pairs, twoWeight{e.Params, e.Share, e.SD})
	}
	return nil
}

// write prints a table, and one of the interactions.
func (x importances) write(cmd *cobra.Command) error {
	g := weightTable(cmd, "parameter")
	for _, w := range x.Params {
		g.weigh(w.Param, w.Importance, w.SD)
	}
	if err := g.write(cmd); err != nil || len(x.Pairs) == 0 {
		return err
	}
	g = weightTable(cmd, "interaction")
	for _, w := range x.Pairs {
		g.weigh(fmt.Sprintf("%s x %s", w.Params[0], w.Params[1]), w.Importance, w.SD)
	}
	return g.write(cmd)
}

// weighed is a sheet of importances, with bars in a terminal.
type weighed struct {
	sheet

	bars bool
}

func weightTable(cmd *cobra.Command, what string) *weighed {
	g := &weighed{sheet: sheet{header: []string{what, "importance", "±"}, right: map[int]bool{1: true, 2: true}}}
	if _, g.bars = terminal(cmd.OutOrStdout()); g.bars || colored(cmd, cmd.OutOrStdout()) {
		g.bars, g.header = true, append(g.header, "")
	}
	return g
}

func (g *weighed) weigh(name string, share, sd float64) {
	cells := []string{name, fmt.Sprintf("%.3f", share), fmt.Sprintf("%.3f", sd)}
	if g.bars {
		const length = 24 // of all
		cells = append(cells, strings.Repeat("█", int(math.Round(length*share))))
	}
	g.add(cells...)
}
