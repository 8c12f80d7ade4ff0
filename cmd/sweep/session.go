package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// session is a run whose trials are trained elsewhere, while this process works
// on it.
type session struct {
	*sweep.Session
	db      *results.DB
	run     results.Run
	release func() error
	record  *results.Recorder
	judge   func() error // of the run's winner, when it has nothing left
}

// turn is how long a process waits for another that works on the run.
const turn = 10 * time.Second

// openSession goes on with the file's run, or begins one.
func openSession(ctx context.Context, db *results.DB, file *config.File, vars map[string]string) (*session, error) {
	total, err := planned(file)
	if err != nil {
		return nil, err
	}
	from, err := sources(db, file)
	if err != nil {
		return nil, err
	}
	run, _, err := db.Start(results.Run{
		WarmStart: from,
		Sweep:     file.Spec.Name, File: file.Path, Hash: file.Hash, Vars: vars, Objectives: file.Spec.Objectives, Feasible: file.Spec.Feasible.String(),
		Params: file.Spec.Space.Names(), Repeat: file.Spec.Repeat, Search: file.SearchName, Total: total,
		Started: time.Now(), //nolint:forbidigo // the program's own clock
	})
	if err != nil {
		return nil, err
	}
	return attach(ctx, db, run, file)
}

// attach is a session on a run of the file.
func attach(ctx context.Context, db *results.DB, run results.Run, file *config.File) (*session, error) {
	release, err := db.LockWithin(ctx, run.ID, turn)
	if err != nil {
		return nil, err
	}
	if _, err := setOut(db, file, run); err != nil {
		return nil, errors.Join(err, release())
	}
	s := &session{db: db, run: run, release: release, record: db.Record(run)}
	s.Session, err = sweep.Loop{
		Spec: file.Spec, Run: run.ID, Searcher: file.Searcher, Stopper: file.Stopper, Store: s.record,
		Prepare: func(context.Context, sweep.Task) (string, error) { return "", nil }, // whoever trains has the data
		Now:     time.Now,                                                             //nolint:forbidigo // the program's own clock
	}.Open()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// backupInterval is how much of what was told a lost store may cost: no directory
// of a trial has it as well.
const backupInterval = 10 * time.Minute

func (s *session) close() error {
	return errors.Join(s.record.Close(), s.db.KeepBackup(backupInterval), s.release())
}

// ended judges a run and records its end, where it has nothing left.
func (s *session) ended() error {
	if !s.Complete() {
		return nil
	}
	err := s.judge()
	if err == nil {
		finish(s.db, s.run.ID, results.Finished, "complete")
	}
	return err
}

// fileOf reads the sweep file of a run again.
func fileOf(run results.Run, p *config.Plugins) (*config.File, error) {
	file, err := config.ReadSearch(run.File, run.Vars, p)
	if err != nil {
		return nil, fmt.Errorf("read the sweep file again: %w", err)
	}
	if file.Hash != run.Hash {
		return nil, fmt.Errorf("%s has changed since run %s began: undo the change, or begin a new run", run.File, run.ID)
	}
	return file, nil
}
