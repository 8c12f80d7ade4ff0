package results

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// flushDelay is how long reports may wait to be written together.
const flushDelay = 200 * time.Millisecond

// Recorder is the sweep.Store of one run. A trial's start and end are durable
// when Put returns; reports in between are written in groups, within flushDelay
// and before the end of their trial. Records of several goroutines that come
// together share a transaction.
type Recorder struct {
	db  *DB
	run Run

	mu      sync.Mutex
	pending []change
	timer   *time.Timer
	err     error // of a flush that nobody waited for

	writing sync.Mutex // held by the goroutine that writes
	timers  sync.WaitGroup
}

type change struct {
	trial   sweep.Trial
	reports []sweep.Report
}

// Record is the Store of a run. Close it at the end.
func (db *DB) Record(run Run) *Recorder { return &Recorder{db: db, run: run} }

// Put records a trial and reports of it.
func (r *Recorder) Put(t sweep.Trial, reports ...sweep.Report) error {
	if t.Outcome == sweep.Running && len(reports) == 0 {
		if err := r.db.clear(t); err != nil {
			return err
		}
	}
	r.mu.Lock()
	if err := r.err; err != nil {
		r.mu.Unlock()
		return err
	}
	r.pending = append(r.pending, change{t, reports})
	if len(reports) > 0 && t.Outcome == sweep.Running { // can wait
		if r.timer == nil {
			r.timers.Add(1)
			r.timer = time.AfterFunc(flushDelay, func() {
				defer r.timers.Done()
				if err := r.flush(); err != nil {
					r.mu.Lock()
					r.err = err
					r.mu.Unlock()
				}
			})
		}
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	return r.flush()
}

// flush writes what is pending. A goroutine that comes while another writes
// waits, and writes for all that came meanwhile.
func (r *Recorder) flush() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	changes := r.pending
	r.pending = nil
	if r.timer != nil {
		if r.timer.Stop() {
			r.timers.Done()
		}
		r.timer = nil
	}
	err := r.err
	r.mu.Unlock()
	if err != nil || len(changes) == 0 {
		return err
	}
	err = r.db.update(func(tx *tx) error { return r.write(tx, changes) })
	if err != nil { // the changes of others went with it: they learn of it
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
	}
	return err
}

// Close writes what is pending.
func (r *Recorder) Close() error {
	err := r.flush()
	r.timers.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(err, r.err)
}

func (r *Recorder) write(tx *tx, changes []change) error {
	run, err := readRun(tx, r.run.ID)
	if err != nil {
		return err
	}
	if run.Counts == nil {
		run.Counts = map[sweep.Outcome]int{}
	}
	b := tx.run(run.ID)
	trials, reports := b.Bucket(trialsBucket), b.Bucket(reportsBucket)
	last := map[int]int{} // only a trial's newest record is written
	for i, c := range changes {
		last[c.trial.Number] = i
	}
	for i, c := range changes {
		t := c.trial
		for _, report := range c.reports {
			if err := putReport(reports, t.Number, report); err != nil {
				return err
			}
		}
		if last[t.Number] != i {
			continue
		}
		var old sweep.Trial
		if text := trials.Get(number(t.Number)); text != nil {
			if err := readJSON(text, &old); err != nil {
				return err
			}
			run.Counts[old.Outcome]--
			if old.CachedAs != "" {
				run.Cached--
			}
		}
		run.Counts[t.Outcome]++
		if t.Confirms && (run.Confirming == 0 || t.Number < run.Confirming) {
			run.Confirming = t.Number
		}
		if t.CachedAs != "" {
			run.Cached++
		}
		t.Dir = r.db.stored(t.Dir)
		if err := putJSON(trials, number(t.Number), t); err != nil {
			return err
		}
		if err := index(tx, t); err != nil {
			return err
		}
		if t.Outcome.Ranked() || old.Outcome.Ranked() || len(t.Pauses) > 0 {
			if err := rankVariant(b, run, t.Variant); err != nil {
				return err
			}
		}
	}
	for outcome, n := range run.Counts {
		if n == 0 {
			delete(run.Counts, outcome)
		}
	}
	return writeRun(tx, run)
}

