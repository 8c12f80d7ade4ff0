// Package results keeps what sweeps have found: the store, its leaderboard and
// the queries over it. It is the only home of bbolt. It decides nothing.
//
// A workspace is a directory:
//
//	results.db   the store
//	runs/        a directory a run: lock, and a directory a trial by its number
//	cache/       prepared data sets
//
// The store is a bbolt file, opened for each transaction and closed again, so
// that any number of processes can read and write it. Its buckets (version 1):
//
//	meta        version -> 1
//	sweeps      name -> JSON {last: counter of its newest run}
//	order       sequence (8 bytes) -> run ID; the newest run is the last
//	identities  trial ID -> run ID, "/", number: its newest ranked trial, else its first
//	runs        run ID -> bucket:
//	    record    JSON Run, with the counts of its trials
//	    trials    number (4 bytes) -> JSON sweep.Trial
//	    reports   number, step (4 bytes each) -> JSON sweep.Report
//	    board     objective (8 bytes, better ones smaller), variant (4 bytes) -> JSON row;
//	              before the objective of infeasible ones: 8 bytes ff, violation (8 bytes)
//	    variants  variant (4 bytes) -> its key in board
//
// Numbers are big-endian, so that keys are in order.
package results

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const version = "1"

// patience is how long a transaction waits for those of other processes.
const patience = 10 * time.Second

// DB is a workspace. It holds nothing open.
type DB struct{ dir string }

// Open is the workspace in a directory, which need not be there yet.
func Open(dir string) (*DB, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open results: %w", err)
	}
	return &DB{abs}, nil
}

// Dir is the workspace's directory.
func (db *DB) Dir() string { return db.dir }

// CacheDir is the directory of prepared data.
func (db *DB) CacheDir() string { return filepath.Join(db.dir, "cache") }

// TrialDir is the directory of a run's trial.
func (db *DB) TrialDir(run string, number int) string {
	return filepath.Join(db.dir, "runs", run, fmt.Sprintf("%06d", number))
}

func (db *DB) path() string { return filepath.Join(db.dir, "results.db") }

var (
	metaBucket, sweepsBucket, orderBucket = []byte("meta"), []byte("sweeps"), []byte("order")
	identitiesBucket, runsBucket          = []byte("identities"), []byte("runs")
	trialsBucket, reportsBucket           = []byte("trials"), []byte("reports")
	boardBucket, variantsBucket           = []byte("board"), []byte("variants")
	recordKey, versionKey                 = []byte("record"), []byte("version")
)

// update runs a durable transaction.
func (db *DB) update(do func(tx *bbolt.Tx) error) error {
	if err := os.MkdirAll(db.dir, 0o700); err != nil {
		return fmt.Errorf("make workspace: %w", err)
	}
	return db.with(&bbolt.Options{Timeout: patience}, func(b *bbolt.DB) error {
		return b.Update(func(tx *bbolt.Tx) error {
			if tx.Bucket(metaBucket) == nil {
				for _, name := range [][]byte{metaBucket, sweepsBucket, orderBucket, identitiesBucket, runsBucket} {
					if _, err := tx.CreateBucketIfNotExists(name); err != nil {
						return err
					}
				}
				if err := tx.Bucket(metaBucket).Put(versionKey, []byte(version)); err != nil {
					return err
				}
			}
			if err := checkVersion(tx); err != nil {
				return err
			}
			return do(tx)
		})
	})
}

// view runs a transaction that reads; a store that is not there yet is empty,
// and do is not called.
func (db *DB) view(do func(tx *bbolt.Tx) error) error {
	if _, err := os.Stat(db.path()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return db.with(&bbolt.Options{ReadOnly: true, Timeout: patience}, func(b *bbolt.DB) error {
		return b.View(func(tx *bbolt.Tx) error {
			if tx.Bucket(metaBucket) == nil {
				return nil // made, and nothing written yet
			}
			if err := checkVersion(tx); err != nil {
				return err
			}
			return do(tx)
		})
	})
}

func checkVersion(tx *bbolt.Tx) error {
	if found := string(tx.Bucket(metaBucket).Get(versionKey)); found != version {
		return fmt.Errorf("its format is version %q, this program knows %s: use a newer sweep", found, version)
	}
	return nil
}

// with opens the file for one use. What bbolt does not expect of a file, it
// answers with a panic: a damaged store is an error here.
func (db *DB) with(o *bbolt.Options, use func(b *bbolt.DB) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = db.damaged(fmt.Errorf("%v", r))
		}
	}()
	b, err := bbolt.Open(db.path(), 0o600, o)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("open results %s: other processes kept it locked for %v; try again", db.path(), patience)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return db.damaged(err)
	case err != nil:
		return fmt.Errorf("open results: %w", err)
	}
	defer func() {
		if cerr := b.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("close results: %w", cerr)
		}
	}()
	if err := use(b); err != nil {
		return fmt.Errorf("results %s: %w", db.path(), err)
	}
	return nil
}

func (db *DB) damaged(err error) error {
	return fmt.Errorf("open results %s: the file is damaged (%w): move it away and run the sweep again; trials that have ended are found in their directories under runs/", db.path(), err)
}

func number(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func reportKey(n, step int) []byte { return binary.BigEndian.AppendUint32(number(n), uint32(step)) }

// rank is a key that orders rows: what is feasible first, what was confirmed first
// among it, by the objective, and then the rest by violation.
func rank(o sweep.Objective, row Row, variant int) []byte {
	var key []byte
	if row.Violation > 0 {
		key = binary.BigEndian.AppendUint64(key, math.MaxUint64) // after any number
		key = binary.BigEndian.AppendUint64(key, ordered(row.Violation))
	}
	if row.Confirmed {
		key = binary.BigEndian.AppendUint64(key, 0) // before any number
	}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(key, ordered(o.Loss(row.Mean))), uint32(variant))
}

// ordered are bits in the order of numbers.
func ordered(f float64) uint64 {
	if f == 0 {
		f = 0 // not -0
	}
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

func putJSON(b *bbolt.Bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	return b.Put(key, text)
}

func readJSON(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	return nil
}
