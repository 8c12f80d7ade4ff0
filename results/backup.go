package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.etcd.io/bbolt"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Copy is a copy of a store. The JSON shape is stable.
type Copy struct {
	File   string    `json:"file"`
	Taken  time.Time `json:"taken"`
	Bytes  int64     `json:"bytes"`
	Runs   int       `json:"runs"`
	Trials int       `json:"trials"`
}

func (c Copy) String() string {
	return fmt.Sprintf("%s of %s with %d runs and %d trials", c.File, c.Taken.Local().Format("2006-01-02 15:04:05"), c.Runs, c.Trials)
}

// BackupFile is where the store's last good backup is.
func (db *DB) BackupFile() string { return db.file + ".bak" }

// describe reads what a copy has.
func describe(file string) (Copy, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Copy{}, fmt.Errorf("read backup: %w", err)
	}
	c := Copy{File: file, Taken: info.ModTime(), Bytes: info.Size()}
	runs, err := (&DB{dir: filepath.Dir(file), file: file}).Runs()
	if err != nil {
		return c, err
	}
	c.Runs = len(runs)
	for _, r := range runs {
		c.Trials += r.Trials()
	}
	return c, nil
}

// Backup writes a consistent copy of the store, whole or not at all, and replaces
// what is there. While it is copied, at about a second a gigabyte, who writes waits.
// A damaged store is a DamagedError, and no copy.
func (db *DB) Backup(to string) (Copy, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return Copy{}, fmt.Errorf("back up results: %w", err)
	}
	there, err := db.there()
	switch {
	case err != nil:
		return Copy{}, err
	case !there:
		return Copy{}, fmt.Errorf("back up results: there is no store %s yet", db.file)
	case to == db.file:
		return Copy{}, fmt.Errorf("back up results: %s is the store itself; name another file", to)
	}
	if err := place(to, db.copyInto, func() error { return nil }); err != nil {
		return Copy{}, err
	}
	return describe(to)
}

// KeepBackup refreshes the store's own backup, if the store's last change is that
// much later. While another process does so, there is nothing to do.
func (db *DB) KeepBackup(later time.Duration) error {
	there, err := db.there()
	if err != nil || !there {
		return err
	}
	release, ok, err := db.alone()
	if err != nil || !ok {
		return err
	}
	defer release() //nolint:errcheck // the lock ends with the process
	if db.backedUp(later) {
		return nil
	}
	_, err = db.Backup(db.BackupFile())
	return err
}

// backedUp reports whether the backup has the store's last change, or is hardly
// older than that. A copy has the meta page of what it is a copy of.
func (db *DB) backedUp(later time.Duration) bool {
	store, err := os.Stat(db.file)
	if err != nil {
		return false
	}
	backup, err := os.Stat(db.BackupFile())
	if err != nil {
		return false
	}
	if store.ModTime().Sub(backup.ModTime()) < later {
		return true
	}
	now, err := newest(db.file)
	if err != nil {
		return false
	}
	then, err := newest(db.BackupFile())
	return err == nil && now == then
}

// newest is the newest meta page of a store: another one after each transaction.
func newest(file string) (meta, error) {
	f, err := os.Open(file)
	if err != nil {
		return meta{}, fmt.Errorf("read meta pages: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	info, err := f.Stat()
	if err != nil {
		return meta{}, fmt.Errorf("read meta pages: %w", err)
	}
	p, faults, err := openPages(f, info.Size(), int64(os.Getpagesize()))
	if err != nil || len(faults) > 0 {
		return meta{}, fmt.Errorf("read meta pages of %s: %v: %w", file, faults, err)
	}
	return p.meta, nil
}

// copyInto copies the store into a file, and checks that the copy is good.
func (db *DB) copyInto(f *os.File) error {
	page := int64(0)
	err := db.with(bbolt.Options{ReadOnly: true}, func(t *tx) error {
		page = int64(t.DB().Info().PageSize)
		_, err := t.WriteTo(f)
		return err
	})
	if err != nil {
		return err
	}
	return db.checkFile(f, page)
}

func (db *DB) checkFile(f *os.File, page int64) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("check copy: %w", err)
	}
	p, _, err := openPages(f, info.Size(), page)
	if err != nil {
		return db.damaged(err)
	}
	if faults := p.check(); len(faults) > 0 {
		return db.damaged(errors.New(faults[0]))
	}
	return nil
}

// place writes a file that is there whole or not at all. What is ready is put in
// its place after before has returned without an error.
func place(to string, write func(*os.File) error, before func() error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+partSuffix+"*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w%s", to, err, elsewhere(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error says enough
		}
	}()
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w%s", to, err, elsewhere(err))
	}
	if err := before(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	return trialdir.SyncDir(filepath.Dir(to))
}

const partSuffix = ".part-"

