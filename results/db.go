// Package results keeps what sweeps have found: the store, its leaderboard and
// the queries over it. It is the only home of bbolt. It decides nothing.
//
// A workspace is a directory:
//
//	results.db   the store; results.db.bak its last good backup
//	runs/        a directory a run: lock, report.html, owed (until that is written, and all
//	             are told), removed (its record is about to be; a JSON list of what it has
//	             elsewhere), and a directory a trial by its number
//	champions/   a directory a sweep: the models of its champions, by their trials
//	schedules/   a directory a schedule: lock, and a log a firing; daemon/ has the daemon's lock
//	cache/       prepared data sets
//
// The store is a bbolt file, opened for each transaction and closed again, so
// that any number of processes can read and write it. Its buckets (version 1):
//
//	meta        version -> 1; workspace -> its name elsewhere, since it was needed
//	sweeps      name -> JSON {last: counter of its newest run}
//	order       sequence (8 bytes) -> run ID; the newest run is the last
//	identities  trial ID -> run ID, "/", number: its newest ranked trial, else its first
//	champions   sweep, zero byte, number (4 bytes) -> JSON Judgement; made with the first
//	runs        run ID -> bucket:
//	    record    JSON Run, with the counts of its trials
//	    trials    number (4 bytes) -> JSON sweep.Trial
//	    reports   number, step (4 bytes each) -> JSON sweep.Report
//	    board     objective (8 bytes, better ones smaller), variant (4 bytes) -> JSON row;
//	              before the objective of infeasible ones: 8 bytes ff, violation (8 bytes);
//	              of those of which a seed diverged: 16 bytes ff
//	    variants  variant (4 bytes) -> its key in board
//	schedules   name -> bucket, since there are any:
//	    record    JSON Schedule, with the due times of its open firings
//	    firings   due time (8 bytes, Unix seconds) -> JSON schedule.Firing
//
// Numbers are big-endian, so that keys are in order.
//
// A run's directory that machines share, outside the workspace, has in workspaces/ a
// file for each workspace with a record of that run: JSON, where it is.
package results

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const version = "1"

// patience is how long a transaction waits for those of other processes. The
// longest is the copy of a large store.
const patience = time.Minute

// DB is a workspace. It holds nothing open.
type DB struct {
	dir  string
	file string // the store's

	mu    sync.Mutex
	known os.FileInfo     // the file that sound is about
	sound map[string]bool // trees that were looked at: bbolt can follow them
}

// Open is the workspace in a directory, which need not be there yet.
func Open(dir string) (*DB, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open results: %w", err)
	}
	return &DB{dir: abs, file: filepath.Join(abs, "results.db")}, nil
}

// Dir is the workspace's directory.
func (db *DB) Dir() string { return db.dir }

// CacheDir is the directory of prepared data.
func (db *DB) CacheDir() string { return filepath.Join(db.dir, "cache") }

// TrialDir is the directory of a run's trial.
func (db *DB) TrialDir(run string, number int) string {
	return filepath.Join(db.dir, "runs", run, fmt.Sprintf("%06d", number))
}

// ReportFile is where the report of a run is, once there is one.
func (db *DB) ReportFile(run string) string {
	return filepath.Join(db.dir, "runs", run, "report.html")
}

func (db *DB) runDir(run string) string { return filepath.Join(db.dir, "runs", run) }

func (db *DB) path() string { return db.file }

var (
	metaBucket, sweepsBucket, orderBucket = []byte("meta"), []byte("sweeps"), []byte("order")
	identitiesBucket, runsBucket          = []byte("identities"), []byte("runs")
	trialsBucket, reportsBucket           = []byte("trials"), []byte("reports")
	boardBucket, variantsBucket           = []byte("board"), []byte("variants")
	championsBucket                       = []byte("champions")
	recordKey, versionKey, workspaceKey   = []byte("record"), []byte("version"), []byte("workspace")
)

// numberBytes are those of a trial, a step or a variant in a key.
const numberBytes = 4

func number(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func reportKey(n, step int) []byte { return binary.BigEndian.AppendUint32(number(n), uint32(step)) }

// rank is a key that orders rows: what is feasible first, what was confirmed first
// among it, by the objective, and then the rest by violation.
func rank(o sweep.Objective, row Row, variant int) []byte {
	var key []byte
	switch {
	case row.Diverged > 0: // after all else
		key = binary.BigEndian.AppendUint64(key, math.MaxUint64)
		key = binary.BigEndian.AppendUint64(key, math.MaxUint64)
	case row.Violation > 0:
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

func putJSON(b *bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	return b.Put(key, text)
}

// readJSON decodes a record; one that is not JSON was damaged.
func readJSON(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return damage{fmt.Errorf("decode record: %w", err)}
	}
	return nil
}
