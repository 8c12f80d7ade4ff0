package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nightShared is a night on a cluster: its trials are where machines share, in a
// directory that the workspace has marked.
func nightShared(t *testing.T, db *DB, shared string, accs []float64, cached map[int]string) {
	t.Helper()
	run := nightAt(t, db, sharedTrial(shared), "grid", Finished, accs, cached)
	if err := db.Occupy(run.ID, filepath.Join(shared, run.ID)); err != nil {
		t.Fatal(err)
	}
}

func sharedTrial(shared string) func(run string, n int) string {
	return func(run string, n int) string { return filepath.Join(shared, run, fmt.Sprintf("%06d", n)) }
}

// What a run has in a directory that machines share goes with the run, unless the
// workspace of another machine has a record of it too: then with the last of them.
func TestSharedDirectoriesGoWithTheLastRunThatNeedsThem(t *testing.T) {
	shared := t.TempDir()
	at := sharedTrial(shared)
	record := func(nights int) *DB {
		db := open(t)
		for range nights {
			nightShared(t, db, shared, []float64{0.1, 0.2}, nil)
		}
		return db
	}
	here, there := record(3), record(1)
	keep := map[string]Keep{"grid": {Runs: 1, Champions: true}}

	if err := os.WriteFile(filepath.Join(shared, "grid-2", occupants, ".tmp-1"), nil, 0o600); err != nil { // a process was killed
		t.Fatal(err)
	}
	g := remove(t, here, garbage(t, here, keep))
	if runs, _, _ := names(g); runs != "grid-2 grid-1" {
		t.Fatalf("removed %s", runs)
	}
	if g.Runs[0].Bytes < 800 || g.Runs[1].Bytes > 400 {
		t.Errorf("grid-2 took %d bytes and the rest of grid-1 %d, want eight files of 100 and none", g.Runs[0].Bytes, g.Runs[1].Bytes)
	}
	for run, stays := range map[string]bool{"grid-1": true, "grid-2": false, "grid-3": true} {
		if exists(filepath.Join(at(run, 0), "model", "weights")) != stays {
			t.Errorf("the models of %s are there: %t, want %t", run, !stays, stays)
		}
	}

	night(t, there, "grid", Finished, []float64{0.3}, nil)
	remove(t, there, garbage(t, there, keep))
	if exists(filepath.Join(shared, "grid-1")) {
		t.Error("nobody needs grid-1, and its directory is there")
	}
	if left, _ := filepath.Glob(filepath.Join(here.dir, "runs", "*", markFile)); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Models beyond those kept go from there as well, where no other workspace has them.
func TestSharedModels(t *testing.T) {
	shared := t.TempDir()
	db := open(t)
	for range 2 {
		nightShared(t, db, shared, []float64{0.1, 0.2, 0.3}, nil)
	}
	other := open(t)
	if err := other.Occupy(night(t, other, "grid", Finished, []float64{0.1}, nil).ID, filepath.Join(shared, "grid-1")); err != nil {
		t.Fatal(err)
	}
	_, models, _ := names(garbage(t, db, map[string]Keep{"grid": {Models: 1, Champions: true}}))
	if models != "grid-2/1 grid-2/0" {
		t.Errorf("models that go: %s", models)
	}
}

// A directory without this workspace's mark is not touched, whatever the record says.
func TestDirectoriesOfOthersAreLeftAlone(t *testing.T) {
	shared := t.TempDir()
	db := open(t)
	for range 2 {
		nightAt(t, db, func(run string, n int) string { return filepath.Join(shared, run, fmt.Sprint(n)) }, "grid", Finished, []float64{0.1}, nil)
	}
	keep := map[string]Keep{"grid": {Runs: 1, Champions: true}}
	remove(t, db, garbage(t, db, keep))
	if !exists(filepath.Join(shared, "grid-1", "0", "model")) {
		t.Error("a directory was removed that nobody had marked")
	}
}

// A workspace knows its marks again wherever it has been moved to: its machine, and its
// path there, are only told to people.
func TestMovedWorkspaceKnowsItsMarks(t *testing.T) {
	shared := t.TempDir()
	db := open(t)
	for range 2 {
		nightShared(t, db, shared, []float64{0.1}, nil)
	}
	to := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(db.dir, to); err != nil {
		t.Fatal(err)
	}
	db, err := Open(to)
	if err != nil {
		t.Fatal(err)
	}
	remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))
	if exists(filepath.Join(shared, "grid-1")) || !exists(filepath.Join(shared, "grid-2")) {
		t.Error("grid-1 is there still, or grid-2 is not")
	}
}

// A run's directory goes also where all of its trials were taken over from others.
func TestSharedDirectoryWithoutTrials(t *testing.T) {
	shared := t.TempDir()
	db := open(t)
	nightShared(t, db, shared, []float64{0.1}, nil)
	for range 2 {
		nightShared(t, db, shared, []float64{0.1}, map[int]string{0: "grid-1/0"})
	}
	g := remove(t, db, garbage(t, db, map[string]Keep{"grid": {Runs: 1, Champions: true}}))
	if runs, _, _ := names(g); runs != "grid-2" || exists(filepath.Join(shared, "grid-2")) || !exists(filepath.Join(shared, "grid-1")) {
		t.Errorf("removed %s; of grid-1, grid-2 and grid-3 the second was to go", runs)
	}
}

