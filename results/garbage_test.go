package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// night records a run of n trials with models, each of which is its own unless its
// identity is in cached, as the name of another.
func night(t *testing.T, db *DB, sweepName string, status Status, accs []float64, cached map[int]string) Run {
	t.Helper()
	return nightAt(t, db, db.TrialDir, sweepName, status, accs, cached)
}

// nightAt is a night whose trials' directories are where dir says.
func nightAt(t *testing.T, db *DB, dir func(run string, number int) string, sweepName string, status Status, accs []float64, cached map[int]string) Run {
	t.Helper()
	run := start(t, db, Run{Sweep: sweepName, Hash: fmt.Sprint(time.Now().UnixNano()), Started: time.Unix(1_700_000_000, 0)})
	release, err := db.Lock(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	rec := db.Record(run)
	for n, acc := range accs {
		tr := trial(run, n, sweep.Succeeded, acc)
		tr.ID = fmt.Sprintf("%s-%d", run.ID, n)
		tr.Dir = dir(run.ID, n)
		if from := cached[n]; from != "" {
			original, _, err := db.FindTrial(from)
			if err != nil {
				t.Fatal(err)
			}
			tr.CachedAs, tr.ID, tr.Dir = from, original.ID, original.Dir
		} else {
			for _, file := range []string{"model/model.json", "model/weights", "checkpoint/state", "log.txt"} {
				path := filepath.Join(tr.Dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := trialdir.WriteFile(path, make([]byte, 100)); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := tr.Best
		tr.Steps = 1
		put(t, rec, tr, r)
	}
	if err := errors.Join(rec.Close(), release()); err != nil {
		t.Fatal(err)
	}
	if status != Running {
		if err := db.Finish(run.ID, status, string(status), time.Unix(1_700_000_100, 0)); err != nil {
			t.Fatal(err)
		}
	}
	run, err = db.Find(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func names(g Garbage) (runs, models, needed string) {
	var r, m, n []string
	for _, x := range g.Runs {
		r = append(r, x.Run)
	}
	for _, x := range g.Models {
		m = append(m, x.Trial)
	}
	for _, x := range g.Needed {
		n = append(n, x.Run+" by "+x.By)
	}
	return strings.Join(r, " "), strings.Join(m, " "), strings.Join(n, ", ")
}

func garbage(t *testing.T, db *DB, keep map[string]Keep) Garbage {
	t.Helper()
	g, err := db.Garbage(keep)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func remove(t *testing.T, db *DB, g Garbage) Garbage {
	t.Helper()
	done, err := db.Remove(g, "")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// boards are the leaderboards of all runs, in words.
func boards(t *testing.T, db *DB) map[string]string {
	t.Helper()
	runs, err := db.Runs()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range runs {
		rows, err := db.Best(r.ID, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			out[r.ID] += fmt.Sprintf("%s %v %s; ", row.Trial.Name(), row.Mean, row.Trial.ID)
		}
	}
	return out
}

// The oldest runs go, with their directories; what others have of them and what goes on
// keeps them, and the leaderboards of those that stay are what they were.
func TestRunsBeyondThoseKept(t *testing.T) {
	db := open(t)
	three := []float64{0.1, 0.2, 0.3}
	night(t, db, "grid", Finished, three, nil)                                          // 1: of which 4 has a trial
	night(t, db, "grid", Finished, three, nil)                                          // 2
	night(t, db, "grid", Interrupted, three, nil)                                       // 3: can't be gone on with any more
	night(t, db, "grid", Finished, three, map[int]string{1: "grid-1/2"})                // 4: beyond, and so is what it has
	night(t, db, "grid", Finished, three, map[int]string{0: "grid-2/0", 2: "grid-2/2"}) // 5
	night(t, db, "other", Finished, three, map[int]string{0: "grid-4/0"})               // another sweep has something of 4
	night(t, db, "grid", Failed, three, nil)                                            // 6
	night(t, db, "grid", Interrupted, three, nil)                                       // 7: the newest
	before := boards(t, db)

	g := garbage(t, db, map[string]Keep{"grid": {Runs: 3, Champions: true}})
	runs, models, needed := names(g)
	if runs != "grid-3" || needed != "grid-4 by other-1, grid-2 by grid-5, grid-1 by grid-4" || models != "" {
		t.Errorf("runs %s, models %s, needed %s", runs, models, needed)
	}
	if g.Runs[0].Trials != 3 || g.Runs[0].Bytes < 1200 || g.Bytes() != g.Runs[0].Bytes {
		t.Errorf("%+v", g)
	}
	if now := boards(t, db); len(now) != 8 { // it was only looked for
		t.Errorf("%d runs", len(now))
	}
	remove(t, db, g)
	delete(before, "grid-3")
	if now := boards(t, db); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("leaderboards\n%v\nwant\n%v", now, before)
	}
	if _, err := os.Stat(db.runDir("grid-3")); !errors.Is(err, os.ErrNotExist) {
		t.Error("its directory is still there")
	}
	if _, ok, err := db.Cached("grid-3-0"); ok || err != nil {
		t.Error("its results are still taken over")
	}
	if runs, _, _ := names(garbage(t, db, map[string]Keep{"other": {Runs: 1}, "grid": {Champions: true}})); runs != "" {
		t.Errorf("without a limit %s goes", runs)
	}
	if r := night(t, db, "grid", Finished, three, nil); r.ID != "grid-8" {
		t.Errorf("the next run is %s", r.ID)
	}
}

// What a search that goes on has set out from stays.
func TestWarmStartsStay(t *testing.T) {
	db := open(t)
	for range 3 {
		night(t, db, "grid", Finished, []float64{0.1}, nil)
	}
	_, _, err := db.Start(Run{Sweep: "tpe", Hash: "x", WarmStart: []string{"grid-1"}, Objectives: []sweep.Objective{{Name: "acc"}}})
	if err != nil {
		t.Fatal(err)
	}
	keep := map[string]Keep{"grid": {Runs: 1, Champions: true}}
	if runs, _, needed := names(garbage(t, db, keep)); runs != "grid-2" || needed != "grid-1 by tpe-1" {
		t.Errorf("runs %s, needed %s", runs, needed)
	}
	if err := db.Finish("tpe-1", Finished, "complete", time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if runs, _, needed := names(garbage(t, db, keep)); runs != "grid-2 grid-1" || needed != "" {
		t.Errorf("runs %s, needed %s", runs, needed)
	}
}

// An identity that a removed run had is that of another trial that has it.
func TestIdentitiesFindAnotherTrial(t *testing.T) {
	db := open(t)
	for i := range 3 {
		run := night(t, db, "grid", Finished, []float64{0.5}, nil)
		rec := db.Record(run)
		tr := trial(run, 1, sweep.Succeeded, 0.7)
		tr.ID, tr.Dir = "same", db.TrialDir(run.ID, 0)
		if i == 2 {
			tr.Outcome = sweep.Failed // then the identity stays with the one before
		}
		put(t, rec, tr, tr.Best)
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if tr, _, err := db.Cached("same"); err != nil || tr.Name() != "grid-2/1" {
		t.Fatalf("%s, %v", tr.Name(), err)
	}
	run2 := garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}})
	run2.Runs = slices.DeleteFunc(run2.Runs, func(r GarbageRun) bool { return r.Run != "grid-2" })
	remove(t, db, run2)
	if tr, ok, err := db.Cached("same"); !ok || err != nil || tr.Name() != "grid-1/1" {
		t.Errorf("%s, %v, %v", tr.Name(), ok, err)
	}
	remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))
	if tr, _, err := db.FindTrial("same"); err != nil || tr.Name() != "grid-3/1" {
		t.Errorf("%s, %v", tr.Name(), err)
	}
}

// Of models the best stay, with the newest winner's and all of a run that goes on.
func TestModelsBeyondThoseKept(t *testing.T) {
	db := open(t)
	night(t, db, "grid", Finished, []float64{0.9, 0.8, 0.1, 0.95}, nil)
	night(t, db, "grid", Finished, []float64{0.7, 0.3, 0.9, 0.2}, map[int]string{2: "grid-1/0"})
	keep := map[string]Keep{"grid": {Models: 2, Champions: true}}
	g := garbage(t, db, keep)
	// grid-1/3 and grid-1/0 are the best; the winner of grid-2 is that of grid-1/0.
	if runs, models, _ := names(g); runs != "" || models != "grid-1/1 grid-2/0 grid-2/1 grid-2/3 grid-1/2" {
		t.Errorf("runs %s, models %s", runs, models)
	}
	before := boards(t, db)
	remove(t, db, g)
	if fmt.Sprint(before) != fmt.Sprint(boards(t, db)) {
		t.Error("the leaderboards are others")
	}
	for name, want := range map[string]bool{"grid-1/0": true, "grid-1/3": true, "grid-1/1": false, "grid-2/0": false, "grid-1/2": false} {
		tr, _, err := db.FindTrial(name)
		if _, has := ModelDir(tr); err != nil || has != want {
			t.Errorf("%s: model %v, want %v; %v", name, has, want, err)
		}
		if _, err := os.Stat(filepath.Join(tr.Dir, "checkpoint")); (err == nil) != want {
			t.Errorf("%s: checkpoint %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(tr.Dir, "log.txt")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if g := garbage(t, db, keep); g.Bytes() > 0 {
		t.Errorf("there is more: %+v", g)
	}
	night(t, db, "grid", Finished, []float64{0.15, 0.1}, nil) // a bad night
	if _, models, _ := names(garbage(t, db, keep)); models != "grid-3/1" {
		t.Errorf("models %s", models)
	}
	night(t, db, "grid", Interrupted, []float64{0.05, 0.01}, map[int]string{0: "grid-3/1"})
	if _, models, _ := names(garbage(t, db, keep)); models != "" {
		t.Errorf("models %s", models)
	}
}

// A run that somebody works on by now stays, whatever was found.
func TestWhatIsWorkedOnStays(t *testing.T) {
	db := open(t)
	for range 3 {
		night(t, db, "grid", Finished, []float64{0.1, 0.2}, nil)
	}
	g := garbage(t, db, map[string]Keep{"grid": {Runs: 1, Models: 1, Champions: true}})
	release, err := db.Lock("grid-1")
	if err != nil {
		t.Fatal(err)
	}
	// And meanwhile another run has taken a result over.
	run := night(t, db, "other", Running, []float64{0.1}, map[int]string{0: "grid-2/1"})
	if runs, _, _ := names(remove(t, db, g)); runs != "" {
		t.Errorf("%s was removed", runs)
	}
	if err := errors.Join(release(), db.Finish(run.ID, Finished, "complete", time.Unix(1, 0))); err != nil {
		t.Fatal(err)
	}
	if runs, _, _ := names(remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))); runs != "grid-1" {
		t.Errorf("%s was removed", runs)
	}
}

// A result whose run was removed in the same moment is not taken over.
func TestNothingIsTakenOverFromARemovedRun(t *testing.T) {
	db := open(t)
	night(t, db, "grid", Finished, []float64{0.1}, nil)
	night(t, db, "grid", Finished, []float64{0.1}, nil)
	cached, ok, err := db.Cached("grid-1-0")
	if !ok || err != nil {
		t.Fatal(err)
	}
	remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))
	run := start(t, db, Run{Hash: "late"})
	rec := db.Record(run)
	late := trial(run, 0, sweep.Succeeded, 0.1)
	late.CachedAs, late.Dir = cached.Name(), cached.Dir
	if err := record(rec, late); err == nil || !strings.Contains(err.Error(), "removed just now") {
		t.Errorf("recorded with %v", err)
	}
}

// What another process is about to remove is left to it, the mark as well: without it
// nobody would know.
func TestTwoRemovalsAtOnce(t *testing.T) {
	db := open(t)
	night(t, db, "grid", Finished, []float64{0.1, 0.2}, nil)
	night(t, db, "grid", Finished, []float64{0.1}, nil)
	release, err := db.Lock("grid-1")
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(db.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.mark(GarbageRun{Run: "grid-1"}); err != nil {
		t.Fatal(err)
	}
	remove(t, other, Garbage{}) // it finds the mark beside the record
	if _, err := db.forget([]string{"grid-1"}); err != nil {
		t.Fatal(err)
	}
	remove(t, other, Garbage{}) // and without
	if !exists(filepath.Join(db.runDir("grid-1"), markFile)) {
		t.Error("who would know by now that the directory is to go?")
	}
	if err := errors.Join(db.clearAway("grid-1", nil), release()); err != nil {
		t.Fatal(err)
	}
	remove(t, other, Garbage{})
	if exists(db.runDir("grid-1")) {
		t.Error("grid-1 is there still")
	}
}

// A removal is cut off after every step; what is left is consistent, and the next one
// ends it.
func TestRemovalsThatAreCutOff(t *testing.T) {
	cut := errors.New("cut off")
	for name, until := range map[string]func(db *DB) error{
		"marked": func(db *DB) error { return db.mark(GarbageRun{Run: "grid-1"}) },
		"record removed": func(db *DB) error {
			_, err := db.forget([]string{"grid-1"})
			return errors.Join(db.mark(GarbageRun{Run: "grid-1"}), err)
		},
		"directory half empty": func(db *DB) error {
			err := db.mark(GarbageRun{Run: "grid-1"})
			_, ferr := db.forget([]string{"grid-1"})
			return errors.Join(err, ferr, os.RemoveAll(db.TrialDir("grid-1", 0)), os.Remove(filepath.Join(db.runDir("grid-1"), "lock")))
		},
		"the mark alone": func(db *DB) error {
			err := db.mark(GarbageRun{Run: "grid-1"})
			_, ferr := db.forget([]string{"grid-1"})
			for n := range 2 {
				ferr = errors.Join(ferr, os.RemoveAll(db.TrialDir("grid-1", n)))
			}
			return errors.Join(err, ferr)
		},
		"half gone under another name": func(db *DB) error {
			err := db.mark(GarbageRun{Run: "grid-1"})
			_, ferr := db.forget([]string{"grid-1"})
			dir := db.runDir("grid-1")
			return errors.Join(err, ferr, os.Rename(dir, dir+goneAlong), os.Remove(filepath.Join(dir+goneAlong, markFile)))
		},
		"model half gone": func(db *DB) error {
			dir := filepath.Join(db.TrialDir("grid-2", 0), "model")
			return errors.Join(os.Rename(dir, dir+goneAlong), os.Remove(filepath.Join(dir+goneAlong, "weights")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			for range 3 {
				night(t, db, "grid", Finished, []float64{0.1, 0.2}, nil)
			}
			before := boards(t, db)
			if err := until(db); err != nil {
				t.Fatal(err, cut)
			}
			if err := db.Check(); err != nil {
				t.Errorf("cut off, the store disagrees with itself: %v", err)
			}
			keep := map[string]Keep{"grid": {Runs: 2, Models: 2, Champions: true}}
			remove(t, db, garbage(t, db, keep))
			delete(before, "grid-1")
			if now := boards(t, db); fmt.Sprint(now) != fmt.Sprint(before) {
				t.Errorf("leaderboards %v, want %v", now, before)
			}
			left, err := filepath.Glob(filepath.Join(db.dir, "runs", "*"))
			if err != nil || len(left) != 2 {
				t.Errorf("directories %v", left)
			}
			for _, pattern := range []string{"runs/*" + goneAlong, "runs/*/*/*" + goneAlong, "runs/*/" + markFile} {
				if left, _ := filepath.Glob(filepath.Join(db.dir, pattern)); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
			}
			if g := garbage(t, db, keep); g.Bytes() > 0 {
				t.Errorf("there is more: %+v", g)
			}
		})
	}
}

// What a removal was about to do is not done where it has not been decided any more;
// directories that the store does not know and nobody has marked are left alone.
func TestUnknownDirectoriesAreLeftAlone(t *testing.T) {
	db := open(t)
	night(t, db, "grid", Finished, []float64{0.1}, nil)
	if err := db.mark(GarbageRun{Run: "grid-1"}); err != nil {
		t.Fatal(err)
	}
	unknown := filepath.Join(db.TrialDir("grid-7", 0), "model")
	if err := os.MkdirAll(unknown, 0o700); err != nil {
		t.Fatal(err)
	}
	remove(t, db, garbage(t, db, nil))
	if _, err := os.Stat(unknown); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(db.runDir("grid-1"), markFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the mark of a run that stays: %v", err)
	}
	if tr, _, err := db.FindTrial("grid-1/0"); err != nil || !exists(filepath.Join(tr.Dir, "model")) {
		t.Error("its model is gone", err)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// A champion's model outlives its run; those of champions that no longer stand go where
// the file says so.
func TestFallenChampions(t *testing.T) {
	db := open(t)
	for n := range 3 {
		run := night(t, db, "grid", Finished, []float64{float64(n) / 10}, nil)
		rows, err := db.Best(run.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		c, err := db.Contender(run, rows[0])
		if err == nil {
			c, err = db.KeepModels("grid", c, func(Seed, string) error { return nil })
		}
		if err != nil {
			t.Fatal(err)
		}
		j := Judgement{Sweep: "grid", Number: n + 1, By: ByRun, Run: run.ID, Took: n != 1, Challenger: c}
		if former, ok, err := db.Champion("grid"); err != nil {
			t.Fatal(err)
		} else if ok {
			j.Former = &former
		}
		judge(t, db, j)
	}
	remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))
	record, err := db.Judgements("grid")
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range record {
		if !exists(filepath.Join(j.Challenger.Seeds[0].Model, "model.json")) {
			t.Errorf("the model of %s is gone", j.Challenger.Trial)
		}
	}
	g := garbage(t, db, map[string]Keep{"grid": {}})
	if len(g.Champions) != 2 || g.Champions[0].Trial != "grid-1/0" || g.Champions[1].Trial != "grid-2/0" {
		t.Errorf("%+v", g.Champions)
	}
	remove(t, db, g)
	for i, want := range []bool{false, false, true} {
		if got := exists(record[i].Challenger.Seeds[0].Model); got != want {
			t.Errorf("%s: %v, want %v", record[i].Challenger.Trial, got, want)
		}
	}
}

// Data is only looked at while no run is in progress.
func TestWhileIdle(t *testing.T) {
	db := open(t)
	if idle, err := db.WhileIdle(nil, func(used map[string]bool) error { return nil }); err != nil || !idle {
		t.Error(idle, err)
	}
	night(t, db, "grid", Finished, []float64{0.1}, nil)
	second := night(t, db, "grid", Running, []float64{0.1}, nil)
	for id, data := range map[string]string{"grid-1": "old", "grid-2": "new"} {
		if err := db.UseData(id, data); err != nil {
			t.Fatal(err)
		}
	}
	release, err := db.Lock(second.ID)
	if err != nil {
		t.Fatal(err)
	}
	if idle, err := db.WhileIdle(nil, func(map[string]bool) error { t.Error("a run is in progress"); return nil }); err != nil || idle {
		t.Error(idle, err)
	}
	if err := release(); err != nil { // its process has died
		t.Fatal(err)
	}
	for want, going := range map[string]map[string]bool{"map[new:true old:true]": nil, "map[new:true]": {"grid-1": true}} {
		idle, err := db.WhileIdle(going, func(used map[string]bool) error {
			if fmt.Sprint(used) != want {
				t.Errorf("used %v, want %s", used, want)
			}
			return nil
		})
		if err != nil || !idle {
			t.Error(idle, err)
		}
	}
}
