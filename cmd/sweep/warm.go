package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// sources are the runs that a file's warm_start means now. A sweep that sets out
// from its own last run has none the first time.
func sources(db *results.DB, file *config.File) ([]string, error) {
	var ids []string
	for _, name := range file.WarmStart {
		run, err := db.Find(name)
		if errors.Is(err, results.ErrNotFound) && name == file.Spec.Name {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("warm_start of %s: %w", file.Path, err)
		}
		ids = append(ids, run.ID)
	}
	return ids, nil
}

// setOut lets the file's search set out from what the run's sources had come to
// when it began, and says from what.
func setOut(db *results.DB, file *config.File, run results.Run) (string, error) {
	learner, ok := file.Searcher.(sweep.Learner)
	if len(run.WarmStart) == 0 || !ok {
		return "", nil
	}
	var earlier sweep.History
	misfits := 0
	for _, id := range run.WarmStart {
		var trials sweep.History
		for t, err := range db.Trials(id) {
			if err != nil {
				return "", fmt.Errorf("set out from run %s: %w", id, err)
			}
			if !t.Outcome.Ranked() || t.Finished.After(run.Started) {
				continue
			}
			p, err := file.Spec.Space.Fit(t.Params)
			if err != nil || !reports(t, file.Spec.Objectives) {
				misfits++
				continue
			}
			t.Params = p
			trials = append(trials, t)
		}
		slices.SortStableFunc(trials, func(a, b sweep.Trial) int { return cmp.Compare(a.Ended, b.Ended) })
		earlier = append(earlier, trials...)
	}
	file.Searcher = sweep.WithEarlier(learner, earlier)
	text := fmt.Sprintf("setting out from %d trials of %s", len(earlier), strings.Join(run.WarmStart, ", "))
	if misfits > 0 {
		text += fmt.Sprintf("; %d do not fit this space or lack an objective", misfits)
	}
	return text, nil
}

// reports tells whether a trial's best step has all objectives.
func reports(t sweep.Trial, objectives []sweep.Objective) bool {
	return !slices.ContainsFunc(objectives, func(o sweep.Objective) bool {
		_, ok := t.Best.Metrics[o.Name]
		return !ok
	})
}
