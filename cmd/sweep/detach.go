package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/process"
)

// How a run goes on without its terminal.
const (
	asProcess = "process"
	asJob     = "job"
)

// takingUp is how long a process in the background may take to begin.
const takingUp = time.Minute

// detach has the run go on in the background: as a process of this machine, or as a
// job of the runner's.
func (r *runOptions) detach(cmd *cobra.Command, path string, file *config.File) error {
	db, err := r.db()
	if err != nil {
		return err
	}
	log := filepath.Join(db.Dir(), "logs", file.Spec.Name+".log")
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return fmt.Errorf("make directory of logs: %w", err)
	}
	args := []string{"--dir", db.Dir(), "run", path, "--plain"}
	for _, v := range r.vars {
		args = append(args, "--var", v)
	}
	if r.on != "" {
		args = append(args, "--runner", r.on)
	}
	if r.fresh {
		args = append(args, "--fresh")
	}
	switch r.detached {
	case asProcess:
		err = r.background(cmd, db, args, log, file.Spec.Name)
	case asJob:
		able, ok := runner.As[runner.Detaching](file.Runner)
		if !ok {
			return status{exitUsage, errors.New("--detach=job: this runner has no other machines; --detach leaves a process here")}
		}
		if r.fresh { // it would begin anew with each start of the job
			return status{exitUsage, errors.New("--detach=job and --fresh: a job that is started again would begin a run anew each time; use --detach")}
		}
		var id string
		if id, err = able.Detach(cmd.Context(), args, log); err == nil {
			r.say(cmd.ErrOrStderr(), "job %s will work on the run, in %s, which its node has to see; it prints to %s", id, db.Dir(), log)
		}
		err = refused(err, file)
	default:
		return status{exitUsage, fmt.Errorf("--detach=%s: write --detach, or --detach=%s", r.detached, asJob)}
	}
	if err == nil && !r.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: hint: sweep watch %s\n", file.Spec.Name)
	}
	return err
}

// background starts a process that works on the run, and waits until it does.
func (r *runOptions) background(cmd *cobra.Command, db *results.DB, args []string, log, sweep string) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer out.Close() //nolint:errcheck // the process has its own handle
	info, err := out.Stat()
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	child := exec.Command(exe, args...) //nolint:noctx // it outlives this process
	child.Stdout, child.Stderr = out, out
	process.Detach(child)
	if err := child.Start(); err != nil {
		return fmt.Errorf("start process: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	ticks, late := time.NewTicker(lookout), time.After(takingUp)
	defer ticks.Stop()
	for {
		select {
		case err := <-ended:
			if text, rerr := os.ReadFile(log); rerr == nil && int64(len(text)) > info.Size() {
				fmt.Fprint(cmd.ErrOrStderr(), string(text[info.Size():]))
			}
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return status{code: exit.ExitCode()} // it said why
			}
			return err
		case <-ticks.C:
			if run, err := db.Find(sweep); err == nil && db.WorkedOnBy(run.ID) == child.Process.Pid {
				r.say(cmd.ErrOrStderr(), "run %s goes on in process %d; it prints to %s", run.ID, child.Process.Pid, log)
				return nil
			}
		case <-late:
			return fmt.Errorf("process %d has not begun within %v: see %s", child.Process.Pid, takingUp, log)
		case <-cmd.Context().Done():
			return errors.Join(cmd.Context().Err(), child.Process.Kill())
		}
	}
}
