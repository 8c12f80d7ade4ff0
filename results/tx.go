package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// tx is a transaction. The upper pages of each tree are looked at before the
// process's first use of it: bbolt would go around in a circle of them for ever.
type tx struct {
	*bbolt.Tx
	db   *DB
	file *os.File
	read *pages // nil: not needed yet
}

type boltBucket = bbolt.Bucket

// bucket is a bucket of a tx.
type bucket struct {
	*boltBucket
	tx   *tx
	path string
}

// Bucket is one that every store has.
func (t *tx) Bucket(name []byte) *bucket {
	t.look("", t.pages().meta.root)
	return t.wrap(t.Tx.Bucket(name), string(name))
}

// perhaps is a bucket that a store may lack; nil then.
func (t *tx) perhaps(name []byte) *bucket {
	t.look("", t.pages().meta.root)
	b := t.Tx.Bucket(name)
	if b == nil {
		return nil
	}
	return t.wrap(b, string(name))
}

// make is a bucket that a store may lack, which is then made.
func (t *tx) make(name []byte) (*bucket, error) {
	t.look("", t.pages().meta.root)
	b, err := t.CreateBucketIfNotExists(name)
	if err != nil {
		return nil, err
	}
	return t.wrap(b, string(name)), nil
}

// run is the bucket of a run; nil: there is no such run.
func (t *tx) run(id string) *bucket {
	runs := t.Bucket(runsBucket)
	b := runs.boltBucket.Bucket([]byte(id))
	if b == nil {
		return nil
	}
	return t.wrap(b, runs.path+"/"+id)
}

// Bucket is one that every run has.
func (b *bucket) Bucket(name []byte) *bucket {
	return b.tx.wrap(b.boltBucket.Bucket(name), b.path+"/"+string(name))
}

func (t *tx) wrap(b *bbolt.Bucket, path string) *bucket {
	if b == nil {
		panic(damage{fmt.Errorf("bucket %s is missing", path)})
	}
	t.look(path, uint64(b.RootPage()))
	return &bucket{b, t, path}
}

// empty reports whether the file was made, and nothing written yet: all its
// buckets are made together.
func (t *tx) empty() bool {
	t.look("", t.pages().meta.root)
	key, _ := t.Cursor().First()
	return key == nil
}

// look makes sure that bbolt can follow the tree of a bucket.
func (t *tx) look(path string, root uint64) {
	if root == 0 || t.db.isSound(path) { // 0: a new one, or part of another's page
		return
	}
	if err := t.pages().branches(root); err != nil {
		panic(damage{err})
	}
	t.db.setSound(path)
}

func (t *tx) pages() *pages {
	if t.read != nil {
		return t.read
	}
	info, err := t.file.Stat()
	if err != nil {
		panic(damage{err})
	}
	if t.read, _, err = openPages(t.file, info.Size(), int64(t.DB().Info().PageSize)); err != nil {
		panic(damage{err})
	}
	return t.read
}

// isSound reports whether a tree was looked at.
func (db *DB) isSound(path string) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.sound[path]
}

func (db *DB) setSound(path string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.sound[path] = true
}

