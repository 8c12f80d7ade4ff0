package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// owed is a file in a run's directory until its report is written, and everybody told
// of the run's end who is to be.
func (db *DB) owed(run string) string { return filepath.Join(db.dir, "runs", run, "owed") }

// Owe notes what is to follow a run's end, whatever happens then.
func (db *DB) Owe(run string) error {
	if err := trialdir.WriteFile(db.owed(run), nil); err != nil {
		return fmt.Errorf("note what is to follow run %s: %w", run, err)
	}
	return nil
}

// Told notes that it has: nobody is to be told of a run any more.
func (db *DB) Told(run string) error {
	if err := os.Remove(db.owed(run)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("note what has followed run %s: %w", run, err)
	}
	return nil
}

// Untold are the runs of a sweep that have ended, and whose process was killed before
// everybody was told, the oldest first.
func (db *DB) Untold(sweepName string) ([]Run, error) {
	runs, err := db.Runs()
	if err != nil {
		return nil, err
	}
	var out []Run
	for _, r := range slices.Backward(runs) {
		if r.Sweep == sweepName && (r.Status == Finished || r.Status == Failed) {
			if _, err := os.Stat(db.owed(r.ID)); err == nil {
				out = append(out, r)
			}
		}
	}
	return out, nil
}
