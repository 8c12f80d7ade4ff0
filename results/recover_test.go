package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A trial is never launched in the directory of another, whose result it would have.
func TestLaunchClearsTheDirectoryOfAnother(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	rec := db.Record(run)
	old, launched := trial(run, 0, sweep.Running, 0), trial(run, 0, sweep.Running, 0)
	old.ID = "00000000000000ff"
	launched.Dir = db.TrialDir(run.ID, 0)
	dir := trialdir.Dir(launched.Dir)
	if err := dir.Create(trialdir.Spec{Trial: old}); err != nil {
		t.Fatal(err)
	}

	lock := flock.New(launched.Dir + "/lock")
	if _, err := lock.TryLock(); err != nil {
		t.Fatal(err)
	}
	if err := record(rec, launched); err == nil || !strings.Contains(err.Error(), "a process works in it") {
		t.Errorf("Put = %v, while a process works in the directory", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		put(t, rec, launched)
		if _, err := os.Stat(launched.Dir); err == nil {
			t.Error("the directory of another trial is still there")
		}
		if err := dir.Create(trialdir.Spec{Trial: old}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(launched.Dir+"/.tmp-1", nil, 0o600); err != nil { // its process was killed
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(launched.Dir + "-*/.tmp-*"); len(left) > 0 {
		t.Errorf("half-written: %v", left)
	}
	for _, name := range []string{"", "-2"} {
		if _, err := os.Stat(launched.Dir + "-" + old.ID + name); err != nil {
			t.Errorf("it was not kept: %v", err)
		}
	}

	if err := dir.Create(trialdir.Spec{Trial: launched}); err != nil {
		t.Fatal(err)
	}
	put(t, rec, launched)
	if _, err := dir.Spec(); err != nil {
		t.Errorf("the directory of the same trial is gone: %v", err)
	}
}

// Where machines share a file system nothing is locked: a trial's directory there is its
// own by its name.
func TestLaunchLeavesDirectoriesElsewhereAlone(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	old, launched := trial(run, 0, sweep.Running, 0), trial(run, 0, sweep.Running, 0)
	old.ID = "00000000000000ff"
	launched.Dir = t.TempDir()
	if err := trialdir.Dir(launched.Dir).Create(trialdir.Spec{Trial: old}); err != nil {
		t.Fatal(err)
	}
	put(t, db.Record(run), launched)
	found, err := filepath.Glob(launched.Dir + "*/*")
	if err != nil || len(found) != 1 || filepath.Base(found[0]) != "trial.json" {
		t.Errorf("there is %q (%v), want trial.json as it was", found, err)
	}
}
