package results

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Status is the state of a run.
type Status string

// The states of a run.
const (
	Running     Status = "running"
	Finished    Status = "finished"
	Interrupted Status = "interrupted"
	Failed      Status = "failed"
)

// Run is one execution of a sweep file, with whatever interruptions.
type Run struct {
	ID         string            `json:"id"` // the sweep's name and a counter: grid-3
	Sweep      string            `json:"sweep"`
	File       string            `json:"file"`
	Hash       string            `json:"hash"` // of the file and its variables
	Vars       map[string]string `json:"vars,omitempty"`
	Objectives []sweep.Objective `json:"objectives"`
	Feasible   string            `json:"feasible,omitempty"` // the constraint's text
	Params     []string          `json:"params"`             // in the file's order
	Repeat     int               `json:"repeat"`
	Search     string            `json:"search"`
	WarmStart  []string          `json:"warm_start,omitempty"` // runs from whose results the search set out
	Total      int               `json:"total,omitempty"`      // trials it will have; 0: not known
	Fresh      bool              `json:"fresh,omitempty"`      // takes nothing from cache
	Firing     string            `json:"firing,omitempty"`     // the time of a schedule that it is the run of
	Status     Status            `json:"status"`
	Reason     string            `json:"reason,omitempty"` // why it ended
	Started    time.Time         `json:"started"`
	Finished   time.Time         `json:"finished,omitzero"`

	Counts map[sweep.Outcome]int `json:"counts,omitempty"` // of its trials
	// Confirming is the number of the first trial that confirms; 0: there is none.
	Confirming int `json:"confirming,omitempty"`
	Cached     int `json:"cached,omitempty"`

	Origin *Origin  `json:"origin,omitempty"` // what it was begun with
	Data   []string `json:"data,omitempty"`   // fingerprints of the prepared data sets that its trials learn from
	Shared []string `json:"shared,omitempty"` // directories outside the workspace that it has trials in

	Judged *Judged `json:"judged,omitempty"` // how its winner fared against the champion; nil: it was not judged
}

// Trials is the number of the run's trials.
func (r Run) Trials() int {
	n := 0
	for _, count := range r.Counts {
		n += count
	}
	return n
}

// Start goes on with the newest run of the sweep, where it has the same hash
// and has not finished, or records r as a new one. r's ID and Status are set.
//
// The run of a firing is gone on with by that firing, fresh or not, and also when it
// has finished: then only what follows a run is left. One that has finished with
// another hash is answered as it is.
func (db *DB) Start(r Run) (run Run, resumed bool, err error) {
	err = db.update(func(tx *tx) error {
		record := func(string) error { return nil }
		if r.Firing != "" {
			var ok bool
			if run, ok, record, err = tx.fired(r.Firing); err != nil {
				return err
			}
			if ok && run.Hash != r.Hash && run.Status == Finished {
				resumed = true
				return nil
			}
			if ok && run.Hash == r.Hash {
				resumed = true
				run.Status, run.Reason, run.Total = Running, "", r.Total
				return writeRun(tx, run)
			}
		}
		var counter struct {
			Last int `json:"last"`
		}
		if text := tx.Bucket(sweepsBucket).Get([]byte(r.Sweep)); text != nil {
			if err := readJSON(text, &counter); err != nil {
				return err
			}
			newest, err := readRun(tx, runID(r.Sweep, counter.Last))
			if err != nil {
				return err
			}
			if newest.Status != Finished {
				if newest.Hash == r.Hash && !r.Fresh && r.Firing == "" {
					run, resumed = newest, true
					run.Status, run.Reason, run.Total = Running, "", r.Total
					return writeRun(tx, run)
				}
				if r.Firing == "" || db.settle(newest).Status != Running { // a night's run may begin beside another
					newest.Status = Interrupted
					if err := writeRun(tx, newest); err != nil {
						return err
					}
				}
			}
		}
		counter.Last++
		if err := putJSON(tx.Bucket(sweepsBucket), []byte(r.Sweep), counter); err != nil {
			return err
		}
		run = r
		run.ID, run.Status = runID(r.Sweep, counter.Last), Running
		order := tx.Bucket(orderBucket)
		sequence, err := order.NextSequence()
		if err != nil {
			return err
		}
		if err := order.Put(binary.BigEndian.AppendUint64(nil, sequence), []byte(run.ID)); err != nil {
			return err
		}
		b, err := tx.Bucket(runsBucket).CreateBucket([]byte(run.ID))
		if err != nil {
			return fmt.Errorf("record run %s: %w", run.ID, err)
		}
		for _, name := range [][]byte{trialsBucket, reportsBucket, boardBucket, variantsBucket} {
			if _, err := b.CreateBucket(name); err != nil {
				return err
			}
		}
		if err := record(run.ID); err != nil {
			return err
		}
		return writeRun(tx, run)
	})
	return run, resumed, err
}

