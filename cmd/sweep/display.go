package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// display shows a run's progress.
type display interface {
	event(e sweep.Event)
	log() io.Writer // for what else there is to say meanwhile
	close()
}

// display is JSON lines where asked for, a live view in a terminal, plain lines
// elsewhere.
func (r *runOptions) display(cmd *cobra.Command, run results.Run) display {
	stderr := cmd.ErrOrStderr()
	tty, isTerminal := terminal(stderr)
	switch {
	case r.json:
		return &jsonLines{out: cmd.OutOrStdout(), notes: stderr, run: run}
	case r.quiet:
		return silent{}
	case isTerminal && !r.plain:
		return newLive(tty, run, colored(cmd, stderr))
	}
	return &plainLines{out: stderr, run: run}
}

type silent struct{}

func (silent) event(sweep.Event) {}
func (silent) log() io.Writer    { return io.Discard }
func (silent) close()            {}

// jsonLines prints an object an event. The shape is stable.
type jsonLines struct {
	out, notes io.Writer
	run        results.Run
}

// eventJSON is an event for programs.
type eventJSON struct {
	Event  sweep.EventKind    `json:"event"`
	Time   time.Time          `json:"time"`
	Run    string             `json:"run"`
	Total  int                `json:"total,omitempty"`
	Done   int                `json:"done,omitempty"`
	Slots  int                `json:"slots,omitempty"`
	Reason string             `json:"reason,omitempty"`
	Trial  *results.TrialJSON `json:"trial,omitempty"`
	Report *sweep.Report      `json:"report,omitempty"`
}

// runJudged comes after the events of the loop, with how the run's winner fared against
// the champion as its reason.
const runJudged sweep.EventKind = "run_judged"

func (d *jsonLines) event(e sweep.Event) {
	out := eventJSON{Event: e.Kind, Time: e.Time, Run: e.Run, Total: e.Total, Done: e.Done, Slots: e.Slots, Reason: e.Reason}
	if e.Trial.Run != "" {
		t := d.run.JSON(e.Trial)
		out.Trial = &t
	}
	if e.Kind == sweep.TrialReported {
		out.Report = &e.Trial.Reports[len(e.Trial.Reports)-1]
	}
	if err := json.NewEncoder(d.out).Encode(out); err != nil {
		fmt.Fprintf(d.notes, "sweep: error: write event: %v\n", err)
	}
}

func (d *jsonLines) log() io.Writer { return prefixed{d.notes} }
func (d *jsonLines) close()         {}

// prefixed puts "sweep: " before each write, which is a line.
type prefixed struct{ io.Writer }

func (p prefixed) Write(line []byte) (int, error) {
	if _, err := fmt.Fprintf(p.Writer, "sweep: %s", line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// tallied is what displays know of a run as it goes.
type tallied struct {
	run         results.Run
	total, done int
	began       time.Time
	ended       int // by this execution, not from cache
	best        sweep.Trial
	hasBest     bool
}

func (s *tallied) count(e sweep.Event) {
	switch e.Kind {
	case sweep.RunStarted:
		s.total, s.done, s.began = e.Total, e.Done, e.Time
	case sweep.TrialPromoted:
		s.done-- // it was counted when it was paused
	case sweep.TrialEnded:
		if e.Trial.Outcome.Final() {
			s.done++
			if e.Trial.CachedAs == "" {
				s.ended++
			}
		}
		if e.Trial.Outcome.Ranked() && e.Trial.Ahead(s.best, s.run.Objectives[0]) {
			s.best, s.hasBest = e.Trial, true
		}
	case sweep.TrialStarted, sweep.TrialReported, sweep.RunSteered, sweep.RunEnded:
	}
}

// left is how long the rest may take, by the pace so far.
func (s *tallied) left(now time.Time) (time.Duration, bool) {
	if s.ended == 0 || s.total == 0 || s.done >= s.total {
		return 0, false
	}
	pace := now.Sub(s.began) / time.Duration(s.ended)
	return (pace * time.Duration(s.total-s.done)).Round(time.Second), true
}

func (s *tallied) progress() string {
	if s.total == 0 {
		return fmt.Sprint(s.done)
	}
	return fmt.Sprintf("%d/%d", s.done, s.total)
}

// plainLines prints a line a trial's start and end.
type plainLines struct {
	out io.Writer
	run results.Run
	tallied
}

func (d *plainLines) event(e sweep.Event) {
	d.tallied.run = d.run
	d.count(e)
	switch t := e.Trial; e.Kind {
	case sweep.TrialStarted:
		fmt.Fprintf(d.out, "sweep: trial %s started: %s\n", t.Name(), settings(t.Params, d.run.Params))
	case sweep.TrialPromoted:
		fmt.Fprintf(d.out, "sweep: trial %s promoted: it goes on after epoch %d\n", t.Name(), t.Pauses[len(t.Pauses)-1].Last.Step)
	case sweep.TrialEnded:
		line := fmt.Sprintf("sweep: [%s] trial %s %s", d.progress(), t.Name(), t.Outcome)
		if value, ok := d.run.Value(t); ok {
			line += fmt.Sprintf(": %s %s at step %d of %d", d.run.Objectives[0].Name, number(value), t.Best.Step, t.Steps)
		}
		if t.Violation > 0 {
			line += ", infeasible"
		}
		switch {
		case t.CachedAs != "":
			line += " (from " + t.CachedAs + ")"
		default:
			line += ", " + seconds(t.Seconds)
		}
		if left, ok := d.left(e.Time); ok {
			line += fmt.Sprintf("; %v left", left)
		}
		fmt.Fprintln(d.out, line)
	case sweep.RunSteered:
		fmt.Fprintf(d.out, "sweep: %s\n", e.Reason)
	case sweep.RunStarted, sweep.RunEnded, sweep.TrialReported:
	}
}

func (d *plainLines) log() io.Writer { return prefixed{d.out} }
func (d *plainLines) close()         {}
