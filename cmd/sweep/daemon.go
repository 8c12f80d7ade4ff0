package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

func newDaemon(o *options, p *config.Plugins) *cobra.Command {
	return &cobra.Command{
		Use:   "daemon",
		Short: "Run what is scheduled, in the foreground",
		Long: `Run what is scheduled (sweep schedule add), in the foreground: made for systemd
(sweep schedule install), containers and a terminal. One serves a workspace.

Each time that a schedule names is recorded before its run starts as a process of
its own, so that the daemon may be killed at any moment: started again, it goes on
with that run, fires no time twice, and makes up for times that were missed as the
schedule says.

SIGHUP   reads the files again; where one is wrong, its last good schedule goes on
SIGTERM  starts nothing more, lets the running trials keep a checkpoint and ends;
         the next daemon goes on with them. So does Ctrl-C. A second one ends at once`,
		Example: `  sweep daemon
  sweep --dir /data/sweep daemon`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP) // before anybody can know this process
			defer signal.Stop(hup)
			self, err := process.Identify(os.Getpid())
			if err != nil {
				self.PID = os.Getpid() // this system cannot tell: nobody will signal it
			}
			release, err := db.LockDaemon(self)
			if busy, ok := errors.AsType[*results.BusyError](err); ok {
				return fmt.Errorf("start daemon: %s by process %d: end that one first, or choose another workspace with --dir or SWEEP_DIR", busy.What, busy.PID)
			}
			if err != nil {
				return err
			}
			defer release() //nolint:errcheck // the lock ends with the process
			d := newDaemonOf(db, p, cmd.ErrOrStderr())
			return d.serve(cmd.Context(), hup)
		},
	}
}

// recheck is how long the daemon sleeps at most: a timer stands still while the
// machine is suspended, and knows nothing of clocks that are set.
const recheck = time.Minute

// daemon runs what is due. One goroutine has its state; those that wait for processes
// send to it.
type daemon struct {
	db      *results.DB
	plugins *config.Plugins
	log     io.Writer
	running map[string]*child // by schedule
	ended   chan ended

	recheck time.Duration
	fire    func(*results.DB, results.Schedule, schedule.Firing) (*child, error) // starts a process
}

func newDaemonOf(db *results.DB, p *config.Plugins, log io.Writer) *daemon {
	return &daemon{db: db, plugins: p, log: log, running: map[string]*child{}, ended: make(chan ended), recheck: recheck, fire: fire}
}

// now is the time on the wall: without what Go adds to measure by.
func now() time.Time { return time.Now().Round(0) } //nolint:forbidigo // the program's own clock

func (d *daemon) say(format string, args ...any) {
	fmt.Fprintf(d.log, "sweep: %s %s\n", now().Format(time.DateTime), fmt.Sprintf(format, args...))
}

// serve acts on what is due until ctx ends, and then waits for what it has started.
func (d *daemon) serve(ctx context.Context, hup <-chan os.Signal) error {
	d.say("daemon of %s, process %d", d.db.Dir(), os.Getpid())
	d.look() // what was missed was missed by the schedules as they were
	d.reload()
	tell("READY=1")
	for ctx.Err() == nil {
		wake := time.NewTimer(max(d.look().Sub(now()), 0))
		select {
		case <-ctx.Done():
		case <-wake.C:
		case e := <-d.ended:
			d.conclude(e)
		case <-hup:
			tell("RELOADING=1")
			d.reload()
			tell("READY=1")
		}
		wake.Stop()
	}
	tell("STOPPING=1")
	d.drain()
	return nil
}

// drain asks all processes to end, and waits for them. Their firings stay as they
// are, for the next daemon to go on with.
func (d *daemon) drain() {
	d.say("ends: %d runs keep a checkpoint", len(d.running))
	for _, c := range d.running {
		c.drained = true
		c.ask("")
	}
	for len(d.running) > 0 {
		d.conclude(<-d.ended)
	}
	d.say("has ended")
}

// look does what is due, and answers when there will be more to do. What the store
// does not let it do now is told, and tried again.
func (d *daemon) look() (wake time.Time) {
	wake = now().Add(d.recheck)
	schedules, err := d.db.Schedules()
	if err != nil {
		d.say("error: %v", err)
		return wake
	}
	for _, s := range schedules {
		next, err := d.lookAt(s)
		if err != nil {
			d.say("%s: error: %v", s.Name, err)
			continue
		}
		if !next.IsZero() && next.Before(wake) {
			wake = next
		}
	}
	return wake
}

// lookAt does what is due of a schedule.
func (d *daemon) lookAt(s results.Schedule) (wake time.Time, err error) {
	times, err := s.Times()
	if err != nil {
		return wake, err
	}
	state, err := d.db.State(s.Name)
	if err != nil {
		return wake, err
	}
	if f := state.Running; f != nil && d.running[s.Name] == nil {
		if err := d.adopt(s, times, *f); err != nil {
			return wake, err
		}
		if state, err = d.db.State(s.Name); err != nil {
			return wake, err
		}
	}
	if _, made := times.Decide(state, now()); len(made) == 0 { // as almost always: without a write
		return times.Wake(state, now()), nil
	}
	made, forgotten, err := d.db.Decide(s.Name, func(is schedule.State) (schedule.State, []schedule.Firing) {
		is, made := times.Decide(is, now())
		state = is
		return is, made
	})
	if err != nil {
		return wake, err
	}
	for _, f := range forgotten {
		_ = os.Remove(firingLog(d.db, s.Name, f.Due)) // most have none
	}
	for _, f := range made {
		d.act(s, f)
	}
	return times.Wake(state, now()), nil
}

