package results

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// flushDelay is how long reports may wait to be written together.
const flushDelay = 200 * time.Millisecond

// Recorder is the sweep.Store of one run. What is put is written in groups, within
// flushDelay or when somebody waits for it. Records of several goroutines that come
// together share a transaction.
type Recorder struct {
	db  *DB
	run Run

	mu    sync.Mutex
	next  *batch // what the next transaction writes
	timer *time.Timer
	err   error // of a transaction: the changes of others went with it, they learn of it

	writing sync.Mutex // held by the goroutine that writes
	timers  sync.WaitGroup

	// counted is how trials that have not ended stand in the run's counts. Who writes
	// has it; nobody else works on the run meanwhile.
	counted map[int]standing
}

// standing is what the counts of a run say of a trial.
type standing struct {
	outcome sweep.Outcome
	cached  bool
}

// change is a trial's newest record, and the reports of it since the last.
type change struct {
	trial   sweep.Trial
	reports []sweep.Report
}

// batch is the changes of a transaction, one of each trial.
type batch struct {
	list  []*change
	place map[int]*change // by number

	led  bool          // whether a goroutine is about to write it
	done chan struct{} // closed when it is durable, or err says why it is not
	err  error
}

func newBatch() *batch { return &batch{place: map[int]*change{}, done: make(chan struct{})} }

func (b *batch) add(t sweep.Trial, reports []sweep.Report) {
	known := b.place[t.Number]
	if known == nil {
		known = &change{}
		b.place[t.Number] = known
		b.list = append(b.list, known)
	}
	known.trial = t
	known.reports = append(known.reports, reports...)
}

// Record is the Store of a run. Close it at the end.
func (db *DB) Record(run Run) *Recorder { return &Recorder{db: db, run: run, next: newBatch()} }

// Put records a trial and reports of it.
func (r *Recorder) Put(t sweep.Trial, reports ...sweep.Report) error {
	if t.Outcome == sweep.Running && len(reports) == 0 {
		if err := r.db.clear(t); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.next.add(t, reports)
	if r.timer == nil {
		r.timers.Add(1)
		r.timer = time.AfterFunc(flushDelay, func() {
			defer r.timers.Done()
			_ = r.Sync() // the next Put answers its error
		})
	}
	return nil
}

// Sync waits until all that was put before is durable.
func (r *Recorder) Sync() error {
	r.mu.Lock()
	return r.flush()
}

// flush writes what is pending, and waits for what is being written. The first
// goroutine that comes writes for all that come until it is its turn. It is called
// with the lock, and gives it back.
func (r *Recorder) flush() error {
	b, err := r.next, r.err
	lead := !b.led
	b.led = true
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if !lead {
		<-b.done
		return b.err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	for n := -1; n != len(b.list); { // whoever is ready to add to it does
		n = len(b.list)
		r.mu.Unlock()
		runtime.Gosched()
		r.mu.Lock()
	}
	r.next = newBatch()
	if r.timer != nil {
		if r.timer.Stop() {
			r.timers.Done()
		}
		r.timer = nil
	}
	b.err = r.err
	r.mu.Unlock()
	if b.err == nil && len(b.list) > 0 {
		b.err = r.db.update(func(tx *tx) error { return r.write(tx, b.list) })
	}
	if b.err != nil {
		r.mu.Lock()
		r.err = b.err
		r.mu.Unlock()
	}
	r.count(b.list)
	close(b.done)
	return b.err
}

// Close writes what is pending.
func (r *Recorder) Close() error {
	err := r.Sync()
	r.timers.Wait()
	return err
}

func (r *Recorder) write(tx *tx, pending []*change) error {
	run, err := readRun(tx, r.run.ID)
	if err != nil {
		return err
	}
	if run.Counts == nil {
		run.Counts = map[sweep.Outcome]int{}
	}
	b := tx.run(run.ID)
	trials := b.Bucket(trialsBucket)
	curves := curveWriter{bucket: b.Bucket(reportsBucket)}
	curves.FillPercent = curveFill
	// In the order of keys: bbolt moves all that it has in memory behind a new one.
	slices.SortFunc(pending, func(a, b *change) int { return cmp.Compare(a.trial.Number, b.trial.Number) })
	for _, c := range pending {
		t := c.trial
		if err := curves.put(t.Number, c.reports); err != nil {
			return err
		}
		old, recorded, err := r.standing(trials, t.Number)
		if err != nil {
			return err
		}
		if recorded {
			run.Counts[old.outcome]--
			if old.cached {
				run.Cached--
			}
		}
		run.Counts[t.Outcome]++
		if t.Confirms && (run.Confirming == 0 || t.Number < run.Confirming) {
			run.Confirming = t.Number
		}
		if t.CachedAs != "" {
			run.Cached++
			if from, _, _ := strings.Cut(t.CachedAs, "/"); !old.cached && tx.run(from) == nil {
				return fmt.Errorf("take over trial %s: its run was removed just now; run the sweep again", t.CachedAs)
			}
		}
		t.Dir = r.db.stored(t.Dir)
		if err := putJSON(trials, number(t.Number), t); err != nil {
			return err
		}
		if err := index(tx, t); err != nil {
			return err
		}
		if t.Outcome.Ranked() || t.Outcome == sweep.Diverged || old.outcome.Ranked() || len(t.Pauses) > 0 {
			if err := rankVariant(b, run, t); err != nil {
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

// standing is how a trial was counted; false: it has no record.
func (r *Recorder) standing(trials *bucket, n int) (standing, bool, error) {
	if s, ok := r.counted[n]; ok {
		return s, true, nil
	}
	text := trials.Get(number(n))
	if text == nil {
		return standing{}, false, nil
	}
	var old sweep.Trial
	err := readJSON(text, &old)
	return standing{old.Outcome, old.CachedAs != ""}, true, err
}

// count notes how the trials of a transaction that is durable are counted.
func (r *Recorder) count(pending []*change) {
	if r.counted == nil {
		r.counted = map[int]standing{}
	}
	for _, c := range pending {
		if c.trial.Outcome.Final() { // there is seldom more to come
			delete(r.counted, c.trial.Number)
			continue
		}
		r.counted[c.trial.Number] = standing{c.trial.Outcome, c.trial.CachedAs != ""}
	}
}

// curveFill is how much of a page is filled before it is split. Curves grow at their
// ends: half of each page would stay empty.
const curveFill = 0.9

// curveWriter writes the reports of a transaction.
type curveWriter struct {
	*bucket
	text []byte // of all: bbolt keeps what it is given until the end
}

// put puts reports in the place of those of their steps and of later ones.
func (w *curveWriter) put(trial int, reports []sweep.Report) error {
	last := math.MaxInt
	for _, r := range reports {
		if r.Step <= last { // else nothing is behind it
			if err := w.cut(trial, r.Step); err != nil {
				return err
			}
		}
		last = r.Step
		from := len(w.text)
		var err error
		if w.text, err = appendReport(w.text, r); err != nil {
			return err
		}
		if err := w.Put(reportKey(trial, r.Step), w.text[from:len(w.text):len(w.text)]); err != nil {
			return fmt.Errorf("put a report of trial %d: %w", trial, err)
		}
	}
	return nil
}

// cut drops a trial's reports from a step on.
func (w *curveWriter) cut(trial, step int) error {
	from := reportKey(trial, step)
	for {
		key, _ := w.Cursor().Seek(from)
		if !bytes.HasPrefix(key, number(trial)) {
			return nil
		}
		if err := w.Delete(key); err != nil {
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
