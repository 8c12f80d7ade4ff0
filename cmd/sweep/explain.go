package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// explanation is why a trial is what it is. The JSON shape is stable.
type explanation struct {
	Trial    string        `json:"trial"`
	Proposed string        `json:"proposed"`
	Outcome  sweep.Outcome `json:"outcome"`
	Message  string        `json:"message,omitempty"` // why it was stopped, or failed
}

func newExplain(o *options, p *config.Plugins) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain TRIAL",
		Short: "Say why a trial was proposed, and why it was stopped",
		Long: `Say why a trial was proposed: by which method, from which results, and how good it
was taken for; and, where it was stopped early, by which rule.

The search decides again from what it knew then, so the sweep file must still be
what it was.`,
		Example: `  sweep explain tune-1/17
  sweep explain 17 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, t, run, err := o.trial(args[0])
			if err != nil {
				return err
			}
			why, err := proposed(db, run, t, p)
			if err != nil {
				return fmt.Errorf("explain trial %s: %w", t.Name(), err)
			}
			e := explanation{t.Name(), why, t.Outcome, t.Message}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), e)
			}
			outcome := string(e.Outcome)
			if e.Outcome == sweep.Running {
				outcome = "running"
			}
			if e.Message != "" {
				outcome += ": " + e.Message
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "trial      %s\nproposed   %s\noutcome    %s\n", e.Trial, e.Proposed, outcome)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// proposed lets the run's search decide on t again.
func proposed(db *results.DB, run results.Run, t sweep.Trial, p *config.Plugins) (string, error) {
	file, err := fileOf(run, p)
	if err != nil {
		return "", err
	}
	if _, err := setOut(db, file, run); err != nil {
		return "", err
	}
	var history sweep.History
	for trial, err := range db.Trials(run.ID) {
		if err != nil {
			return "", err
		}
		history = append(history, trial)
	}
	if t.Number >= len(history) || history[t.Number].Number != t.Number {
		return "", fmt.Errorf("the records of run %s have a gap before it: go on with the run first", run.ID)
	}
	learner, ok := file.Searcher.(sweep.Learner)
	switch {
	case t.Confirms:
		return fmt.Sprintf("to confirm variant %d, one of the best %d, with a fresh seed", t.Variant, file.Spec.Limits.Confirm), nil
	case ok:
		return learner.Explain(t.Variant, history.Before(t.Number-t.Repeat))
	case t.Variant < len(file.Spec.Try):
		return "a baseline of the file's try blocks", nil
	}
	return fmt.Sprintf("number %d of the %s search, which does not look at results", t.Variant-len(file.Spec.Try)+1, file.SearchName), nil
}
