package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// scheduleJSON is a schedule as --json shows it. The shape is stable.
type scheduleJSON struct {
	Name     string            `json:"name"`
	File     string            `json:"file"`
	Dir      string            `json:"dir"`
	Vars     map[string]string `json:"vars"`
	Cron     string            `json:"cron"`
	Timezone string            `json:"timezone,omitempty"`
	Jitter   float64           `json:"jitter"`             // seconds
	Deadline float64           `json:"deadline,omitempty"` // seconds
	Overlap  schedule.Overlap  `json:"overlap"`
	CatchUp  bool              `json:"catch_up"`
	Fresh    bool              `json:"fresh"`
	Fault    string            `json:"fault,omitempty"` // of the file as it now is; what is here is its last good form
	Next     []time.Time       `json:"next"`            // when it is to start, the jitter included
	Last     *schedule.Firing  `json:"last"`            // the last firing; null: there is none
	Process  int               `json:"process"`         // that runs it at this moment; 0: there is none
	Daemon   int               `json:"daemon"`          // the process that serves the workspace; 0: there is none
}

func newScheduleLs(o *options) *cobra.Command {
	var asJSON bool
	next := 1
	cmd := &cobra.Command{
		Use:   "ls [NAME]",
		Short: "List the schedules with their next times and last outcomes, or the firings of one",
		Example: `  sweep schedule ls
  sweep schedule ls --next 3
  sweep schedule ls nightly
  sweep schedule ls --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSchedules(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return o.firings(cmd, db, args[0], asJSON)
			}
			schedules, err := db.Schedules()
			if err != nil {
				return err
			}
			list := make([]scheduleJSON, len(schedules))
			for i, s := range schedules {
				if list[i], err = describeSchedule(db, s, next); err != nil {
					return err
				}
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), list)
			}
			if len(list) == 0 {
				o.say(cmd.ErrOrStderr(), "there is no schedule in %s yet; sweep schedule add FILE adds one", db.Dir())
				return nil
			}
			g := sheet{header: []string{"schedule", "next", "last", "outcome", "file"}}
			for _, s := range list {
				g.rows = append(g.rows, s.rows()...)
			}
			if err := g.write(cmd); err != nil {
				return err
			}
			for _, s := range list {
				if s.Fault != "" {
					o.say(cmd.ErrOrStderr(), "%s cannot be read, and goes by what it was: %s", s.Name, s.Fault)
				}
			}
			if list[0].Daemon == 0 {
				o.say(cmd.ErrOrStderr(), "no daemon runs: nothing is started before sweep daemon is")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().IntVar(&next, "next", 1, "how many of the next times to show")
	return cmd
}

// describeSchedule is a schedule with its next times and its last firing.
func describeSchedule(db *results.DB, s results.Schedule, n int) (out scheduleJSON, err error) {
	times, err := s.Times()
	if err != nil {
		return out, err
	}
	out = scheduleJSON{
		Name: s.Name, File: s.File, Dir: s.Dir, Vars: s.Vars, Cron: s.Config.Cron, Timezone: s.Config.Timezone,
		Jitter: s.Config.Jitter.Seconds(), Deadline: s.Config.Deadline.Seconds(), Overlap: s.Config.Overlap,
		CatchUp: s.Config.CatchUp, Fresh: s.Config.Fresh, Fault: s.Fault, Next: times.Upcoming(now(), max(n, 1)), Process: db.ScheduleProcess(s.Name), Daemon: db.Daemon().PID,
	}
	if out.Vars == nil {
		out.Vars = map[string]string{}
	}
	last, err := db.Firings(s.Name, 1)
	if len(last) > 0 {
		out.Last = &last[0]
	}
	return out, err
}

// rows are a schedule's lines in the table: one a time.
func (s scheduleJSON) rows() [][]string {
	first := []string{s.Name, "never", "-", "-", near(s.File)}
	if s.Last != nil {
		first[2], first[3] = dueTime(s.Last.Due), outcomeNow(*s.Last, s.Process)
	}
	rows := [][]string{first}
	for i, next := range s.Next {
		if i > 0 {
			rows = append(rows, make([]string, len(first)))
		}
		rows[i][1] = dueTime(next)
	}
	return rows
}

// shown are the firings that are listed, the last ones.
const shown = 50

// firings lists what became of a schedule's times, the last first.
func (o *options) firings(cmd *cobra.Command, db *results.DB, name string, asJSON bool) error {
	if _, err := db.Schedule(name); err != nil {
		return err
	}
	list, err := db.Firings(name, shown)
	if err != nil {
		return err
	}
	if asJSON {
		if list == nil {
			list = []schedule.Firing{}
		}
		return writeJSON(cmd.OutOrStdout(), list)
	}
	if len(list) == 0 {
		o.say(cmd.ErrOrStderr(), "schedule %s has not come to any of its times yet", name)
		return nil
	}
	process := db.ScheduleProcess(name)
	g := sheet{header: []string{"due", "run", "took", "outcome"}}
	for _, f := range list {
		run, took := f.Run, "-"
		if run == "" {
			run = "-"
		}
		if !f.Finished.IsZero() {
			took = seconds(f.Finished.Sub(f.Started).Seconds())
		}
		text := outcomeNow(f, process)
		if f.Manual {
			text = "by hand: " + text
		}
		g.add(dueTime(f.Due), run, took, text)
	}
	return g.write(cmd)
}

// outcomeNow is the outcome of a firing whose schedule a process runs, or, if it is 0,
// nobody.
func outcomeNow(f schedule.Firing, process int) string {
	if f.Status == schedule.Running && process == 0 {
		return "interrupted: the daemon, or sweep schedule run, goes on with it"
	}
	return outcome(f)
}
