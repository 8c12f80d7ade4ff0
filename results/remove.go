package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A run is removed in this order, so that it can be cut off anywhere: a mark in its
// directory, which names what it has outside the workspace, its record, what the mark
// names, and, with another name first, the directory. A mark beside a record
// means nothing; a marked directory without a record is cleared away by whoever comes
// next. A directory without either is not touched: after a restore it may hold results
// that the store has forgotten.
const (
	markFile  = "removed"
	goneAlong = ".removed" // after the name of what is about to be deleted
)

// removedTogether is how many runs are removed at a time: each has a lock, which is an open file.
const removedTogether = 100

// Remove removes garbage, and what earlier removals have left. What is needed by now,
// or being worked on, stays; done is what went. held is a run whose lock the caller has.
func (db *DB) Remove(g Garbage, held string) (done Garbage, err error) {
	done = Garbage{Runs: []GarbageRun{}, Models: []GarbageDir{}, Champions: []GarbageDir{}, Needed: slices.Clone(g.Needed)}
	if err := db.sweepUp(); err != nil {
		return done, err
	}
	for runs := range slices.Chunk(g.Runs, removedTogether) {
		gone, err := db.removeRuns(runs)
		done.Runs = append(done.Runs, gone...)
		if err != nil {
			return done, err
		}
	}
	for _, d := range g.Models {
		release := func() error { return nil }
		if run, _, _ := strings.Cut(d.Trial, "/"); run != held {
			if release, err = db.Lock(run); err != nil { // somebody goes on with it
				continue
			}
		}
		gone, err := db.removeModels(d)
		if err := errors.Join(err, release()); err != nil {
			return done, err
		}
		if gone {
			done.Models = append(done.Models, d)
		}
	}
	for _, d := range g.Champions {
		if err := db.removeChampion(d); err != nil {
			return done, err
		}
		done.Champions = append(done.Champions, d)
	}
	return done, nil
}

// removeModels deletes what a trial has left; false: it went with its run, or another
// workspace needs it by now.
func (db *DB) removeModels(d GarbageDir) (bool, error) {
	run, _, _ := strings.Cut(d.Trial, "/")
	record, ok, err := db.record(run)
	if err != nil || !ok {
		return false, err
	}
	ours, err := db.ours(record)
	if err != nil || slices.ContainsFunc(d.Dirs, func(dir string) bool { return !ours[filepath.Dir(filepath.Dir(dir))] }) {
		return false, err
	}
	return true, removeDirs(d.Dirs)
}

// removeRuns removes runs, all of their records at once.
func (db *DB) removeRuns(runs []GarbageRun) (gone []GarbageRun, err error) {
	var ids []string
	defer func() {
		if err != nil {
			err = fmt.Errorf("remove runs: %w", err)
		}
	}()
	for _, r := range runs {
		release, lerr := db.Lock(r.Run)
		if lerr != nil { // somebody works on it
			continue
		}
		defer func() { err = errors.Join(err, release()) }()
		if err := db.mark(r); err != nil {
			return nil, err
		}
		ids = append(ids, r.Run)
	}
	forgotten, err := db.forget(ids)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if !slices.Contains(forgotten, r.Run) {
			continue
		}
		gone = append(gone, r)
		if err := db.clearAway(r.Run, r.Shared); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// mark notes in a run's directory that its record is about to be removed.
func (db *DB) mark(r GarbageRun) error {
	text, err := json.Marshal(r.Shared)
	return errors.Join(err, trialdir.WriteFile(filepath.Join(db.runDir(r.Run), markFile), text))
}

// forget removes the records of runs that are still not needed, and answers which.
// Identities that were of their trials become those of others that have them.
func (db *DB) forget(ids []string) (forgotten []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = db.update(func(tx *tx) error {
		forgotten = nil
		var all []Run
		beyond := map[string]bool{}
		c := tx.Bucket(orderBucket).Cursor()
		for key, id := c.Last(); key != nil; key, id = c.Prev() {
			r, err := readRun(tx, string(id))
			if err != nil {
				return err
			}
			all = append(all, r)
			beyond[r.ID] = slices.Contains(ids, r.ID) // nobody works on them: their locks are held here
		}
		needed, err := needs(tx, all, beyond)
		if err != nil {
			return err
		}
		orphans := map[string]bool{} // identities
		for _, r := range all {
			if _, isNeeded := needed[r.ID]; !beyond[r.ID] || isNeeded {
				continue
			}
			forgotten = append(forgotten, r.ID)
			if err := dropRun(tx, r.ID, orphans); err != nil {
				return err
			}
		}
		for _, r := range slices.Backward(all) { // the newest last, whose trials then have them
			if len(orphans) == 0 || tx.run(r.ID) == nil {
				continue
			}
			if err := adopt(tx, r.ID, orphans); err != nil {
				return err
			}
		}
		return nil
	})
	return forgotten, err
}

// dropRun removes a run's record, its place in the order, and the identities that are
// of its trials, which are then orphans.
func dropRun(tx *tx, id string, orphans map[string]bool) error {
	identities := tx.Bucket(identitiesBucket)
	prefix := []byte(id + "/")
	var own [][]byte
	err := each(tx, id, func(t brief) {
		if key := []byte(t.ID); t.ID != "" && bytes.HasPrefix(identities.Get(key), prefix) {
			own = append(own, key)
		}
	})
	if err != nil {
		return err
	}
	for _, key := range own {
		orphans[string(key)] = true
		if err := identities.Delete(key); err != nil {
			return err
		}
	}
	order := tx.Bucket(orderBucket)
	c := order.Cursor()
	for key, run := c.First(); key != nil; key, run = c.Next() {
		if string(run) == id {
			if err := order.Delete(key); err != nil {
				return err
			}
			break
		}
	}
	return tx.Bucket(runsBucket).DeleteBucket([]byte(id))
}

// adopt gives orphaned identities to a run's trials that have them.
func adopt(tx *tx, run string, orphans map[string]bool) error {
	identities := tx.Bucket(identitiesBucket)
	var faults []error
	err := each(tx, run, func(t brief) {
		if !orphans[t.ID] || t.CachedAs != "" {
			return
		}
		if identities.Get([]byte(t.ID)) == nil || t.Outcome.Ranked() {
			faults = append(faults, identities.Put([]byte(t.ID), fmt.Appendf(nil, "%s/%d", run, t.Number)))
		}
	})
	return errors.Join(err, errors.Join(faults...))
}

// clearAway deletes what is left of a run without a record.
func (db *DB) clearAway(run string, shared []string) error {
	for _, dir := range shared {
		if err := db.vacate(dir); err != nil {
			return err
		}
	}
	return removeDirs([]string{db.runDir(run)})
}

// sweepUp finishes what removals that were cut off have left.
func (db *DB) sweepUp() error {
	entries, err := os.ReadDir(filepath.Join(db.dir, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for garbage: %w", err)
	}
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(db.runDir(e.Name()), markFile)); err != nil || strings.HasSuffix(e.Name(), goneAlong) {
			continue
		}
		if err := db.finishRemoval(e.Name()); err != nil {
			return fmt.Errorf("clear garbage away: %w", err)
		}
	}
	for _, pattern := range []string{"runs/*" + goneAlong, "runs/*/*/*" + goneAlong, "champions/*/*" + goneAlong} {
		left, err := filepath.Glob(filepath.Join(db.dir, filepath.FromSlash(pattern)))
		if err != nil {
			return fmt.Errorf("look for garbage: %w", err)
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("clear garbage away: %w", err)
			}
		}
	}
	return nil
}