// alone makes sure that one process at a time replaces files of the workspace, and
// clears away what one that was killed has left; false: another does.
func (db *DB) alone() (release func() error, ok bool, err error) {
	lock := flock.New(filepath.Join(db.dir, "lock"), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, false, fmt.Errorf("lock workspace: %w%s", err, elsewhere(err))
	}
	if !held {
		return nil, false, nil
	}
	for _, name := range []string{db.file, db.BackupFile()} {
		left, err := filepath.Glob(name + partSuffix + "*")
		if err != nil {
			continue // the directory's name is a bad pattern: they stay
		}
		for _, part := range left {
			_ = os.Remove(part) // next time, perhaps
		}
	}
	return lock.Unlock, true, nil
}

// idle locks every run: no process works on one until release is called. The
// error names a process that does.
func (db *DB) idle() (release func() error, err error) {
	var held []func() error
	release = func() error {
		var errs []error
		for _, unlock := range held {
			errs = append(errs, unlock())
		}
		return errors.Join(errs...)
	}
	runs, err := os.ReadDir(filepath.Join(db.dir, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	for _, run := range runs {
		if !run.IsDir() {
			continue
		}
		unlock, err := db.Lock(run.Name())
		if err != nil {
			return nil, errors.Join(err, release())
		}
		held = append(held, unlock)
	}
	return release, nil
}

// replace puts another store in the place of this one, while nobody works on a run.
func (db *DB) replace(write func(*os.File) error, before func() error) (err error) {
	release, err := db.idle()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	done, ok, err := db.alone()
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("lock workspace %s: another process makes a copy of the store; try again", db.dir)
	}
	defer func() { err = errors.Join(err, done()) }()
	return place(db.file, write, before)
}

// Restore puts a copy in the store's place, and keeps what was there under the
// name kept; "": there was nothing.
func (db *DB) Restore(from string) (c Copy, kept string, err error) {
	if from, err = filepath.Abs(from); err != nil {
		return c, "", fmt.Errorf("restore results: %w", err)
	}
	if from == db.file {
		return c, "", fmt.Errorf("restore results: %s is the store itself; name a backup of it", from)
	}
	if _, err := os.Stat(from); err != nil {
		return c, "", fmt.Errorf("restore results: %w", err)
	}
	if err := os.MkdirAll(db.dir, 0o700); err != nil {
		return c, "", fmt.Errorf("restore results: %w%s", err, elsewhere(err))
	}
	backup := &DB{dir: filepath.Dir(from), file: from}
	err = db.replace(backup.copyInto, func() error {
		kept, err = setAside(db.file)
		return err
	})
	if err != nil {
		return c, "", fmt.Errorf("restore results from %s: %w", from, err)
	}
	if c, err = describe(db.file); err != nil {
		return c, kept, err
	}
	c.File = from
	return c, kept, nil
}

// setAside gives a file a second name, so that another can be put in its place.
func setAside(file string) (name string, err error) {
	for n := 1; ; n++ {
		name = fmt.Sprintf("%s.damaged-%d", file, n)
		err := os.Link(file, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case err == nil:
			return name, nil
		case errors.Is(err, fs.ErrExist):
			continue
		}
		if _, serr := os.Lstat(name); serr == nil { // a file system without links
			continue
		}
		if err := os.Rename(file, name); err != nil {
			return "", fmt.Errorf("keep the old store: %w", err)
		}
		return name, nil
	}
}

// compactBytes are written in one transaction: what compacting has in memory.
const compactBytes = 16 << 20

// Compact rewrites the store without the pages it no longer needs. It answers the
// file's bytes before and after.
func (db *DB) Compact() (before, after int64, err error) {
	there, err := db.there()
	if err != nil {
		return 0, 0, err
	}
	if !there {
		return 0, 0, fmt.Errorf("compact results: there is no store %s yet", db.file)
	}
	// Until the new file is in its place, the transaction keeps out who would
	// write to the old one.
	err = db.with(bbolt.Options{ReadOnly: true}, func(t *tx) error {
		if faults := t.pages().check(); len(faults) > 0 {
			return damage{errors.New(faults[0])}
		}
		return db.replace(func(f *os.File) error {
			info, err := t.file.Stat()
			if err != nil {
				return fmt.Errorf("compact results: %w", err)
			}
			before = info.Size()
			after, err = compact(f, t.DB())
			return err
		}, func() error { return nil })
	})
	return before, after, err
}

// compact writes a store into an empty file, and makes it durable.
func compact(f *os.File, from *bbolt.DB) (bytes int64, err error) {
	to, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{NoSync: true, PageSize: from.Info().PageSize})
	if err != nil {
		return 0, fmt.Errorf("compact results: %w", err)
	}
	if err := errors.Join(bbolt.Compact(to, from, compactBytes), to.Close()); err != nil {
		return 0, fmt.Errorf("compact results: %w%s", err, elsewhere(err))
	}
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("compact results: %w", err)
	}
	page := int64(from.Info().PageSize)
	p, _, err := openPages(f, info.Size(), page)
	if err != nil {
		return 0, fmt.Errorf("compact results: %w", err)
	}
	bytes = int64(p.meta.end) * page
	if err := f.Truncate(bytes); err != nil { // bbolt makes room ahead
		return 0, fmt.Errorf("compact results: %w", err)
	}
	return bytes, nil
}