func runID(sweepName string, counter int) string { return fmt.Sprintf("%s-%d", sweepName, counter) }

// Finish records how a run ended.
func (db *DB) Finish(id string, s Status, reason string, at time.Time) error {
	return db.update(func(tx *tx) error {
		run, err := readRun(tx, id)
		if err != nil {
			return err
		}
		run.Status, run.Reason, run.Finished = s, reason, at
		return writeRun(tx, run)
	})
}

// ErrNotFound is the answer to a name that the store does not know.
var ErrNotFound = errors.New("not found")

// notFoundError is an ErrNotFound in words of its own.
type notFoundError string

func (e notFoundError) Error() string        { return string(e) }
func (e notFoundError) Is(target error) bool { return target == ErrNotFound }

func readRun(tx *tx, id string) (Run, error) {
	var r Run
	b := tx.run(id)
	if b == nil {
		return r, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	return r, readJSON(b.Get(recordKey), &r)
}

// record is the record of the run with that ID; false: there is none.
func (db *DB) record(id string) (r Run, ok bool, err error) {
	err = db.view(func(tx *tx) (err error) {
		if ok = tx.run(id) != nil; ok {
			r, err = readRun(tx, id)
		}
		return err
	})
	return r, ok, err
}

func writeRun(tx *tx, r Run) error {
	return putJSON(tx.run(r.ID), recordKey, r)
}

// Lock makes sure that one process at a time works on a run. The error names
// the process that does.
func (db *DB) Lock(run string) (release func() error, err error) {
	return db.lock(run, (*flock.Flock).TryLock)
}

// LockWithin is Lock that waits for a while for the process to end its work.
func (db *DB) LockWithin(ctx context.Context, run string, patience time.Duration) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return db.lock(run, func(l *flock.Flock) (bool, error) {
		held, err := l.TryLockContext(ctx, 5*time.Millisecond)
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
		return held, err
	})
}

func (db *DB) lock(run string, take func(*flock.Flock) (bool, error)) (release func() error, err error) {
	return lockDir(filepath.Join(db.dir, "runs", run), "run "+run+" is being worked on", take)
}

// WorkedOnBy is the process that works on a run; 0: none is known to have.
func (db *DB) WorkedOnBy(run string) int {
	text, err := os.ReadFile(filepath.Join(db.dir, "runs", run, "pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // 0 where it is being written
	return pid
}

// settle turns the status of a run whose process is gone into Interrupted.
func (db *DB) settle(r Run) Run {
	if r.Status != Running {
		return r
	}
	path := filepath.Join(db.dir, "runs", r.ID, "lock")
	if _, err := os.Stat(path); err != nil {
		return r // about to be locked
	}
	lock := flock.New(path)
	if held, err := lock.TryRLock(); err == nil && held {
		r.Status = Interrupted
		_ = lock.Unlock() // closing the file is all it does
	}
	return r
}