// Of a file system that is not there nobody can say that nothing is left on it.
func TestSharedFileSystemThatIsNotThere(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "shared")
	db := open(t)
	for range 2 {
		nightShared(t, db, shared, []float64{0.1}, nil)
	}
	keep := map[string]Keep{"grid": {Runs: 1, Champions: true}}
	g := garbage(t, db, keep)
	if err := os.Rename(shared, shared+"-away"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Garbage(keep); err == nil || !strings.Contains(err.Error(), "mount its file system") {
		t.Errorf("looked for garbage: %v", err)
	}
	if _, err := db.Remove(g, ""); err == nil || !strings.Contains(err.Error(), "mount its file system") {
		t.Errorf("removed: %v", err)
	}
	if err := os.Rename(shared+"-away", shared); err != nil {
		t.Fatal(err)
	}
	remove(t, db, garbage(t, db, keep))
	if exists(filepath.Join(shared, "grid-1")) || exists(db.runDir("grid-1")) {
		t.Error("grid-1 is there still")
	}
}

// Of a run that goes on everything stays: where its trials are need not be there.
func TestFileSystemOfARunThatGoesOnIsNotLookedAt(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "shared")
	db := open(t)
	run := nightAt(t, db, sharedTrial(shared), "tune", Running, []float64{0.1}, nil)
	if err := db.Occupy(run.ID, filepath.Join(shared, run.ID)); err != nil {
		t.Fatal(err)
	}
	night(t, db, "grid", Finished, []float64{0.1, 0.2}, nil)
	if err := os.Rename(shared, shared+"-away"); err != nil {
		t.Fatal(err)
	}
	if _, models, _ := names(garbage(t, db, map[string]Keep{"grid": {Models: 1, Champions: true}})); models != "grid-1/0" {
		t.Errorf("models that go: %s", models)
	}
}

// A removal of a model that is cut off is finished by the next one, where no other
// workspace needs it.
func TestRemovalsOfSharedModelsThatAreCutOff(t *testing.T) {
	shared := t.TempDir()
	at := sharedTrial(shared)
	db := open(t)
	for range 2 {
		nightShared(t, db, shared, []float64{0.1, 0.2}, nil)
	}
	dir := filepath.Join(at("grid-1", 0), "model")
	if err := os.Rename(dir, dir+goneAlong); err != nil {
		t.Fatal(err)
	}
	keep := map[string]Keep{"grid": {Models: 1, Champions: true}}
	before := garbage(t, db, keep)
	other := open(t)
	run := night(t, other, "grid", Finished, []float64{0.1}, nil)
	if err := other.Occupy(run.ID, filepath.Join(shared, "grid-1")); err != nil {
		t.Fatal(err)
	}
	if _, models, _ := names(remove(t, db, before)); strings.Contains(models, "grid-1") || !exists(dir+goneAlong) {
		t.Errorf("removed %s, which another workspace needs by now", models)
	}
	if err := other.vacate(filepath.Join(shared, "grid-1")); err != nil {
		t.Fatal(err)
	}
	if _, models, _ := names(remove(t, db, garbage(t, db, keep))); !strings.Contains(models, "grid-1/0") || exists(dir+goneAlong) {
		t.Errorf("removed %s, and half a model is left", models)
	}
}

// A removal that is cut off after the record is finished by the next one.
func TestRemovalsOfSharedDirectoriesThatAreCutOff(t *testing.T) {
	for name, until := range map[string]func(dir string) error{
		"at once": func(string) error { return nil },
		"half gone under another name": func(dir string) error {
			return errors.Join(os.Rename(dir, dir+goneAlong), os.RemoveAll(filepath.Join(dir+goneAlong, occupants)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := t.TempDir()
			dir := filepath.Join(shared, "grid-1")
			db := open(t)
			nightAt(t, db, func(_ string, n int) string { return filepath.Join(dir, fmt.Sprint(n)) }, "grid", Finished, []float64{0.1, 0.2}, nil)
			night(t, db, "grid", Finished, []float64{0.1}, nil)
			err := errors.Join(db.Occupy("grid-1", dir), db.mark(GarbageRun{Run: "grid-1", Shared: []string{dir}}))
			_, ferr := db.forget([]string{"grid-1"})
			if err := errors.Join(err, ferr, until(dir)); err != nil {
				t.Fatal(err)
			}
			remove(t, db, garbage(t, db, nil))
			if left, _ := filepath.Glob(filepath.Join(shared, "*")); len(left) > 0 || exists(db.runDir("grid-1")) {
				t.Errorf("what was left of the run is still there: %v", left)
			}
		})
	}
}