// finishRemoval clears away what is left of a run with a mark, unless somebody is about
// to, or it has its record still.
func (db *DB) finishRemoval(run string) (err error) {
	lock := flock.New(filepath.Join(db.runDir(run), "lock"), flock.SetPermissions(0o600)) // makes no directory anew
	held, err := lock.TryLock()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !held {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	mark := filepath.Join(db.runDir(run), markFile)
	text, err := os.ReadFile(mark)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // somebody was quicker
			return nil
		}
		return err
	}
	_, known, err := db.record(run)
	if err != nil {
		return err
	}
	if known { // it was not removed after all
		return os.Remove(mark)
	}
	var shared []string
	if err := json.Unmarshal(text, &shared); err != nil && len(text) > 0 { // marks were empty once
		return fmt.Errorf("read the mark of run %s, which was removed: %w", run, err)
	}
	return db.clearAway(run, shared)
}

// removeDirs deletes directories. Each is gone at once for those who look for it; what
// an earlier removal of it has left goes too.
func removeDirs(dirs []string) error {
	for _, dir := range dirs {
		err := os.RemoveAll(dir + goneAlong)
		if err == nil {
			err = os.Rename(dir, dir+goneAlong)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.RemoveAll(dir + goneAlong)
		}
		if err != nil {
			return fmt.Errorf("remove %s: %w", dir, err)
		}
	}
	return nil
}

// removeChampion deletes the models of a champion that no longer stands, unless it
// does again.
func (db *DB) removeChampion(d GarbageDir) (err error) {
	for _, dir := range d.Dirs {
		lock := flock.New(filepath.Join(filepath.Dir(dir), "lock"), flock.SetPermissions(0o600))
		if err := lock.Lock(); err != nil {
			return fmt.Errorf("lock the champions: %w", err)
		}
		standing, _, serr := db.Champion(filepath.Base(filepath.Dir(dir)))
		if stands := slices.ContainsFunc(standing.Seeds, func(s Seed) bool { return s.Model == dir }); serr == nil && !stands {
			serr = removeDirs([]string{dir})
		}
		if err := errors.Join(serr, lock.Unlock()); err != nil {
			return err
		}
	}
	return nil
}

// WhileIdle does something while no run is in progress, and none can begin: it is told
// the data that runs have learned from, but for those that are to go. It is false where
// one is in progress.
func (db *DB) WhileIdle(going map[string]bool, do func(used map[string]bool) error) (idle bool, err error) {
	runs, err := db.Runs() // settled
	if err != nil {
		return false, err
	}
	settled := map[string]Status{}
	for _, r := range runs {
		settled[r.ID] = r.Status
	}
	if len(runs) == 0 {
		return true, do(nil)
	}
	err = db.update(func(tx *tx) error {
		idle = true
		used := map[string]bool{}
		err := tx.Bucket(orderBucket).ForEach(func(_, id []byte) error {
			r, err := readRun(tx, string(id))
			if err != nil {
				return err
			}
			if going[r.ID] {
				return nil
			}
			idle = idle && (r.Status != Running || settled[r.ID] == Interrupted)
			for _, fingerprint := range r.Data {
				used[fingerprint] = true
			}
			if len(r.Data) > 0 {
				return nil
			}
			return each(tx, r.ID, func(t brief) { used[t.Data] = true }) // it is from before runs knew
		})
		if err != nil || !idle {
			return err
		}
		return do(used)
	})
	return idle, err
}
