package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

func newSchedule(o *options, p *config.Plugins) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Have sweeps run by themselves: add, list and remove schedules",
		Long: `Have sweeps run by themselves. A sweep file says when, in its schedule block;
"sweep schedule add" has the workspace know it, and "sweep daemon" runs it.`,
		Example: `  sweep schedule add nightly.hcl
  sweep schedule ls
  sweep schedule run nightly
  sweep schedule install`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newScheduleAdd(o, p), newScheduleLs(o), newScheduleRm(o), newScheduleRun(o, p), newScheduleInstall(o), newScheduleUninstall(o)} {
		sub.Args = usage(sub.Args)
		cmd.AddCommand(sub)
	}
	return cmd
}

func newScheduleAdd(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	cmd := &cobra.Command{
		Use:   "add FILE...",
		Short: "Have the sweeps of files run when their schedule blocks say",
		Long: `Have the sweeps of files run when their schedule blocks say. They run in the
directory that this is typed in, and are read again each time.

A file that was added already is read again, with the variables given now.`,
		Example: `  sweep schedule add nightly.hcl
  sweep schedule add nightly.hcl -var epochs=20`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			here, err := os.Getwd()
			if err != nil {
				return fmt.Errorf("find working directory: %w", err)
			}
			var added []results.Schedule
			for _, path := range args { // all or, where one is wrong, none
				file, values, err := readFile(path, vars, p)
				if err != nil {
					return err
				}
				if file.Schedule == nil {
					return status{exitUsage, hint{fmt.Errorf("add %s: it has no schedule block", path), `write schedule { cron = "0 2 * * *" } into it`}}
				}
				full, err := filepath.Abs(path)
				if err != nil {
					return fmt.Errorf("add %s: %w", path, err)
				}
				added = append(added, results.Schedule{
					Name: file.Spec.Name, File: full, Vars: values, Dir: here, Config: file.Schedule.Config, Added: now(), Decided: now(),
				})
			}
			for _, s := range added {
				changed, err := db.AddSchedule(s)
				if err != nil {
					return err
				}
				times, err := s.Times()
				if err != nil {
					return err
				}
				what := map[bool]string{true: "read again", false: "added"}[changed]
				o.say(cmd.ErrOrStderr(), "schedule %s is %s; next: %s", s.Name, what, dueTimes(times.Upcoming(now(), 1)))
			}
			o.tellDaemon(cmd, db)
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the files, NAME=VALUE; may be given several times")
	return cmd
}

// tellDaemon has the daemon look at the schedules again, or says that there is none.
func (o *options) tellDaemon(cmd *cobra.Command, db *results.DB) {
	id := db.Daemon()
	if id.PID == 0 {
		if !o.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "sweep: hint: no daemon runs: sweep daemon, or sweep schedule install, which has it always run\n")
		}
		return
	}
	if id.Alive() { // not one of that number in another container
		if daemon, err := os.FindProcess(id.PID); err == nil && daemon.Signal(syscall.SIGHUP) == nil {
			o.say(cmd.ErrOrStderr(), "the daemon, process %d, knows", id.PID)
			return
		}
	}
	o.say(cmd.ErrOrStderr(), "the daemon, process %d, will see that within a minute", id.PID)
}

func newScheduleRm(o *options) *cobra.Command {
	return &cobra.Command{
		Use:               "rm NAME...",
		Short:             "Remove schedules; the runs stay",
		Example:           "  sweep schedule rm nightly",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeSchedules(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			for _, name := range args {
				if err := remove(db, name); err != nil {
					return err
				}
				o.say(cmd.ErrOrStderr(), "schedule %s is removed; its runs stay", name)
			}
			return nil
		},
	}
}

// remove removes a schedule that is not being run, and the logs of its firings.
func remove(db *results.DB, name string) error {
	if _, err := db.Schedule(name); err != nil {
		return err
	}
	release, err := db.LockSchedule(name)
	if err != nil {
		return hint{fmt.Errorf("remove schedule: %w", err), "sweep stop " + name}
	}
	err = db.RemoveSchedule(name)
	if err == nil {
		err = os.RemoveAll(db.ScheduleDir(name))
	}
	return errors.Join(err, release())
}

func newScheduleRun(o *options, p *config.Plugins) *cobra.Command {
	r := &runOptions{options: o}
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run what is scheduled now, here",
		Long: `Run what is scheduled now, here, as the daemon would at its time: a run of its own,
in the directory the schedule was added from, recorded among its firings. The
schedule's own times stay as they are; where one comes meanwhile, overlap decides.

Where a firing was cut off, and nobody goes on with it, this does.`,
		Example:           "  sweep schedule run nightly",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSchedules(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			s, err := db.Schedule(args[0])
			if err != nil {
				return err
			}
			release, err := db.LockSchedule(s.Name)
			if err != nil {
				return err
			}
			defer release() //nolint:errcheck // the lock ends with the process
			f, err := r.byHand(cmd, db, s)
			if err != nil {
				return err
			}
			if err := os.Chdir(s.Dir); err != nil {
				return fmt.Errorf("run schedule %s where it was added: %w", s.Name, err)
			}
			r.dir, r.firing = db.Dir(), schedule.Key(s.Name, f.Due)
			for name, value := range s.Vars {
				r.vars = append(r.vars, name+"="+value)
			}
			err = r.run(cmd, s.File, p)
			note := ""
			if err != nil {
				note = strings.SplitN(err.Error(), "\n", 2)[0]
			}
			if state, serr := db.State(s.Name); serr == nil && state.Running != nil && state.Running.Run != "" {
				note = noteOf(db, s.Name, *state.Running)
			}
			_, cerr := conclude(db, s.Name, f.Due, codeOf(err), note)
			return errors.Join(err, cerr)
		},
	}
	r.displayFlags(cmd)
	return cmd
}

// byHand records a firing that somebody asks for, or is one that was cut off. The
// schedule must be locked.
func (r *runOptions) byHand(cmd *cobra.Command, db *results.DB, s results.Schedule) (f schedule.Firing, err error) {
	last, err := db.Firings(s.Name, 1)
	if err != nil {
		return f, err
	}
	_, _, err = db.Decide(s.Name, func(state schedule.State) (schedule.State, []schedule.Firing) {
		if state.Running != nil && state.Running.Status == schedule.Running {
			f = *state.Running
			return state, nil
		}
		f = schedule.Firing{Due: now().Truncate(time.Second), Manual: true, Status: schedule.Running, Started: now()}
		if len(last) > 0 && !f.Due.After(last[0].Due) { // a name of its own
			f.Due = last[0].Due.Add(time.Second)
		}
		return state.With(f), []schedule.Firing{f}
	})
	if err == nil && !f.Manual {
		r.say(cmd.ErrOrStderr(), "going on with the firing of %s", dueTime(f.Due))
	}
	return f, err
}

// completeSchedules completes names of schedules.
func completeSchedules(o *options) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		db, err := o.db()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		schedules, err := db.Schedules()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, s := range schedules {
			names = append(names, s.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// dueTimes are times of a schedule on one line.
func dueTimes(all []time.Time) string {
	var parts []string
	for _, t := range all {
		parts = append(parts, dueTime(t))
	}
	if len(parts) == 0 {
		return "never"
	}
	return strings.Join(parts, ", ")
}

// dueTime is a time of a schedule as people read it, with its offset: it may be one
// that comes twice.
func dueTime(t time.Time) string {
	return t.Format("2006-01-02 15:04:05 -07:00")
}
