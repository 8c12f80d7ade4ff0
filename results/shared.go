package results

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A run on a cluster has its trials in a directory that machines share, outside the
// workspace. Workspaces of several machines may have records of the same trials there,
// so each leaves a mark of its own, and the last one that no longer needs them removes
// them.
const occupants = "workspaces"

// occupant is the content of such a mark, for people.
type occupant struct {
	Host string `json:"host"`
	Dir  string `json:"dir"`
}

// Occupy marks a directory outside the workspace, of a run's trials, as one that this
// workspace needs until the run is removed.
func (db *DB) Occupy(dir string) error {
	host, name, err := db.occupant()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, occupants, name)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	text, err := json.Marshal(occupant{host, db.dir})
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = trialdir.WriteFile(path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("mark %s as needed here: %w", dir, err)
	}
	return nil
}

// occupant is the name of this workspace's marks.
func (db *DB) occupant() (host, name string, err error) {
	if host, err = os.Hostname(); err != nil {
		return "", "", fmt.Errorf("ask for this machine's name: %w", err)
	}
	sum := sha256.Sum256([]byte(host + "\x00" + db.dir))
	return host, hex.EncodeToString(sum[:8]), nil
}

// occupied reports whether a directory has this workspace's mark, and whether that is
// the only one.
func (db *DB) occupied(dir string) (here, alone bool, err error) {
	_, name, err := db.occupant()
	if err != nil {
		return false, false, err
	}
	entries, err := os.ReadDir(filepath.Join(dir, occupants))
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) // half-written
	here = slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	return here, here && len(entries) == 1, err
}

// vacate takes this workspace's mark from a directory, which goes with the last one. It
// can be cut off anywhere, and done again.
func (db *DB) vacate(dir string) error {
	here, alone, err := db.occupied(dir)
	if err != nil {
		return err
	}
	if alone {
		return removeDirs([]string{dir})
	}
	if !here {
		return os.RemoveAll(dir + goneAlong)
	}
	_, name, err := db.occupant()
	return errors.Join(err, os.Remove(filepath.Join(dir, occupants, name)))
}

// outside are the directories outside the workspace that a run has trials in.
func outside(tx *tx, run string) ([]string, error) {
	seen := map[string]bool{}
	err := each(tx, run, func(t brief) {
		if t.CachedAs == "" && filepath.IsAbs(t.Dir) {
			seen[filepath.Dir(t.Dir)] = true
		}
	})
	return slices.Sorted(maps.Keys(seen)), err
}

// ours are the directories of a run's trials that no other workspace needs.
func (db *DB) ours(tx *tx, run string) (map[string]bool, error) {
	ours := map[string]bool{db.runDir(run): true}
	dirs, err := outside(tx, run)
	for _, dir := range dirs {
		_, alone, oerr := db.occupied(dir)
		ours[dir] = alone
		err = errors.Join(err, oerr)
	}
	return ours, err
}

// uses is what a run that is to be removed takes, in bytes.
func (db *DB) uses(r GarbageRun) (int64, error) {
	sum, err := diskUse(db.runDir(r.Run))
	for _, dir := range r.Shared {
		_, alone, oerr := db.occupied(dir)
		if err = errors.Join(err, oerr); alone {
			n, derr := diskUse(dir)
			sum, err = sum+n, errors.Join(err, derr)
		}
	}
	return sum, err
}
