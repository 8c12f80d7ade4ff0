package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// rerun is what a second training said. The JSON shape is stable.
type rerun struct {
	Trial     string            `json:"trial"`
	Identical bool              `json:"identical"`
	Reason    string            `json:"reason"`
	First     results.TrialJSON `json:"first"`
	Second    results.TrialJSON `json:"second"`
}

func newRerun(o *options, p *config.Plugins) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rerun TRIAL",
		Short: "Train a trial again and say whether the result is the same",
		Long: `Train a trial again, with the same settings and seed, and compare: every metric of
every step, and every bit of the weights. The first result stays as it is; the
second is kept in a directory beside it. Exit code 1 where they differ.`,
		Example: `  sweep rerun grid-1/3
  sweep rerun 3 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, t, run, err := o.trial(args[0])
			if err != nil {
				return err
			}
			if !t.Outcome.Final() || t.ID == "" {
				return fmt.Errorf("trial %s has not been trained: there is nothing to compare with", t.Name())
			}
			second, err := trainAgain(cmd, o, db, run, t, p)
			if err != nil {
				return err
			}
			same, reason, err := identical(t, second)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), rerun{t.Name(), same, reason, run.JSON(t), run.JSON(second)})
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", t.Name(), reason)
			}
			if err == nil && !same {
				err = status{code: exitError}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// trainAgain runs t in a fresh directory.
func trainAgain(cmd *cobra.Command, o *options, db *results.DB, run results.Run, t sweep.Trial, p *config.Plugins) (sweep.Trial, error) {
	data, err := prepare(db, p, prefixed{cmd.ErrOrStderr()})(cmd.Context(), t.Task)
	if err != nil {
		return t, err
	}
	if data != t.Data {
		return t, fmt.Errorf("rerun trial %s: the data has changed since (%s then, %s now)", t.Name(), t.Data, data)
	}
	runner, err := local.New(sweep.Spec{}, local.Config{Parallel: 1})
	if err != nil {
		return t, err
	}
	feasible, err := constraint(run.Feasible)
	if err != nil {
		return t, err
	}
	second := t
	second.Dir = db.TrialDir(run.ID, t.Number) + "-rerun"
	if err := os.RemoveAll(second.Dir); err != nil {
		return t, fmt.Errorf("clear earlier rerun: %w", err)
	}
	if t.Parent != nil {
		from := *t.Parent
		parent, _, err := db.FindTrial(sweep.Trial{Run: run.ID, Number: from.Number}.Name())
		if err != nil {
			return t, fmt.Errorf("find the parent of trial %s: %w", t.Name(), err)
		}
		from.Dir, second.Parent = parent.Dir, &from
	}
	second.Reports, second.Best, second.Violation, second.Steps, second.CachedAs = nil, sweep.Report{}, 0, 0, ""
	o.say(cmd.ErrOrStderr(), "training trial %s again", t.Name())
	result, err := runner.Run(cmd.Context(), sweep.Job{Trial: second, Objectives: run.Objectives, Feasible: run.Feasible, CacheDir: db.CacheDir()}, func(r sweep.Report) {
		second.Add(r, sweep.Spec{Objectives: run.Objectives, Feasible: feasible})
	})
	if err != nil {
		return second, err
	}
	if result.Outcome == sweep.Cancelled {
		return second, status{exitInterrupted, errors.New("rerun interrupted")}
	}
	second.Outcome, second.Message, second.Seconds = result.Outcome, result.Message, result.Seconds
	return second, nil
}

// identical compares the curves, but for speed, and the weights.
func identical(a, b sweep.Trial) (bool, string, error) {
	if a.Outcome != b.Outcome {
		return false, fmt.Sprintf("differs: %s then, %s now", a.Outcome, b.Outcome), nil
	}
	if len(a.Reports) != len(b.Reports) {
		return false, fmt.Sprintf("differs: %d steps then, %d now", len(a.Reports), len(b.Reports)), nil
	}
	for i := range a.Reports {
		for _, name := range union(a.Reports[i].Metrics, b.Reports[i].Metrics) {
			x, y := a.Reports[i].Metrics[name], b.Reports[i].Metrics[name]
			if name != "samples_per_second" && x != y && (x == x || y == y) {
				return false, fmt.Sprintf("differs: %s at step %d was %v, is %v", name, a.Reports[i].Step, x, y), nil
			}
		}
	}
	_, first := results.ModelDir(a)
	_, second := results.ModelDir(b)
	if !first || !second {
		return first == second, fmt.Sprintf("identical in all %d steps", len(a.Reports)), nil
	}
	var weights [2][]byte
	for i, dir := range []string{a.Dir, b.Dir} {
		var err error
		if weights[i], err = os.ReadFile(filepath.Join(dir, "model", "weights.safetensors")); err != nil {
			return false, "", fmt.Errorf("compare weights: %w", err)
		}
	}
	if !bytes.Equal(weights[0], weights[1]) {
		return false, "differs: the metrics agree and the weights do not", nil
	}
	return true, fmt.Sprintf("identical, in every metric of %d steps and every bit of the weights", len(a.Reports)), nil
}
