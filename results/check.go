package results

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Fault is something that is wrong in a workspace. The JSON shape is stable.
type Fault struct {
	Where string `json:"where"` // a file, page 12, run grid-1 or trial grid-1/3
	What  string `json:"what"`
	Do    string `json:"do"` // to put it right
}

// Inspection is what a check of a workspace has found. The JSON shape is stable.
type Inspection struct {
	File    string  `json:"file"`
	Bytes   int64   `json:"bytes"`
	Pages   int     `json:"pages"`
	Runs    int     `json:"runs"`
	Trials  int     `json:"trials"`
	Reports int     `json:"reports"`
	Faults  []Fault `json:"faults"`
	Backup  *Copy   `json:"backup"` // the store's own; null: there is none that can be read
}

// What can be done about faults.
const (
	takeBackup  = "put the last good backup in its place: sweep db restore %s"
	takeNothing = "there is no backup: move the file away and run the sweep again; trials that have ended are found in their directories"
	trainAgain  = "train it again to compare: sweep rerun %s"
)

// Check reports whether the workspace is as this program left it.
func (db *DB) Check() error {
	found, err := db.Inspect()
	if err != nil {
		return err
	}
	errs := make([]error, len(found.Faults))
	for i, f := range found.Faults {
		errs[i] = fmt.Errorf("%s: %s", f.Where, f.What)
	}
	return errors.Join(errs...)
}

// Inspect looks at all of a workspace: the pages of the store, its records, what
// these say twice, and the directories of the trials that have ended. The error is
// for what could not be looked at.
func (db *DB) Inspect() (Inspection, error) {
	i := inspector{db: db, Inspection: Inspection{File: db.file, Faults: []Fault{}}}
	if c, err := describe(db.BackupFile()); err == nil {
		i.Backup = &c
	}
	err := db.view(i.look)
	if broken, ok := errors.AsType[*DamagedError](err); ok {
		i.damaged(broken.Reason.Error())
		err = nil
	}
	return i.Inspection, err
}

type inspector struct {
	Inspection
	db *DB
}

func (i *inspector) tell(where, what, do string) {
	i.Faults = append(i.Faults, Fault{where, what, do})
}

// damaged tells what only another file can put right.
func (i *inspector) damaged(what string) {
	do := takeNothing
	if i.Backup != nil {
		do = fmt.Sprintf(takeBackup, i.Backup.File)
	}
	i.tell(i.File, what, do)
}

func (i *inspector) look(t *tx) error {
	info, err := t.file.Stat()
	if err != nil {
		return fmt.Errorf("check results: %w", err)
	}
	pages, metas, err := openPages(t.file, info.Size(), int64(t.DB().Info().PageSize))
	if err != nil {
		return damage{err}
	}
	i.Bytes, i.Pages = info.Size(), int(pages.meta.end)
	for _, what := range metas {
		i.tell(i.File, what+"; the last transaction may be lost", "any further write replaces it: sweep db compact")
	}
	for _, what := range pages.check() {
		i.damaged(what)
	}
	if len(i.Faults) > len(metas) { // bbolt cannot be trusted with them
		return nil
	}
	for err := range t.Check(bbolt.WithKVStringer(bbolt.HexKVStringer())) {
		i.damaged(err.Error())
	}
	ids, err := i.ids(t)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := i.run(t, id); err != nil {
			i.damaged(fmt.Sprintf("run %s: %v", id, err))
		}
	}
	if err := i.champions(t); err != nil {
		i.damaged(fmt.Sprintf("the record of champions: %v", err))
	}
	return i.identities(t)
}

