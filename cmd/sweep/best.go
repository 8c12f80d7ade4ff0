package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func newBest(o *options) *cobra.Command {
	var n int
	var asJSON bool
	var out string
	cmd := &cobra.Command{
		Use:   "best [NAME|RUN]",
		Short: "Show the winner of a run, or copy its model out",
		Long: `Show the best trial of a run: of the newest one, of the newest of the sweep of
that name, or of that run. With repeats, variants are ranked by their mean.

With several objectives, show the front: every variant that no other is better than
in all of them, sorted by the first; -o copies the model of its first row.

Of a sweep with a record, the standing champion is shown too: see sweep champion.

Where the sweep file says which trials are feasible, the best is the best of these,
and where there is none the one that comes nearest, which is then said.`,
		Example: `  sweep best
  sweep best grid -n 5
  sweep best grid-3 --json
  sweep best tradeoff -n 5
  sweep best grid -o winner`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			if n < 1 {
				return status{exitUsage, fmt.Errorf("-n %d: it must be at least 1", n)}
			}
			many := cmd.Flags().Changed("n")
			if len(run.Objectives) > 1 {
				if !many {
					n = math.MaxInt
				}
				return o.bestFront(cmd, db, run, n, asJSON, out)
			}
			rows, err := db.Best(run.ID, n)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				return fmt.Errorf("run %s has no result yet: %s", run.ID, tally(run))
			}
			o.warnInfeasible(cmd, rows[0].Trial, rows[0].Violation)
			if err := o.copyOut(cmd, rows[0].Trial, out); err != nil {
				return err
			}
			switch {
			case asJSON && many:
				list := make([]results.TrialJSON, len(rows))
				for i, row := range rows {
					list[i] = row.JSON(run)
				}
				return writeJSON(cmd.OutOrStdout(), list)
			case many:
				return leaderboard(cmd, run, rows)
			}
			champion, crowned, err := db.Champion(run.Sweep)
			if err != nil {
				return err
			}
			if asJSON {
				answer := struct {
					results.TrialJSON
					Champion *results.Contender `json:"champion,omitempty"` // of the sweep
				}{TrialJSON: rows[0].JSON(run)}
				if crowned {
					answer.Champion = &champion
				}
				return writeJSON(cmd.OutOrStdout(), answer)
			}
			if err := showTrial(cmd, run, rows[0].Trial); err != nil || !crowned {
				return err
			}
			field(cmd, "champion", "%s", standing(champion))
			return nil
		},
	}
	cmd.Flags().IntVarP(&n, "n", "n", 1, "show the first N as a table; of several objectives, all of the front by default")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: an object, or with -n or several objectives an array")
	cmd.Flags().StringVarP(&out, "output", "o", "", "copy the winner's model into this directory")
	return cmd
}

func argument(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// copyOut copies the model of the best trial where that was asked for.
func (o *options) copyOut(cmd *cobra.Command, best sweep.Trial, out string) error {
	if out == "" {
		return nil
	}
	dir, _ := results.ModelDir(best)
	return o.copyModel(cmd, best.Name(), dir, out)
}

// copyModel copies a trial's model directory, which has no directories in it, out of
// the workspace.
func (o *options) copyModel(cmd *cobra.Command, trial, dir, out string) error {
	if _, err := os.Stat(filepath.Join(dir, "model.json")); dir == "" || err != nil {
		return fmt.Errorf("trial %s has left no model: a command keeps its own", trial)
	}
	if _, err := os.Stat(out); err == nil {
		return fmt.Errorf("copy model to %s: it is there already; name another directory with -o", out)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("copy model: %w", err)
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return fmt.Errorf("copy model: %w", err)
	}
	for _, f := range files {
		if f.Name() == seenFile { // it is for judgements
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return fmt.Errorf("copy model: %w", err)
		}
		if err := os.WriteFile(filepath.Join(out, f.Name()), content, 0o600); err != nil {
			return fmt.Errorf("copy model: %w", err)
		}
	}
	o.say(cmd.ErrOrStderr(), "model of trial %s copied to %s", trial, out)
	fmt.Fprintf(cmd.ErrOrStderr(), "sweep: hint: sweep predict --model %s INPUT\n", out)
	return nil
}
