package results

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Trials are the run's trials with their reports.
func (r *Recorder) Trials() (sweep.History, error) {
	r.mu.Lock()
	if err := r.flush(); err != nil {
		return nil, err
	}
	var out sweep.History
	err := r.db.view(func(tx *tx) error {
		b := tx.run(r.run.ID)
		if b == nil {
			return nil
		}
		if err := r.db.eachTrial(b, func(t sweep.Trial) (bool, error) {
			out = append(out, t)
			return true, nil
		}); err != nil {
			return err
		}
		for i := range out {
			var err error
			if out[i].Reports, err = readReports(b, out[i].Number); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Cached is a ranked trial of that identity from any run, whose directory is
// still there, with its reports.
func (r *Recorder) Cached(id string) (sweep.Trial, bool, error) { return r.db.Cached(id) }

// Cached is a ranked trial of that identity from any run, whose directory is
// still there, with its reports.
func (db *DB) Cached(id string) (t sweep.Trial, ok bool, err error) {
	err = db.view(func(tx *tx) error {
		name := tx.Bucket(identitiesBucket).Get([]byte(id))
		if name == nil {
			return nil
		}
		t, _, err = db.readTrial(tx, string(name))
		return err
	})
	if err != nil || !t.Outcome.Ranked() {
		return sweep.Trial{}, false, err
	}
	if _, err := os.Stat(t.Dir); err != nil {
		return sweep.Trial{}, false, nil // its model is gone: train it again
	}
	return t, true, nil
}

// readTrial is the trial of that name, with its reports.
func (db *DB) readTrial(tx *tx, name string) (sweep.Trial, Run, error) {
	i := strings.LastIndex(name, "/")
	n, err := strconv.ParseUint(name[i+1:], 10, 31)
	if i < 0 || err != nil {
		return sweep.Trial{}, Run{}, fmt.Errorf("trial %q: a trial is called by its run and number, as grid-1/17: %w", name, ErrNotFound)
	}
	run, err := readRun(tx, name[:i])
	if err != nil {
		return sweep.Trial{}, Run{}, err
	}
	b := tx.run(run.ID)
	text := b.Bucket(trialsBucket).Get(number(int(n)))
	if text == nil {
		return sweep.Trial{}, run, fmt.Errorf("trial %s: %w: run %s has %d trials", name, ErrNotFound, run.ID, run.Trials())
	}
	var t sweep.Trial
	if err := readJSON(text, &t); err != nil {
		return t, run, err
	}
	t.Dir = db.restored(t.Dir)
	t.Reports, err = readReports(b, t.Number)
	return t, run, err
}

func (db *DB) eachTrial(run *bucket, do func(sweep.Trial) (bool, error)) error {
	c := run.Bucket(trialsBucket).Cursor()
	for _, text := c.First(); text != nil; _, text = c.Next() {
		var t sweep.Trial
		if err := readJSON(text, &t); err != nil {
			return err
		}
		t.Dir = db.restored(t.Dir)
		if more, err := do(t); err != nil || !more {
			return err
		}
	}
	return nil
}

func readReports(run *bucket, n int) ([]sweep.Report, error) {
	var out []sweep.Report
	c := run.Bucket(reportsBucket).Cursor()
	for key, text := c.Seek(number(n)); key != nil && bytes.HasPrefix(key, number(n)); key, text = c.Next() {
		var r sweep.Report
		if err := readJSON(text, &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Runs are all runs, the newest first.
func (db *DB) Runs() ([]Run, error) {
	var out []Run
	err := db.view(func(tx *tx) error {
		c := tx.Bucket(orderBucket).Cursor()
		for key, id := c.Last(); key != nil; key, id = c.Prev() {
			run, err := readRun(tx, string(id))
			if err != nil {
				return err
			}
			out = append(out, db.settle(run))
		}
		return nil
	})
	return out, err
}

// Find is the run of that ID, or the newest run of the sweep of that name, or,
// for the empty name, the newest run.
func (db *DB) Find(name string) (Run, error) {
	var found Run
	var known []string
	ok := false
	err := db.view(func(tx *tx) error {
		if name == "" {
			if _, id := tx.Bucket(orderBucket).Cursor().Last(); id != nil {
				ok = true
				var err error
				found, err = readRun(tx, string(id))
				return err
			}
			return nil
		}
		id := name
		if tx.run(id) == nil {
			text := tx.Bucket(sweepsBucket).Get([]byte(name))
			if text == nil {
				for _, b := range [][]byte{sweepsBucket, runsBucket} {
					if err := tx.Bucket(b).ForEach(func(k, _ []byte) error { known = append(known, string(k)); return nil }); err != nil {
						return err
					}
				}
				return nil
			}
			var counter struct {
				Last int `json:"last"`
			}
			if err := readJSON(text, &counter); err != nil {
				return err
			}
			id = runID(name, counter.Last)
		}
		ok = true
		var err error
		found, err = readRun(tx, id)
		return err
	})
	switch {
	case err != nil:
		return found, err
	case ok:
		return db.settle(found), nil
	case name == "":
		return found, notFoundError("there is no run in " + db.dir + " yet: start one with sweep run FILE")
	}
	return found, fmt.Errorf("run or sweep %q: %w%s", name, ErrNotFound, suggestion(name, known))
}

func suggestion(name string, known []string) string {
	if len(known) == 0 {
		return ": there is no run yet"
	}
	near := slices.MinFunc(known, func(a, b string) int {
		return cmp.Compare(levenshtein.Distance(name, a, nil), levenshtein.Distance(name, b, nil))
	})
	return fmt.Sprintf("; did you mean %q?", near)
}

// FindTrial is the trial of that name (grid-3/17, or 17 for one of the newest
// run) or with an ID that begins so (four digits or more), and its run.
func (db *DB) FindTrial(name string) (t sweep.Trial, run Run, err error) {
	if n, numeric := strconv.Atoi(name); numeric == nil && len(name) < 10 && n >= 0 {
		newest, err := db.Find("")
		if err != nil {
			return t, run, err
		}
		name = fmt.Sprintf("%s/%d", newest.ID, n)
	} else if sweepName, number, ok := strings.Cut(name, "/"); ok { // also grid/17, of its newest run
		found, err := db.Find(sweepName)
		if err != nil {
			return t, run, err
		}
		name = found.ID + "/" + number
	}
	found := false
	err = db.view(func(tx *tx) error {
		found = true
		if !strings.Contains(name, "/") {
			key, value := tx.Bucket(identitiesBucket).Cursor().Seek([]byte(name))
			if len(name) < 4 || !bytes.HasPrefix(key, []byte(name)) {
				return fmt.Errorf("trial %q: %w: call it by run and number, as grid-1/17, or by its ID", name, ErrNotFound)
			}
			name = string(value)
		}
		t, run, err = db.readTrial(tx, name)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("trial %q: %w: there is no run yet", name, ErrNotFound)
	}
	return t, run, err
}

// Best are the first n rows of a run's leaderboard.
func (db *DB) Best(run string, n int) ([]Row, error) {
	var out []Row
	err := db.view(func(tx *tx) error {
		b := tx.run(run)
		if b == nil {
			return fmt.Errorf("run %s: %w", run, ErrNotFound)
		}
		c := b.Bucket(boardBucket).Cursor()
		for key, text := c.First(); key != nil && len(out) < n; key, text = c.Next() {
			var row Row
			if err := readJSON(text, &row); err != nil {
				return err
			}
			if err := readJSON(b.Bucket(trialsBucket).Get(number(row.Number)), &row.Trial); err != nil {
				return err
			}
			row.Trial.Dir = db.restored(row.Trial.Dir)
			out = append(out, row)
		}
		return nil
	})
	return out, err
}

// Trials are the run's trials by number, without their reports.
func (db *DB) Trials(run string) iter.Seq2[sweep.Trial, error] {
	return func(yield func(sweep.Trial, error) bool) {
		stopped := false
		err := db.view(func(tx *tx) error {
			b := tx.run(run)
			if b == nil {
				return fmt.Errorf("run %s: %w", run, ErrNotFound)
			}
			return db.eachTrial(b, func(t sweep.Trial) (bool, error) {
				stopped = !yield(t, nil)
				return !stopped, nil
			})
		})
		if err != nil && !stopped {
			yield(sweep.Trial{}, err)
		}
	}
}

// Results are the trials with a result of all runs of a sweep, the newest run
// first: what a plan compares its variants with.
func (db *DB) Results(sweepName string) iter.Seq2[sweep.Trial, error] {
	return func(yield func(sweep.Trial, error) bool) {
		runs, err := db.Runs()
		if err != nil {
			yield(sweep.Trial{}, err)
			return
		}
		for _, run := range runs {
			if run.Sweep != sweepName {
				continue
			}
			for t, err := range db.Trials(run.ID) {
				if err == nil && !t.Outcome.Ranked() {
					continue
				}
				if !yield(t, err) {
					return
				}
			}
		}
	}
}
