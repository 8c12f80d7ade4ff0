package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// clear makes way for a trial that is about to be launched, where its directory is
// that of another: after a restore a run may propose other trials under the numbers
// of those that the store has forgotten, and a runner would take their results for
// its own. A directory of the same trial stays, and is gone on with. One elsewhere than in
// the workspace carries its trial's ID in its name, and is no other's.
func (db *DB) clear(t sweep.Trial) error {
	if t.ID == "" || t.Dir != db.TrialDir(t.Run, t.Number) {
		return nil
	}
	if _, err := os.Stat(t.Dir); err != nil {
		return nil //nolint:nilerr // nothing is in the way
	}
	spec, err := trialdir.Dir(t.Dir).Spec()
	if errors.Is(err, fs.ErrNotExist) || err == nil && spec.Trial.ID == t.ID {
		return nil
	}
	name := "unreadable"
	if err == nil {
		name = spec.Trial.ID
	}
	lock := flock.New(filepath.Join(t.Dir, "lock"), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err == nil && !held {
		err = errors.New("a process works in it: end it, and run the sweep again")
	}
	if err == nil {
		// Nobody will work there again who could remove what a kill left half-written.
		err = errors.Join(trialdir.Dir(t.Dir).Tidy(), moveAside(t.Dir, name), lock.Unlock())
	}
	if err != nil {
		return fmt.Errorf("clear the directory %s of trial %s, which is that of another: %w", t.Dir, name, err)
	}
	return nil
}

// moveAside renames a directory, to itself and the ID of its trial.
func moveAside(dir, id string) error {
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s-%s", dir, id)
		if n > 1 {
			to = fmt.Sprintf("%s-%d", to, n)
		}
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		return os.Rename(dir, to)
	}
}