// putReport puts a report in the place of those of its step and of later ones.
func putReport(b *bucket, trial int, r sweep.Report) error {
	at := reportKey(trial, r.Step)
	for {
		key, _ := b.Cursor().Seek(at)
		if !bytes.HasPrefix(key, number(trial)) {
			return putJSON(b, at, r)
		}
		if err := b.Delete(key); err != nil {
			return fmt.Errorf("drop a report of trial %d: %w", trial, err)
		}
	}
}

// stored is a path inside the workspace as it is stored, so that the workspace
// can be moved; restored is its inverse.
func (db *DB) stored(path string) string {
	if rel, err := filepath.Rel(db.dir, path); err == nil && path != "" && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

func (db *DB) restored(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(db.dir, filepath.FromSlash(path))
}

// index keeps identities pointing at a ranked trial where there is one.
func index(tx *tx, t sweep.Trial) error {
	if t.ID == "" || t.CachedAs != "" {
		return nil
	}
	b := tx.Bucket(identitiesBucket)
	if b.Get([]byte(t.ID)) != nil && !t.Outcome.Ranked() {
		return nil
	}
	return b.Put([]byte(t.ID), []byte(t.Name()))
}

// Row is a place on the leaderboard: a variant, by the mean over its seeds.
type Row struct {
	Number int     `json:"number"` // of the variant's best trial
	Mean   float64 `json:"mean"`   // of the first objective
	SD     float64 `json:"sd"`     // over the seeds; 0 for one
	Seeds  int     `json:"seeds"`  // with a result

	Confirmed bool `json:"confirmed,omitempty"` // then the seeds are fresh ones

	Violation float64 `json:"violation,omitempty"` // of the run's constraint; that of the worst seed

	Trial sweep.Trial `json:"-"`
}

// rankVariant puts a variant in its place on the leaderboard.
func rankVariant(b *bucket, run Run, variant int) error {
	board, variants, trials := b.Bucket(boardBucket), b.Bucket(variantsBucket), b.Bucket(trialsBucket)
	if old := variants.Get(number(variant)); old != nil {
		if err := board.Delete(old); err != nil {
			return err
		}
		if err := variants.Delete(number(variant)); err != nil {
			return err
		}
	}
	objective := run.Objectives[0]
	repeat := max(run.Repeat, 1)
	row := Row{Number: -1}
	numbers := make([]int, repeat)
	for i := range numbers {
		numbers[i] = variant*repeat + i
	}
	if run.Confirming > 0 {
		c := trials.Cursor()
		for key, _ := c.Seek(number(run.Confirming)); key != nil; key, _ = c.Next() {
			numbers = append(numbers, int(binary.BigEndian.Uint32(key)))
		}
	}
	var values []float64
	var best sweep.Trial
	for _, n := range numbers {
		text := trials.Get(number(n))
		if text == nil {
			continue
		}
		var t sweep.Trial
		if err := readJSON(text, &t); err != nil {
			return fmt.Errorf("trial %d: %w", n, err)
		}
		t, _ = t.Settled() // one that was paused and goes on keeps its place
		value, ok := t.Best.Metrics[objective.Name]
		if !t.Outcome.Ranked() || !ok || math.IsNaN(value) {
			continue
		}
		if t.Confirms && t.Variant != variant {
			continue
		}
		if t.Confirms && !row.Confirmed { // the first results decided that it is confirmed, and no more
			row, values = Row{Number: -1, Confirmed: true}, nil
		}
		values = append(values, value)
		row.Mean += value
		row.Violation = max(row.Violation, t.Violation)
		if row.Number < 0 || t.Ahead(best, objective) {
			row.Number, best = n, t
		}
	}
	if len(values) == 0 {
		return nil
	}
	row.Seeds = len(values)
	row.Mean /= float64(row.Seeds)
	if row.Seeds > 1 {
		for _, v := range values {
			row.SD += (v - row.Mean) * (v - row.Mean)
		}
		row.SD = math.Sqrt(row.SD / float64(row.Seeds-1))
	}
	if math.IsInf(row.Mean, 0) || math.IsNaN(row.SD) { // JSON has no such numbers
		row.SD = 0
		row.Mean = math.Copysign(math.MaxFloat64, row.Mean)
	}
	key := rank(objective, row, variant)
	if err := putJSON(board, key, row); err != nil {
		return err
	}
	return variants.Put(number(variant), key)
}
