package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func newWatch(o *options) *cobra.Command {
	r := &runOptions{options: o}
	cmd := &cobra.Command{
		Use:   "watch [RUN]",
		Short: "Watch a run that is being worked on elsewhere",
		Long: `Watch a run that is being worked on in another terminal or in the background: the
same view as "sweep run" has. Ctrl-C ends the view, not the run.`,
		Example: `  sweep watch grid
  sweep watch grid --json | jq .event`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			show := r.display(cmd, run)
			w := watcher{db: db, show: show, seen: map[int]sweep.Trial{}}
			err = w.follow(cmd.Context(), run)
			show.close()
			if errors.Is(err, context.Canceled) {
				return nil
			}
			if err != nil || r.json {
				return err
			}
			rows, err := db.Best(run.ID, 10)
			if err != nil || len(rows) == 0 {
				return err
			}
			if run, err = db.Find(run.ID); err != nil {
				return err
			}
			return leaderboard(cmd, run, rows)
		},
	}
	r.displayFlags(cmd)
	return cmd
}

// watcher turns what changes in the store into the events that led to it.
type watcher struct {
	db   *results.DB
	show display
	seen map[int]sweep.Trial
}

// glance is how often it looks.
const glance = 500 * time.Millisecond

// follow tells of everything so far, and of what comes, until the run ends.
func (w *watcher) follow(ctx context.Context, run results.Run) error {
	w.show.event(sweep.Event{Kind: sweep.RunStarted, Time: run.Started, Run: run.ID, Total: run.Total, Slots: 1})
	ticks := time.NewTicker(glance)
	defer ticks.Stop()
	for {
		now, err := w.db.Find(run.ID) // before its trials: what ended it is then among them
		if err != nil {
			return err
		}
		if err := w.look(run.ID); err != nil {
			return err
		}
		if now.Status != results.Running {
			w.show.event(sweep.Event{Kind: sweep.RunEnded, Time: now.Finished, Run: run.ID, Total: now.Total, Reason: now.Reason})
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look compares the run's trials with what was seen of them.
func (w *watcher) look(run string) error {
	var news []sweep.Trial
	for t, err := range w.db.Trials(run) {
		if err != nil {
			return err
		}
		if was, known := w.seen[t.Number]; known && was.Outcome == t.Outcome && was.Steps == t.Steps && was.Ended == t.Ended && was.Attempt == t.Attempt {
			continue
		}
		news = append(news, t)
	}
	for _, t := range news {
		if err := w.tell(t); err != nil {
			return err
		}
	}
	return nil
}

// tell tells of what is new of a trial.
func (w *watcher) tell(t sweep.Trial) error {
	was, known := w.seen[t.Number]
	w.seen[t.Number] = t
	tell := func(kind sweep.EventKind, at time.Time) {
		w.show.event(sweep.Event{Kind: kind, Time: at, Run: t.Run, Trial: t})
	}
	if t.Outcome != sweep.Running {
		at := t.Finished
		if at.IsZero() {
			at = t.Started
		}
		tell(sweep.TrialEnded, at)
		return nil
	}
	full, _, err := w.db.FindTrial(t.Name())
	if err != nil {
		return err
	}
	t = full
	at := t.Started
	if n := len(t.Reports); n > 0 && !t.Reports[n-1].Time.IsZero() {
		at = t.Reports[n-1].Time
	}
	t.Steps = len(t.Reports)
	switch {
	case known && was.Outcome.Final():
		tell(sweep.TrialPromoted, at)
	case !known || was.Attempt != t.Attempt:
		tell(sweep.TrialStarted, at)
	}
	if len(t.Reports) > 0 {
		tell(sweep.TrialReported, at)
	}
	return nil
}
