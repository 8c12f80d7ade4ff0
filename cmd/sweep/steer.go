package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// lookout is how often a process that works on a run looks for requests, and one
// that left a request whether it was carried out.
const lookout = 100 * time.Millisecond

// hear passes requests to a run on until the function that it answers is called.
// Those that an earlier process left undone are dropped.
func hear(ctx context.Context, db *results.DB, run string, notes io.Writer) (<-chan sweep.Command, func()) {
	out := make(chan sweep.Command)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	pass := func(c sweep.Command) bool {
		select {
		case out <- c:
			return true
		case <-ctx.Done():
			return false
		}
	}
	look := func(do func(sweep.Command) bool) {
		commands, done, err := db.Requested(run)
		for i, c := range commands {
			if err == nil && do(c) {
				err = done(i)
			}
		}
		if err != nil {
			fmt.Fprintf(notes, "%v\n", err)
		}
	}
	look(func(sweep.Command) bool { return true })
	go func() {
		defer close(ended)
		ticks := time.NewTicker(lookout)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				look(pass)
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, func() { cancel(); <-ended }
}

// demand leaves a request to a run, and waits until it is carried out.
func demand(ctx context.Context, db *results.DB, run results.Run, c sweep.Command) error {
	if run.Status != results.Running {
		return hint{fmt.Errorf("run %s is not being worked on: it is %s", run.ID, run.Status), "sweep run " + run.File}
	}
	path, err := db.Request(run.ID, c, time.Now()) //nolint:forbidigo // the program's own clock
	if err != nil {
		return err
	}
	return await(ctx, func() (bool, error) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		if now, err := db.Find(run.ID); err != nil || now.Status != results.Running {
			return true, errors.Join(err, os.Remove(path), fmt.Errorf("run %s ended before it was asked", run.ID))
		}
		return false, nil
	})
}

// await asks now and then whether something is so.
func await(ctx context.Context, so func() (bool, error)) error {
	ticks := time.NewTicker(lookout)
	defer ticks.Stop()
	for {
		if yes, err := so(); yes || err != nil {
			return err
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// steering is a command that asks a run for something.
func steering(o *options, cmd *cobra.Command, kind sweep.CommandKind, said string) *cobra.Command {
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.ValidArgsFunction = completeRuns(o)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		db, run, err := o.run(argument(args))
		if err != nil {
			return err
		}
		if err := demand(cmd.Context(), db, run, sweep.Command{Kind: kind}); err != nil {
			return err
		}
		o.say(cmd.ErrOrStderr(), said, run.ID)
		return nil
	}
	return cmd
}

func newPause(o *options) *cobra.Command {
	return steering(o, &cobra.Command{
		Use:   "pause [RUN]",
		Short: "Pause a run that is being worked on in another terminal",
		Long: `Pause a run that is being worked on in another terminal: running trials keep a
checkpoint and end, so that their cores and GPUs are free, and nothing is started
until "sweep resume".`,
		Example: "  sweep pause grid",
	}, sweep.PauseRun, "run %s is paused")
}

func newResume(o *options) *cobra.Command {
	return steering(o, &cobra.Command{
		Use:     "resume [RUN]",
		Short:   "Let a paused run go on",
		Example: "  sweep resume grid",
	}, sweep.ResumeRun, "run %s goes on")
}

func newStop(o *options) *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use:   "stop [RUN]",
		Short: "Stop a run that is being worked on in another terminal",
		Long: `Stop a run that is being worked on in another terminal, as Ctrl-C there would:
running trials keep a checkpoint, and "sweep run" goes on later. With --now they
are ended at once, and go on from their last checkpoint.`,
		Example: `  sweep stop grid
  sweep stop grid --now`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			kind := sweep.StopRun
			if now {
				kind = sweep.AbortRun
			}
			if err := demand(cmd.Context(), db, run, sweep.Command{Kind: kind}); err != nil {
				return err
			}
			if err := await(cmd.Context(), func() (bool, error) {
				run, err = db.Find(run.ID)
				return run.Status != results.Running, err
			}); err != nil {
				return err
			}
			o.say(cmd.ErrOrStderr(), "run %s has stopped; %s", run.ID, tally(run))
			return nil
		},
	}
	cmd.Flags().BoolVar(&now, "now", false, "end running trials at once")
	return cmd
}

func newSet(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "set RUN parallel=N",
		Short: "Change how many trials of a run go on at a time",
		Long: `Change how many trials of a run that is being worked on in another terminal go on
at a time. Where they are more than before, new ones start at once; where they are
fewer, those that run come to their end.`,
		Example: "  sweep set grid parallel=4",
		Args:    cobra.ExactArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"parallel="}, cobra.ShellCompDirectiveNoSpace
			}
			return completeRuns(o)(cmd, args, prefix)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			value, ok := strings.CutPrefix(args[1], "parallel=")
			n, err := strconv.Atoi(value)
			if !ok || err != nil || n < 1 {
				return status{exitUsage, fmt.Errorf("%s: write parallel=N, with a whole number of at least 1", args[1])}
			}
			db, run, err := o.run(args[0])
			if err != nil {
				return err
			}
			return demand(cmd.Context(), db, run, sweep.Command{Kind: sweep.ResizeRun, Number: n})
		},
	}
}

func newKill(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "kill TRIAL",
		Short: "End a running trial, with the result it has",
		Long: `End a running trial of a run that is being worked on in another terminal. It
counts as stopped, with the best value it has reported, and is not trained again.`,
		Example: "  sweep kill grid-3/17",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, t, run, err := o.trial(args[0])
			if err != nil {
				return err
			}
			if t.Outcome != sweep.Running {
				return fmt.Errorf("trial %s is not running: it is %s", t.Name(), t.Outcome)
			}
			if err := demand(cmd.Context(), db, run, sweep.Command{Kind: sweep.KillTrial, Number: t.Number}); err != nil {
				return err
			}
			if err := await(cmd.Context(), func() (bool, error) {
				t, run, err = db.FindTrial(t.Name())
				return t.Outcome != sweep.Running, err
			}); err != nil {
				return err
			}
			o.say(cmd.ErrOrStderr(), "trial %s %s: %s", t.Name(), t.Outcome, t.Message)
			return nil
		},
	}
}
