package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

func newTrials(o *options) *cobra.Command {
	var where, sort string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "trials [RUN]",
		Short: "List a run's trials, filtered and sorted",
		Long: `List a run's trials.

--where is a condition in the sweep file's language over param, metric, outcome,
number, variant, repeat, seconds, steps, seed, cached and feasible. A trial that
lacks a parameter or metric that the condition names does not match.`,
		Example: `  sweep trials grid --where 'param.lr < 0.1 && metric.val_loss < 1'
  sweep trials grid --where 'outcome == "failed"'
  sweep trials grid --sort -metric.val_accuracy --limit 5 --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			keep := config.Filter(func(sweep.Trial) (bool, error) { return true, nil })
			if where != "" {
				var err error
				if keep, err = config.ParseFilter(where); err != nil {
					return status{exitUsage, err}
				}
			}
			by, err := ordering(sort)
			if err != nil {
				return status{exitUsage, err}
			}
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			trials := []sweep.Trial{}
			for t, err := range db.Trials(run.ID) {
				if err != nil {
					return err
				}
				ok, err := keep(t)
				if err != nil {
					return status{exitUsage, err}
				}
				if ok {
					trials = append(trials, t)
				}
				if by == nil && limit > 0 && len(trials) == limit {
					break
				}
			}
			if by != nil {
				slices.SortStableFunc(trials, by)
			}
			if limit > 0 {
				trials = trials[:min(limit, len(trials))]
			}
			if asJSON {
				list := make([]results.TrialJSON, len(trials))
				for i, t := range trials {
					list[i] = run.JSON(t)
				}
				return writeJSON(cmd.OutOrStdout(), list)
			}
			return trialTable(cmd, run, trials)
		},
	}
	cmd.Flags().StringVar(&where, "where", "", "condition that trials must meet")
	cmd.Flags().StringVar(&sort, "sort", "", "metric.NAME, param.NAME, number, seconds, steps or outcome; - before it: descending")
	cmd.Flags().IntVar(&limit, "limit", 0, "show so many at most; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func trialTable(cmd *cobra.Command, run results.Run, trials []sweep.Trial) error {
	g := sheet{header: append([]string{"trial", "outcome", run.Objectives[0].Name}, run.Params...), right: map[int]bool{2: true}}
	if run.Feasible != "" {
		g.header = append(g.header, "feasible")
	}
	g.header = append(g.header, "steps", "time")
	for _, t := range trials {
		value := "-"
		if v, ok := run.Value(t); ok {
			value = number(v)
		}
		cells := []string{t.Name(), results.OutcomeName(t.Outcome), value}
		cells = append(cells, values(t.Params, run.Params)...)
		if run.Feasible != "" {
			verdict := "-"
			if t.Outcome.Ranked() {
				verdict = map[bool]string{true: "yes", false: "no"}[t.Violation == 0]
			}
			cells = append(cells, verdict)
		}
		g.add(append(cells, fmt.Sprint(t.Steps), seconds(t.Seconds))...)
	}
	return g.write(cmd)
}

// ordering is the order that --sort asks for. What has no value comes last.
func ordering(by string) (func(a, b sweep.Trial) int, error) {
	if by == "" {
		return nil, nil //nolint:nilnil // no order asked for
	}
	name, descending := strings.CutPrefix(by, "-")
	kind, field, _ := strings.Cut(name, ".")
	number := func(get func(t sweep.Trial) (float64, bool)) func(a, b sweep.Trial) int {
		return func(a, b sweep.Trial) int {
			x, okX := get(a)
			y, okY := get(b)
			switch {
			case !okX || math.IsNaN(x):
				return cmp.Compare(0, map[bool]int{true: -1}[okY])
			case !okY || math.IsNaN(y):
				return -1
			case descending:
				return cmp.Compare(y, x)
			}
			return cmp.Compare(x, y)
		}
	}
	text := func(get func(t sweep.Trial) string) func(a, b sweep.Trial) int {
		return func(a, b sweep.Trial) int {
			if descending {
				a, b = b, a
			}
			return cmp.Compare(get(a), get(b))
		}
	}
	switch {
	case kind == "metric" && field != "":
		return number(func(t sweep.Trial) (float64, bool) { v, ok := t.Best.Metrics[field]; return v, ok }), nil
	case kind == "param" && field != "":
		numeric := number(func(t sweep.Trial) (float64, bool) { return t.Params[field].AsFloat() })
		textual := text(func(t sweep.Trial) string { return t.Params[field].String() })
		return func(a, b sweep.Trial) int { return cmp.Or(numeric(a, b), textual(a, b)) }, nil
	case name == "number":
		return number(func(t sweep.Trial) (float64, bool) { return float64(t.Number), true }), nil
	case name == "seconds":
		return number(func(t sweep.Trial) (float64, bool) { return t.Seconds, true }), nil
	case name == "steps":
		return number(func(t sweep.Trial) (float64, bool) { return float64(t.Steps), true }), nil
	case name == "outcome":
		return text(func(t sweep.Trial) string { return string(t.Outcome) }), nil
	}
	return nil, fmt.Errorf("--sort %s: write metric.NAME, param.NAME, number, seconds, steps or outcome, with - before it for descending", by)
}
