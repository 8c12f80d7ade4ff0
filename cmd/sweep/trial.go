package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// newTrial is the process that a runner starts for each trial.
func newTrial(p *config.Plugins) *cobra.Command {
	return &cobra.Command{
		Use:    "trial DIR",
		Short:  "Train the trial that a directory describes (runners call this)",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTrial(cmd.InOrStdin(), cmd.OutOrStdout(), trialdir.Dir(args[0]), p)
		},
	}
}

// runTrial trains, and leaves the outcome in the directory. While it runs it
// holds the directory's lock; when its standard input closes, its runner has
// died, and it goes too.
func runTrial(runner io.Reader, log io.Writer, dir trialdir.Dir, p *config.Plugins) error {
	lock := flock.New(filepath.Join(string(dir), local.LockFile), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil || !held {
		return errors.Join(fmt.Errorf("trial directory %s is in use by another process", dir), err)
	}
	defer lock.Unlock() //nolint:errcheck // the lock ends with the process
	go func() {
		_, _ = io.Copy(io.Discard, runner) // an error is an end too
		_ = process.Kill(process.Own())    // and if that fails:
		panic("sweep trial: the runner is gone")
	}()
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
	result, err := train(context.Background(), log, dir, p, &stopping)
	if err != nil {
		fmt.Fprintf(log, "error: %v\n", err)
		result.Outcome, result.Message = sweep.Failed, err.Error()
	}
	return dir.WriteOutcome(result)
}

// train runs the trial. A fault of ours fails this trial and no other.
func train(ctx context.Context, log io.Writer, dir trialdir.Dir, p *config.Plugins, stopping *atomic.Bool) (result sweep.Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal fault: %v", r)
		}
	}()
	spec, err := dir.Spec()
	if err != nil {
		return result, err
	}
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
