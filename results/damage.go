package results

import (
	"errors"
	"fmt"
)

// DamagedError is the error of a store that is not as this program left it.
type DamagedError struct {
	File   string
	Reason error
	Backup *Copy // its last good one; nil: there is none
}

func (e *DamagedError) Error() string {
	text := fmt.Sprintf("open results %s: the file is damaged (%v): ", e.File, e.Reason)
	if e.Backup == nil {
		return text + "there is no backup; move it away and run the sweep again: trials that have ended are found in their directories under runs/"
	}
	return text + "put its last good backup in its place, " + e.Backup.String()
}

func (e *DamagedError) Unwrap() error { return e.Reason }

// damage is what is wrong with the file that a transaction reads. It also goes up
// as a panic, as bbolt's own do.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// cause is what a panic says of the file.
func cause(recovered any) error {
	switch r := recovered.(type) {
	case damage:
		return r.error
	case error: // of the Go runtime: a page pointed to where nothing is
		return fmt.Errorf("a page makes no sense: %w", r)
	default:
		return errors.New(fmt.Sprint(r))
	}
}

func (db *DB) damaged(reason error) error {
	e := &DamagedError{File: db.file, Reason: reason}
	if bak := db.BackupFile(); bak != db.file {
		if c, err := describe(bak); err == nil {
			e.Backup = &c
		}
	}
	return e
}
