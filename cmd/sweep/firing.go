package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// firingFlag is how a daemon tells sweep run which time of a schedule it is for.
func (r *runOptions) firingFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.firing, "firing", "", "the time of a schedule that the run is of")
	if err := cmd.Flags().MarkHidden("firing"); err != nil {
		panic(err) // it is there
	}
}

// attend ends the command when its standard input ends: the daemon that started it has
// closed it, or has died. What it has written there is why the run ends for good;
// without a word it is interrupted, as by Ctrl-C, and another process goes on with it.
func attend(cmd *cobra.Command) (stop func()) {
	ctx, cancel := context.WithCancelCause(cmd.Context())
	cmd.SetContext(ctx)
	go func() { // it ends with the process: nothing can end a read
		reason, _ := io.ReadAll(os.Stdin) // an error is an end, too
		cause := sweep.ErrInterrupt
		if len(reason) > 0 {
			cause = sweep.EndFor(string(reason))
		}
		cancel(cause)
	}()
	return func() { cancel(nil) }
}

// handover is how long the process of a firing whose daemon died may take to end,
// once another has been started to go on with it.
const handover = 2 * time.Minute

// start goes on with a run, or begins one, and makes sure that no other process works
// on it.
func (r *runOptions) start(ctx context.Context, db *results.DB, run results.Run) (_ results.Run, resumed bool, release func() error, err error) {
	started, resumed, err := db.Start(run)
	if err != nil {
		return started, resumed, nil, err
	}
	if r.firing == "" {
		release, err = db.Lock(started.ID)
		return started, resumed, release, err
	}
	if release, err = db.LockWithin(ctx, started.ID, handover); err != nil {
		return started, resumed, nil, err
	}
	if started, _, err = db.Start(run); err != nil { // whoever had it has said how it ended
		return started, resumed, nil, errors.Join(err, release())
	}
	return started, resumed, release, nil
}

// unchanged reports whether a run has found nothing to train.
func unchanged(run results.Run) bool { return run.Trials() > 0 && run.Cached == run.Trials() }

// child is the process of a firing.
type child struct {
	due     time.Time
	ask     func(reason string) // it to end: trials keep a checkpoint; "": to be gone on with
	wait    func() int          // for it to end; answers its exit code
	release func() error        // the schedule's lock
	drained bool                // whether it was asked because the daemon ends
}

// ended tells a daemon that the process of a firing has ended.
type ended struct {
	name string
	exit int
	*child
}

// firingLog is the file of what a firing prints.
func firingLog(db *results.DB, name string, due time.Time) string {
	return filepath.Join(db.ScheduleDir(name), due.UTC().Format("20060102T150405Z")+".log")
}

// fire starts the process of a firing: this program, where the schedule was added.
func fire(db *results.DB, s results.Schedule, f schedule.Firing) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	log, err := os.OpenFile(firingLog(db, s.Name, f.Due), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the firing's log: %w", err)
	}
	defer log.Close() //nolint:errcheck // the child has its own handle
	args := []string{"--dir", db.Dir(), "run", "--plain", "--firing", schedule.Key(s.Name, f.Due)}
	for _, name := range slices.Sorted(maps.Keys(s.Vars)) {
		args = append(args, "--var", name+"="+s.Vars[name])
	}
	cmd := exec.Command(exe, append(args, "--", s.File)...) //nolint:noctx // asked to end first, killed second
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, log, log
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, notifySocket+"=") })
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start firing: %w", err)
	}
	process.Lead(cmd) // a Ctrl-C is for the daemon, which passes it on
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start firing: %w", err)
	}
	return &child{
		due: f.Due,
		ask: func(reason string) {
			_, _ = io.WriteString(stdin, reason) // asked already, or ended, it does not read any more
			_ = stdin.Close()
		},
		wait: func() int {
			_ = cmd.Wait() // the state of the process says it
			return cmd.ProcessState.ExitCode()
		},
	}, nil
}

// noteOf is what there is to say of a firing that has ended: what its run came to, or
// the last that it said itself.
func noteOf(db *results.DB, name string, f schedule.Firing) string {
	if f.Run == "" {
		text, err := os.ReadFile(firingLog(db, name, f.Due))
		if err != nil {
			return ""
		}
		last := ""
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "sweep: error: "); ok || last == "" {
				last = strings.TrimSpace(rest)
			}
		}
		return last
	}
	run, err := db.Find(f.Run)
	switch {
	case err != nil:
		return ""
	case unchanged(run):
		return tally(run) + "; nothing has changed"
	}
	return tally(run)
}

// conclude records that the process of a firing has ended. A note says why none was
// started.
func conclude(db *results.DB, name string, due time.Time, exit int, note string) (done schedule.Firing, err error) {
	state, err := db.State(name)
	if err != nil {
		return done, err
	}
	if f := state.Running; note == "" && f != nil {
		note = noteOf(db, name, *f)
	}
	_, _, err = db.Decide(name, func(state schedule.State) (schedule.State, []schedule.Firing) {
		if state.Running == nil || !state.Running.Due.Equal(due) {
			return state, nil
		}
		done = state.Running.Done(exit, time.Now()) //nolint:forbidigo // the program's own clock
		done.Note = note
		return state.With(done), []schedule.Firing{done}
	})
	return done, err
}
