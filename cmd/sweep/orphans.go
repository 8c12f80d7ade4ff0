package main

import (
	"context"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner/local"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// orphanGrace is what processes of a run whose runner died have to end.
const orphanGrace = 5 * time.Second

// endOrphans ends what a run that is gone on with has left running on this machine,
// also of trials whose turn comes late or never. The run must be locked: then
// nobody owns these processes.
func endOrphans(ctx context.Context, db *results.DB, run string) error {
	var dirs []trialdir.Dir
	for t, err := range db.Trials(run) {
		if err != nil {
			return err
		}
		if !t.Outcome.Final() && t.Dir != "" {
			dirs = append(dirs, trialdir.Dir(t.Dir))
		}
	}
	return local.EndOrphans(ctx, orphanGrace, dirs...)
}