// act does what was recorded of a firing.
func (d *daemon) act(s results.Schedule, f schedule.Firing) {
	c := d.running[s.Name]
	text := string(f.Status)
	if f.Reason != "" {
		text += ": " + f.Reason
	}
	d.say("%s of %s: %s", s.Name, dueTime(f.Due), text)
	switch f.Status {
	case schedule.Running:
		if err := d.start(s, f); err != nil {
			d.say("%s: error: %v", s.Name, err)
		}
	case schedule.Ending:
		if c != nil {
			c.ask(f.Reason)
		}
	default:
	}
}

// adopt goes on with a firing whose process is gone. Where another process has it,
// somebody runs it by hand.
func (d *daemon) adopt(s results.Schedule, times *schedule.Schedule, f schedule.Firing) error {
	release, err := d.db.LockSchedule(s.Name)
	if _, busy := errors.AsType[*results.BusyError](err); busy {
		return nil
	}
	if err != nil {
		return err
	}
	if err := release(); err != nil {
		return fmt.Errorf("unlock schedule: %w", err)
	}
	if is := times.Orphan(f, now()); is.Status != f.Status {
		is.Note = noteOf(d.db, s.Name, is)
		d.say("%s of %s: %s: %s", s.Name, dueTime(f.Due), is.Status, is.Reason)
		_, _, err := d.db.Decide(s.Name, func(state schedule.State) (schedule.State, []schedule.Firing) {
			return state.With(is), []schedule.Firing{is}
		})
		return err
	}
	d.say("%s of %s: goes on", s.Name, dueTime(f.Due))
	return d.start(s, f)
}

// start starts the process of a firing that was recorded. Where somebody runs the
// schedule by hand in this moment, it is an orphan, and started when they are done.
func (d *daemon) start(s results.Schedule, f schedule.Firing) error {
	release, err := d.db.LockSchedule(s.Name)
	if err != nil {
		return err
	}
	c, err := d.fire(d.db, s, f)
	if err != nil { // its directory is gone, or this program
		_, cerr := conclude(d.db, s.Name, f.Due, exitError, err.Error())
		return errors.Join(err, cerr, release())
	}
	c.release = release
	d.running[s.Name] = c
	go func() { d.ended <- ended{s.Name, c.wait(), c} }()
	return nil
}

// conclude records how the process of a firing has ended, but for one that the
// daemon's own end has interrupted.
func (d *daemon) conclude(e ended) {
	delete(d.running, e.name)
	if e.drained && e.exit == exitInterrupted {
		d.say("%s of %s: is interrupted", e.name, dueTime(e.due))
	} else if f, err := conclude(d.db, e.name, e.due, e.exit, ""); err != nil {
		d.say("%s: error: %v", e.name, err)
	} else {
		d.say("%s of %s: %s", e.name, dueTime(e.due), outcome(f))
	}
	if err := e.release(); err != nil {
		d.say("%s: error: unlock schedule: %v", e.name, err)
	}
}

// outcome is what became of a firing, in words.
func outcome(f schedule.Firing) string {
	text := string(f.Status)
	if f.Status == schedule.Failed {
		text += fmt.Sprintf(" with exit code %d", f.ExitCode)
	}
	if f.Reason != "" {
		text += ": " + f.Reason
	}
	if f.Note != "" {
		text += "; " + f.Note
	}
	return text
}

// reload reads the files of all schedules again.
func (d *daemon) reload() {
	schedules, err := d.db.Schedules()
	if err != nil {
		d.say("error: %v", err)
		return
	}
	for _, s := range schedules {
		c, fault := reread(s, d.plugins)
		switch {
		case fault != "" && fault != s.Fault:
			d.say("%s: error: %s; its last good schedule goes on", s.Name, fault)
		case fault != "", *c == s.Config && s.Fault == "":
			continue
		default:
			d.say("%s: %s is read again", s.Name, s.File)
		}
		if err := d.db.Reschedule(s.Name, c, fault, now()); err != nil {
			d.say("%s: error: %v", s.Name, err)
		}
	}
	d.say("%d schedules", len(schedules))
}

// reread is the schedule in a file as it now is, or what is wrong with it. It is read
// in the directory it was added from, as what it names may lie there.
func reread(s results.Schedule, p *config.Plugins) (*schedule.Config, string) {
	if err := os.Chdir(s.Dir); err != nil {
		return nil, err.Error()
	}
	file, err := config.Read(s.File, s.Vars, p)
	switch {
	case err != nil:
		return nil, err.Error()
	case file.Schedule == nil:
		return nil, fmt.Sprintf("%s has no schedule block any more", filepath.Base(s.File))
	case file.Spec.Name != s.Name:
		return nil, fmt.Sprintf("%s is of sweep %s now", filepath.Base(s.File), file.Spec.Name)
	}
	return &file.Schedule.Config, ""
}
