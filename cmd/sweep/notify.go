package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

func newNotify(o *options, p *config.Plugins) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try whether a sweep file's notices arrive",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	test := newNotifyTest(o, p)
	test.Args = usage(test.Args)
	cmd.AddCommand(test)
	return cmd
}

func newNotifyTest(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	var on string
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "Send what a sweep file's notify blocks would send, marked as a test",
		Long: `Send what the notify blocks of a sweep file would send, of the sweep's newest run
where there is one, else of one that is made up. The message says that it is a test.

Every block is tried, with the first of its occasions; with --on, those that are
told of that one. Exit code 1: somebody was not reached.`,
		Example: `  sweep notify test nightly.hcl
  sweep notify test nightly.hcl --on regression`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if known := []string{"", "finished", "champion", "regression", "failed"}; !slices.Contains(known, on) {
				return status{exitUsage, fmt.Errorf("--on %s: it is finished, champion, regression or failed", on)}
			}
			file, _, err := readFile(args[0], vars, p)
			if err != nil {
				return err
			}
			if len(file.Unset.List()) > 0 {
				return file.Unset
			}
			db, err := o.db()
			if err != nil {
				return err
			}
			n, err := sample(db, file)
			if err != nil {
				return err
			}
			tried, failed := 0, 0
			for _, way := range file.Notifiers {
				if n.Occasions = way.On[:1]; on != "" {
					n.Occasions = []sweep.Occasion{sweep.Occasion(on)}
				}
				if !slices.Contains(way.On, n.Occasions[0]) {
					continue
				}
				tried++
				if err := way.Notify(cmd.Context(), n); err != nil {
					failed++
					fmt.Fprintf(cmd.ErrOrStderr(), "sweep: error: %v\n", err)
					continue
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: sent, as %s\n", way, n.Occasions[0]); err != nil {
					return err
				}
			}
			switch {
			case len(file.Notifiers) == 0:
				return hint{fmt.Errorf("%s has no notify block: nobody would be told", file.Path), `notify "command" { argv = ["./tell.sh"] }`}
			case tried == 0:
				return fmt.Errorf("no notify block of %s is told of %s", file.Path, on)
			case failed > 0:
				return status{code: exitError}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the file, NAME=VALUE")
	cmd.Flags().StringVar(&on, "on", "", "what the message is to be about: finished, champion, regression or failed")
	return cmd
}

// sample is a notice to try the ways with: of the sweep's newest run, if it has one.
func sample(db *results.DB, file *config.File) (sweep.Notice, error) {
	run, err := db.Find(file.Spec.Name)
	if err == nil && run.Sweep == file.Spec.Name {
		n, err := noticeOf(db, run)
		n.Test = true
		return n, err
	}
	if err != nil && !errors.Is(err, results.ErrNotFound) {
		return sweep.Notice{}, err
	}
	now := time.Now().Truncate(time.Second) //nolint:forbidigo // the program's own clock
	n := sweep.Notice{
		Sweep: file.Spec.Name, Run: file.Spec.Name + "-1", File: file.Path, Reason: "complete", Test: true,
		Started: now.Add(-time.Hour), Finished: now, Trials: map[string]int{"total": 1, "succeeded": 1},
	}
	params, err := file.Searcher.Next(0, nil)
	if err != nil {
		return n, fmt.Errorf("make up a notice of %s: %w", file.Path, err)
	}
	n.Best = &sweep.Standing{Trial: n.Run + "/0", Objective: file.Spec.Objectives[0].Name, Value: 0.5, Params: params}
	return n, nil
}

// warnUnset says who will not be told, for want of something in the environment.
func warnUnset(cmd *cobra.Command, file *config.File) {
	stderr := cmd.ErrOrStderr()
	if len(file.Unset.List()) == 0 {
		return
	}
	if err := file.Unset.Write(stderr, colored(cmd, stderr), width(stderr)); err != nil {
		fmt.Fprintf(stderr, "sweep: %v\n", file.Unset)
	}
}