// update runs a durable transaction.
func (db *DB) update(do func(t *tx) error) error {
	if err := os.MkdirAll(db.dir, 0o700); err != nil {
		return fmt.Errorf("make workspace: %w%s", err, elsewhere(err))
	}
	there, err := db.there()
	if err == nil && !there {
		err = db.create()
	}
	if err != nil {
		return err
	}
	if there && !db.isSound("free") { // bbolt reads them when it opens a file to write
		err := db.with(bbolt.Options{ReadOnly: true}, func(t *tx) error {
			if _, err := t.pages().freed(); err != nil {
				return damage{err}
			}
			db.setSound("free")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return db.with(bbolt.Options{}, func(t *tx) error {
		if t.empty() {
			if err := found(t.Tx); err != nil {
				return err
			}
		}
		if err := checkVersion(t); err != nil {
			return err
		}
		return do(t)
	})
}

// found makes the buckets of a new store.
func found(t *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, sweepsBucket, orderBucket, identitiesBucket, runsBucket} {
		if _, err := t.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return t.Bucket(metaBucket).Put(versionKey, []byte(version))
}

// create makes a new store under another name first: of one that is cut off while bbolt
// writes its first pages nobody could tell whether anything was in it. That another
// process is quicker is no error.
func (db *DB) create() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make results: %w%s", err, elsewhere(err))
		}
	}()
	f, err := os.CreateTemp(db.dir, filepath.Base(db.file)+partSuffix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		// One who was quicker, and makes a backup already, clears parts away.
		if rerr := os.Remove(f.Name()); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	store, err := bbolt.Open(f.Name(), 0o600, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(store.Update(found), store.Close()); err != nil {
		return err
	}
	if os.Link(f.Name(), db.file) != nil { // it is there by now, or this file system has no second names: bbolt goes on from here
		return nil
	}
	return trialdir.SyncDir(db.dir)
}

// view runs a transaction that reads; a store that is not there yet is empty,
// and do is not called.
func (db *DB) view(do func(t *tx) error) error {
	if there, err := db.there(); err != nil || !there {
		return err
	}
	return db.with(bbolt.Options{ReadOnly: true}, func(t *tx) error {
		if t.empty() {
			return nil
		}
		if err := checkVersion(t); err != nil {
			return err
		}
		return do(t)
	})
}

// there reports whether the store has been made. One that is gone while its
// backup is there is damaged.
func (db *DB) there() (bool, error) {
	_, err := os.Stat(db.BackupFile()) // before the store, which others may be making just now
	saved := err == nil
	info, err := os.Stat(db.file)
	switch {
	case err == nil && info.Size() > 0:
		return true, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("open results: %w", err)
	case !saved: // neither was made
		return false, nil
	case err == nil:
		err = errors.New("it is empty")
	default:
		err = errors.New("it is gone")
	}
	return false, db.damaged(err)
}

func checkVersion(t *tx) error {
	if found := string(t.Bucket(metaBucket).Get(versionKey)); found != version {
		return fmt.Errorf("its format is version %q, this program knows %s: use a newer sweep", found, version)
	}
	return nil
}

// with opens the file for one transaction. What bbolt does not expect of a file, it
// answers with a panic, and what points out of it is a fault of the memory: a
// damaged store is an error here.
func (db *DB) with(o bbolt.Options, do func(t *tx) error) (err error) {
	var b *bbolt.DB
	var f *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		switch {
		case r != nil:
			// bbolt's own Close may wait for ever for a lock of its that the panic left.
			if f != nil {
				_ = f.Close() // and with it the lock on it
			}
			err = db.damaged(cause(r))
		case b != nil:
			if cerr := b.Close(); cerr != nil && err == nil {
				err = fmt.Errorf("close results: %w", cerr)
			}
		}
	}()
	o.Timeout = patience
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		if f, err = os.OpenFile(name, flag, mode); err == nil {
			hasten(f, !o.ReadOnly)
		}
		return f, err
	}
	for {
		if b, err = bbolt.Open(db.file, 0o600, &o); err != nil {
			return db.notOpened(err)
		}
		mine, err := f.Stat()
		if err != nil {
			return fmt.Errorf("open results: %w", err)
		}
		now, err := os.Stat(db.file)
		if err == nil && os.SameFile(mine, now) {
			db.opened(now)
			break
		}
		err = b.Close() // another was put in its place while this one was waited for
		if b = nil; err != nil {
			return fmt.Errorf("close results: %w", err)
		}
	}
	run, t := b.Update, &tx{db: db, file: f}
	if o.ReadOnly {
		run = b.View
	}
	err = run(func(bt *bbolt.Tx) error {
		t.Tx = bt
		t.pages() // it is not cut short
		return do(t)
	})
	var broken damage
	switch {
	case errors.As(err, &broken):
		return db.damaged(broken.error)
	case err != nil:
		return fmt.Errorf("results %s: %w%s", db.file, err, elsewhere(err))
	}
	return nil
}

// notOpened is why bbolt did not open the file.
func (db *DB) notOpened(err error) error {
	var path *fs.PathError
	var number syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("open results %s: other processes kept it locked for %v; try again", db.file, patience)
	case errors.As(err, &path), errors.As(err, &number):
		return fmt.Errorf("open results: %w%s", err, elsewhere(err))
	}
	return db.damaged(err)
}

// opened forgets what was known of another file.
func (db *DB) opened(now os.FileInfo) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.known == nil || !os.SameFile(db.known, now) {
		db.known, db.sound = now, map[string]bool{}
	}
}

// elsewhere is what to do about a file that cannot be written, once.
func elsewhere(err error) string {
	const space = ": what was recorded before is safe; free some space and run it again"
	const right = ": give yourself the right to write there, or choose another workspace with --dir or SWEEP_DIR"
	switch text := err.Error(); {
	case strings.Contains(text, space), strings.Contains(text, right):
		return ""
	case strings.Contains(text, syscall.ENOSPC.Error()): // bbolt does not always wrap it
		return space
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return right
	}
	return ""
}
