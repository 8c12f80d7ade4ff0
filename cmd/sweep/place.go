package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// place is where the files of a run's trials lie: in the workspace, or where its
// runner's machines reach them.
type place struct {
	trial        func(t sweep.Trial) string
	cache, local string // of prepared data, for the trials and for this process
	run          string
	shared       string // directory of the run, where other machines reach it too; "": they do not
}

func placeOf(db *results.DB, run results.Run, r sweep.Runner) place {
	p := place{run: run.ID, trial: func(t sweep.Trial) string { return db.TrialDir(run.ID, t.Number) }, cache: db.CacheDir(), local: db.CacheDir()}
	if placed, ok := runner.As[sweep.Placed](r); ok {
		p.cache = filepath.Join(placed.Root(), "cache")
		dir := filepath.Join(placed.Root(), "runs", shared(run))
		p.shared = dir
		// A search that learns may propose another variant under the same number to another
		// store. Its directory is another as well: none is in the way, and no lock is needed.
		p.trial = func(t sweep.Trial) string { return filepath.Join(dir, fmt.Sprintf("%06d-%s", t.Number, t.ID)) }
	}
	return p
}

// hold keeps other machines, whose stores know nothing of this one's lock, from working
// on the run as well. The context ends when one does all the same. That this store needs
// the trials stays noted there.
func (p place) hold(ctx context.Context, db *results.DB, say func(string)) (context.Context, func() error, error) {
	if p.shared == "" {
		return ctx, func() error { return nil }, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	release, err := runner.Hold(ctx, p.shared, runner.Silence, say, cancel)
	if err != nil {
		return ctx, release, err
	}
	if err := db.Occupy(p.run, p.shared); err != nil {
		return ctx, release, errors.Join(err, release())
	}
	return ctx, release, nil
}

// shared is a run's name among those of other workspaces: the same sweep, begun on
// another machine, finds the same trials.
func shared(run results.Run) string {
	name := run.ID + "-" + run.Hash[:min(len(run.Hash), 8)]
	if run.Fresh { // which is to find none
		name += "-" + strconv.FormatInt(run.Started.UnixMilli(), 36)
	}
	return name
}

// prepare is inner, whose data the trials can reach as well.
func (p place) prepare(inner func(context.Context, sweep.Task) (string, error)) func(context.Context, sweep.Task) (string, error) {
	if p.cache == p.local {
		return inner
	}
	return func(ctx context.Context, task sweep.Task) (string, error) {
		fingerprint, err := inner(ctx, task)
		if err != nil || fingerprint == "" {
			return fingerprint, err
		}
		return fingerprint, artifact.Publish(p.local, p.cache, fingerprint)
	}
}

// profilesPath is the file of the user's own runner blocks.
func profilesPath() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil { // then there are none
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "sweep", "runners.hcl")
}

// runnerFlag is the choice of a runner.
func runnerFlag(cmd *cobra.Command, on *string, p *config.Plugins) {
	cmd.Flags().StringVar(on, "runner", "", "run trials where this runner block says, of the file or of "+filepath.Join("~", ".config", "sweep", "runners.hcl"))
	err := cmd.RegisterFlagCompletionFunc("runner", cobra.FixedCompletions(p.Runners.Names(), cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is there
	}
}

// refused is err, as a mistake in the file's runner block where it is one.
func refused(err error, file *config.File) error {
	if r, ok := errors.AsType[*runner.RefusedError](err); ok {
		return file.RunnerFault(r.Error())
	}
	return err
}
