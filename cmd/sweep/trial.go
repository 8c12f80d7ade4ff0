package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/runner/supervisor"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// newTrial is the process that a runner starts for each trial.
func newTrial(p *config.Plugins) *cobra.Command {
	var list string
	var index int
	var claim trialdir.Claim
	cmd := &cobra.Command{
		Use:    "trial [DIR]",
		Short:  "Train the trial that a directory, or a list of them, describes (runners call this)",
		Args:   cobra.MaximumNArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			var own *supervisor.Supervisor
			var dir trialdir.Dir
			var err error
			switch {
			case list != "":
				claim.Began = time.Now() //nolint:forbidigo // the trial's clock
				own, dir, err = supervisor.Join(list, index, claim)
			case len(args) == 1:
				dir = trialdir.Dir(args[0])
				own, err = supervisor.Start(dir, cmd.InOrStdin())
			default:
				return status{exitUsage, errors.New("a trial is that of a directory, or one of --tasks")}
			}
			if errors.Is(err, supervisor.ErrEnded) {
				return nil
			}
			if err != nil {
				return err
			}
			return runTrial(own, dir, p)
		},
	}
	cmd.Flags().StringVar(&list, "tasks", "", "a list of trials, which an engine launches as jobs")
	cmd.Flags().IntVar(&index, "index", 0, "which of them this is, from 0")
	cmd.Flags().StringVar(&claim.Job, "job", "", "the engine's name of this job")
	cmd.Flags().IntVar(&claim.Start, "start", 0, "how often the engine has started it before")
	cmd.Flags().StringVar(&claim.Node, "node", "", "the machine it runs on")
	return cmd
}

// runTrial trains, and leaves the outcome in the directory. A supervisor keeps it
// to what its runner wants.
func runTrial(own *supervisor.Supervisor, dir trialdir.Dir, p *config.Plugins) error {
	if err := dir.Tidy(); err != nil {
		return err
	}
	var stopping atomic.Bool
	signals := make(chan os.Signal, 1)
	signal.Ignore(os.Interrupt) // Ctrl-C is for the runner, which then asks us
	signal.Notify(signals, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		for range signals {
			stopping.Store(true)
		}
	}()
	result, err := logged(context.Background(), dir, p, &stopping)
	if err != nil {
		result.Outcome, result.Message = sweep.Failed, err.Error()
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) { // it did nothing wrong
			result.Outcome = sweep.Lost
		}
	}
	return own.End(result)
}

// logged runs the trial, and its log.
func logged(ctx context.Context, dir trialdir.Dir, p *config.Plugins, stopping *atomic.Bool) (sweep.Result, error) {
	spec, err := dir.Spec()
	if err != nil {
		return sweep.Result{}, err
	}
	log, err := dir.OpenLog(spec.LogLimit)
	if err != nil {
		return sweep.Result{}, err
	}
	defer log.Close() //nolint:errcheck // what it keeps was written
	result, err := train(ctx, spec, log, dir, p, stopping)
	if err != nil {
		fmt.Fprintf(log, "error: %v\n", err)
	}
	return result, err
}

// train runs the trial. A fault of ours fails this trial and no other.
func train(ctx context.Context, spec trialdir.Spec, log io.Writer, dir trialdir.Dir, p *config.Plugins, stopping *atomic.Bool) (result sweep.Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal fault: %v", r)
		}
	}()
	t := spec.Trial
	trainer, err := p.Models.New(sweep.Spec{Name: t.Run, Objectives: spec.Objectives}, t.Task.Model)
	if err != nil {
		return result, err
	}
	feasible, err := constraint(spec.Feasible)
	if err != nil {
		return result, err
	}
	var asked time.Time
	return trainer.Train(ctx, &model.Run{
		Trial: t, Objectives: spec.Objectives, Feasible: feasible, Dir: dir, Log: log,
		Now: time.Now, //nolint:forbidigo // the trial's clock
		Data: func(ctx context.Context) (*artifact.Dataset, error) {
			if t.Task.Data == nil {
				return nil, errors.New("the trial has no data block")
			}
			return artifact.Open(spec.CacheDir, t.Data)
		},
		Report: func(step int, m sweep.Metrics) error {
			return dir.Append(sweep.Report{Step: step, Time: time.Now(), Metrics: m}) //nolint:forbidigo // the trial's clock
		},
		Stopping: func() bool {
			// Asked after every batch: look at the directory now and then only.
			if now := time.Now(); now.Sub(asked) > stopPoll { //nolint:forbidigo // the trial's clock
				asked = now
				if dir.StopRequested() {
					stopping.Store(true)
				}
			}
			return stopping.Load()
		},
	})
}

// constraint reads the text of a sweep's constraint; nil where there is none.
func constraint(text string) (*sweep.Constraint, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // none is a constraint that all meet
	}
	return config.ParseConstraint(text)
}

const stopPoll = 50 * time.Millisecond
