package results

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A run on a cluster has its trials in a directory that machines share, outside the
// workspace. Workspaces of several machines may have records of the same trials there,
// so each leaves a mark of its own, under its own name, and the last one that no longer
// needs them removes them.
const occupants = "workspaces"

// occupant is the content of such a mark, for people.
type occupant struct {
	Host string `json:"host"`
	Dir  string `json:"dir"`
}

// Occupy notes that a run has trials in a directory outside the workspace, and marks
// the directory as one that this workspace needs until the run is removed.
func (db *DB) Occupy(run, dir string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("mark %s as needed here: %w", dir, err)
		}
	}()
	me := ""
	err = db.update(func(tx *tx) error {
		r, err := readRun(tx, run)
		if err != nil {
			return err
		}
		if !slices.Contains(r.Shared, dir) {
			r.Shared = append(r.Shared, dir)
			if err := writeRun(tx, r); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		if me = string(meta.Get(workspaceKey)); me == "" {
			me = rand.Text()
			return meta.Put(workspaceKey, []byte(me))
		}
		return nil
	})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, occupants, me)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine"
	}
	text, err := json.Marshal(occupant{host, db.dir})
	return errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), trialdir.WriteFile(path, append(text, '\n')))
}

// me is the name of this workspace's marks; "": it has left none.
func (db *DB) me() (name string, err error) {
	err = db.view(func(tx *tx) error {
		name = string(tx.Bucket(metaBucket).Get(workspaceKey))
		return nil
	})
	return name, err
}

// marks are the names of the workspaces that need a directory; false: none ever left a
// mark there, or the directory has gone.
func marks(dir string) (names []string, ok bool, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, occupants))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(dir)); err != nil {
			return nil, false, fmt.Errorf("look for %s: %w: mount its file system, or make the directory above it if that is gone for good", dir, err)
		}
		return nil, false, nil
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") { // else it is half-written
			names = append(names, e.Name())
		}
	}
	return names, err == nil, err
}

// sole reports whether this workspace, and no other, needs a directory.
func (db *DB) sole(dir string) (bool, error) {
	me, err := db.me()
	if err != nil {
		return false, err
	}
	names, _, err := marks(dir)
	return len(names) == 1 && names[0] == me, err
}

// vacate takes this workspace's mark from a directory, which goes with the last one. It
// can be cut off anywhere, and done again.
func (db *DB) vacate(dir string) error {
	me, err := db.me()
	if err != nil {
		return err
	}
	names, ok, err := marks(dir)
	if err == nil && slices.Contains(names, me) {
		if err := os.Remove(filepath.Join(dir, occupants, me)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		names, ok, err = marks(dir) // others may have come, or gone, meanwhile
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return os.RemoveAll(dir + goneAlong)
	case len(names) == 0:
		return removeDirs([]string{dir})
	}
	return nil
}

// ours are the directories of a run's trials that no other workspace needs.
func (db *DB) ours(r Run) (map[string]bool, error) {
	ours := map[string]bool{db.runDir(r.ID): true}
	for _, dir := range r.Shared {
		alone, err := db.sole(dir)
		if err != nil {
			return nil, err
		}
		ours[dir] = alone
	}
	return ours, nil
}

// uses is what a run that is to be removed takes, in bytes.
func (db *DB) uses(r GarbageRun) (int64, error) {
	sum, err := diskUse(db.runDir(r.Run))
	for _, dir := range r.Shared {
		alone, aerr := db.sole(dir)
		if err = errors.Join(err, aerr); alone {
			n, derr := diskUse(dir)
			sum, err = sum+n, errors.Join(err, derr)
		}
	}
	return sum, err
}
