package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// after does what follows the end of a run, whose winner was judged before that end
// was recorded: its report is written, and whoever wants to know is told, and
// what the file does not keep is removed.
func after(cmd *cobra.Command, db *results.DB, id string, file *config.File) error {
	run, err := db.Find(id)
	if err != nil {
		return err
	}
	keepReport(cmd, db, run, file)
	if run.Status == results.Interrupted { // whoever did that knows, and it may go on
		return nil
	}
	n, err := noticeOf(db, run)
	if err != nil {
		return err
	}
	for _, way := range file.Notifiers {
		if err := way.Notify(context.WithoutCancel(cmd.Context()), n); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "sweep: %v\n", err)
		}
	}
	tidy(cmd, db, id, file)
	return db.Told(id)
}

// late does what should have followed the end of a sweep's earlier runs, where their
// process was killed then.
func late(cmd *cobra.Command, db *results.DB, file *config.File) error {
	runs, err := db.Untold(file.Spec.Name)
	if err != nil {
		return err
	}
	for _, run := range runs {
		release, err := db.Lock(run.ID)
		if err != nil { // its process is about to
			continue
		}
		if err := errors.Join(after(cmd, db, run.ID, file), release()); err != nil {
			return err
		}
	}
	return nil
}

// noticeOf is what there is to tell of a run.
func noticeOf(db *results.DB, run results.Run) (sweep.Notice, error) {
	n := sweep.Notice{
		Occasions: []sweep.Occasion{sweep.RunFinished}, Sweep: run.Sweep, Run: run.ID, File: run.File, Reason: run.Reason,
		Started: run.Started, Finished: run.Finished, Trials: run.Summary(nil).Trials,
		Report: reported(db, run.ID),
	}
	rows, err := db.Best(run.ID, 1)
	if err != nil {
		return n, err
	}
	if run.Status == results.Failed || sweep.GaveUp(run.Reason) || len(rows) == 0 { // some failed trials are in the tally
		n.Occasions = []sweep.Occasion{sweep.RunFailed}
	}
	if err := addJudgement(db, run, &n); err != nil || len(rows) == 0 {
		return n, err
	}
	best := rows[0]
	n.Best = &sweep.Standing{Trial: best.Trial.Name(), Objective: run.Objectives[0].Name, Value: best.Mean, Params: best.Trial.Params}
	return n, nil
}

// addJudgement adds how the run's winner fared against the champion.
func addJudgement(db *results.DB, run results.Run, n *sweep.Notice) error {
	if run.Judged == nil {
		return nil
	}
	record, err := db.Judgements(run.Sweep)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(record, func(j results.Judgement) bool { return j.Number == run.Judged.Number })
	if at < 0 {
		return fmt.Errorf("the record of sweep %s lacks entry %d, of run %s: sweep db check", run.Sweep, run.Judged.Number, run.ID)
	}
	j := record[at]
	place := func(c results.Contender) *sweep.Standing {
		return &sweep.Standing{Trial: c.Trial, Objective: c.Objective.Name, Value: c.Standing(), Params: c.Params}
	}
	n.Verdict, n.Champion = j.Verdict, place(j.Champion())
	if j.Took {
		n.Occasions = append(n.Occasions, sweep.NewChampion)
		if j.Former != nil {
			n.Former = place(*j.Former)
		}
	}
	if j.Regression {
		n.Occasions = append(n.Occasions, sweep.RunRegressed)
	}
	return nil
}
