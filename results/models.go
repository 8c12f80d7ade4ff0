package results

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// ChampionsDir is where the models of a sweep's champions are: a directory each, by
// its run and number, so that they outlive their runs.
func (db *DB) ChampionsDir(sweepName string) string {
	return filepath.Join(db.dir, "champions", sweepName)
}

// KeepModels copies the models of a contender to where those of champions are, and
// answers it with these. add, if not nil, puts more files beside a copy. A directory
// there is whole, or is not there.
func (db *DB) KeepModels(sweepName string, c Contender, add func(s Seed, dir string) error) (_ Contender, err error) {
	dir := db.ChampionsDir(sweepName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, fmt.Errorf("make directory of champions: %w%s", err, elsewhere(err))
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return c, fmt.Errorf("lock the champions of %s: %w", sweepName, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	c = c.placed(func(path string) string { return path })
	for i, s := range c.Seeds {
		if s.Model == "" {
			continue
		}
		to := filepath.Join(dir, strings.ReplaceAll(s.Trial, "/", "-"))
		more := func(string) error { return nil }
		if add != nil {
			more = func(dir string) error { return add(s, dir) }
		}
		if err := copyWhole(s.Model, to, more); err != nil {
			return c, fmt.Errorf("keep the model of trial %s: %w%s", s.Trial, err, elsewhere(err))
		}
		c.Seeds[i].Model = to
	}
	return c, nil
}

// copyWhole copies a directory of files, with what more adds to the copy, unless it was
// copied before.
func copyWhole(from, to string, more func(dir string) error) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	part := to + ".part"
	if err := os.RemoveAll(part); err != nil { // what a kill left
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(from, f.Name()), filepath.Join(part, f.Name())); err != nil {
			return err
		}
	}
	if err := errors.Join(more(part), trialdir.SyncDir(part)); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return trialdir.SyncDir(filepath.Dir(to))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