// ids are the runs, as three buckets have them.
func (i *inspector) ids(t *tx) (ids []string, err error) {
	ordered := map[string]bool{}
	err = t.Bucket(orderBucket).ForEach(func(_, id []byte) error {
		ordered[string(id)] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = t.Bucket(runsBucket).ForEach(func(id, _ []byte) error {
		ids = append(ids, string(id))
		if !ordered[string(id)] {
			i.damaged(fmt.Sprintf("run %s is not in the order of runs", id))
		}
		delete(ordered, string(id))
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id := range ordered {
		i.damaged(fmt.Sprintf("run %s is in the order of runs, and has no record", id))
	}
	return ids, nil
}

// identities checks that each points to a trial.
func (i *inspector) identities(t *tx) error {
	return t.Bucket(identitiesBucket).ForEach(func(id, name []byte) error {
		run, digits, _ := strings.Cut(string(name), "/")
		n, err := strconv.ParseUint(digits, 10, 31)
		if b := t.run(run); err != nil || b == nil || b.Bucket(trialsBucket).Get(number(int(n))) == nil {
			i.damaged(fmt.Sprintf("identity %s is of trial %q, which is not there", id, name))
		}
		return nil
	})
}

// run checks a run's records against each other. The error is for one that
// cannot be read.
func (i *inspector) run(t *tx, id string) error {
	run, err := readRun(t, id)
	if err != nil {
		return err
	}
	i.Runs++
	if t.Bucket(sweepsBucket).Get([]byte(run.Sweep)) == nil {
		i.damaged(fmt.Sprintf("run %s is of sweep %s, which has no record", id, run.Sweep))
	}
	b, identities := t.run(id), t.Bucket(identitiesBucket)
	counts := map[sweep.Outcome]int{}
	ranked := map[int]bool{}
	curves := curves{inspector: i, run: id, cursor: b.Bucket(reportsBucket).Cursor()}
	curves.first()
	err = i.db.eachTrial(b, func(trial sweep.Trial) (bool, error) {
		i.Trials++
		counts[trial.Outcome]++
		if _, ok := run.Value(trial); ok && trial.Outcome.Ranked() {
			ranked[trial.Variant] = true
		}
		if trial.Run != run.ID {
			i.damaged(fmt.Sprintf("trial %d of run %s says it is of run %s", trial.Number, run.ID, trial.Run))
		}
		if trial.ID != "" && trial.CachedAs == "" && identities.Get([]byte(trial.ID)) == nil {
			i.damaged(fmt.Sprintf("trial %s is not among the identities", trial.Name()))
		}
		reports, err := curves.of(trial.Number)
		if err != nil {
			return false, err
		}
		if trial.Outcome.Final() {
			i.curve(trial, reports)
			i.directory(trial, reports)
		}
		return true, nil
	})
	if err == nil {
		_, err = curves.of(math.MaxUint32) // those of no trial
	}
	if err != nil {
		return err
	}
	for _, o := range append([]sweep.Outcome{sweep.Running}, sweep.Outcomes...) {
		if counts[o] != run.Counts[o] {
			i.damaged(fmt.Sprintf("run %s: %d trials are %s, its record says %d", id, counts[o], OutcomeName(o), run.Counts[o]))
		}
	}
	return i.board(b, id, ranked)
}

// board checks that the leaderboard has what has a result, once.
func (i *inspector) board(b *bucket, id string, ranked map[int]bool) error {
	rows, variants := 0, b.Bucket(variantsBucket).Stats().KeyN
	err := b.Bucket(boardBucket).ForEach(func(key, text []byte) error {
		rows++
		if err := readJSON(text, &Row{}); err != nil {
			return err
		}
		variant := binary.BigEndian.Uint32(key[len(key)-numberBytes:])
		if !ranked[int(variant)] {
			i.damaged(fmt.Sprintf("run %s: variant %d is on the leaderboard without a result", id, variant))
		}
		if !bytes.Equal(b.Bucket(variantsBucket).Get(number(int(variant))), key) {
			i.damaged(fmt.Sprintf("run %s: variant %d has two places on the leaderboard", id, variant))
		}
		return nil
	})
	if err == nil && (rows != len(ranked) || rows != variants) {
		i.damaged(fmt.Sprintf("run %s: %d variants have a result, the leaderboard has %d, %d have a place", id, len(ranked), rows, variants))
	}
	return err
}

// curves reads the reports of a run's trials in the order of their numbers.
type curves struct {
	*inspector
	run    string
	cursor *bbolt.Cursor

	key, text []byte // of the next report; nil: there is none
}

func (c *curves) first() { c.key, c.text = c.cursor.First() }

// of is the reports of the next trial; those before them are of none.
func (c *curves) of(trial int) ([]sweep.Report, error) {
	var out []sweep.Report
	for ; c.key != nil; c.key, c.text = c.cursor.Next() {
		if len(c.key) != 2*numberBytes {
			return nil, fmt.Errorf("the key %x is not that of a report", c.key)
		}
		n, step := int(binary.BigEndian.Uint32(c.key)), int(binary.BigEndian.Uint32(c.key[numberBytes:]))
		if n > trial {
			break
		}
		c.Reports++
		var r sweep.Report
		if err := readJSON(c.text, &r); err != nil {
			return nil, err
		}
		if r.Step != step {
			c.damaged(fmt.Sprintf("trial %s/%d: the report of step %d says that it is of step %d", c.run, n, step, r.Step))
		}
		if n < trial {
			c.damaged(fmt.Sprintf("trial %s/%d has a report of step %d, and no record", c.run, n, step))
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

// curve checks a trial's record against its reports.
func (i *inspector) curve(t sweep.Trial, reports []sweep.Report) {
	if len(reports) < t.Steps {
		i.tell("trial "+t.Name(), fmt.Sprintf("its curve has a gap: %d reports of %d", len(reports), t.Steps), fmt.Sprintf(trainAgain, t.Name()))
	}
	if t.Best.Step == 0 || len(reports) == 0 {
		return
	}
	best := slices.IndexFunc(reports, func(r sweep.Report) bool { return r.Step == t.Best.Step })
	if best < 0 || !maps.EqualFunc(reports[best].Metrics, t.Best.Metrics, same) {
		i.tell("trial "+t.Name(), fmt.Sprintf("its best step, %d, is not what was reported", t.Best.Step), fmt.Sprintf(trainAgain, t.Name()))
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// directory checks the directory of a trial that has a result against its record.
// One that is gone, or that no runner of this program made, says nothing.
func (i *inspector) directory(t sweep.Trial, reports []sweep.Report) {
	if !t.Outcome.Ranked() || t.CachedAs != "" || t.Dir == "" {
		return
	}
	dir := trialdir.Dir(t.Dir)
	spec, err := dir.Spec()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	where, do := "trial directory "+t.Dir, fmt.Sprintf(trainAgain, t.Name())
	_, ended, oerr := dir.Outcome()
	curve, rerr := dir.Reports()
	switch err := errors.Join(err, oerr, rerr); {
	case err != nil:
		i.tell(where, err.Error(), do)
	case spec.Trial.ID != t.ID:
		i.tell(where, fmt.Sprintf("it is of trial %s (%s), the store has %s (%s) there", spec.Trial.Name(), spec.Trial.ID, t.Name(), t.ID), do)
	case !ended && t.Outcome == sweep.Succeeded:
		i.tell(where, fmt.Sprintf("it has no outcome.json, and trial %s has %s", t.Name(), t.Outcome), do)
	case !slices.EqualFunc(curve, reports, func(a, b sweep.Report) bool { return a.Step == b.Step }):
		i.tell(where, fmt.Sprintf("it has %d reports, up to step %d, the store %d, up to step %d", len(curve), lastStep(curve), len(reports), lastStep(reports)), do)
	}
}

func lastStep(reports []sweep.Report) int {
	if len(reports) == 0 {
		return 0
	}
	return reports[len(reports)-1].Step
}
