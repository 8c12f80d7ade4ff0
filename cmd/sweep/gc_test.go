package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// A removal is killed at any moment, again and again; the store is consistent after
// each kill, what stays keeps its leaderboard, and in the end nothing else is left.
func TestKilledRemovals(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills and starts again")
	}
	program, err := exec.LookPath("sweep")
	if err != nil {
		t.Fatal(err)
	}
	const runs, trials, kept = 40, 5, 3
	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, "a.hcl"), fmt.Appendf(nil, "name = \"a\"\nminimize = \"loss\"\nparams {\n  x = [1]\n}\ncommand {\n  argv = [\"true\"]\n}\nkeep {\n  runs   = %d\n  models = 4\n}\n", kept), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := results.Open(filepath.Join(work, ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	for r := range runs {
		run, _, err := db.Start(results.Run{Sweep: "a", File: "a.hcl", Hash: fmt.Sprint(r), Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}})
		if err != nil {
			t.Fatal(err)
		}
		recorder := db.Record(run)
		for n := range trials {
			dir := db.TrialDir(run.ID, n)
			for _, d := range []string{"model", "checkpoint"} {
				if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "model", "model.json"), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
			best := sweep.Report{Step: 1, Metrics: sweep.Metrics{"loss": float64((r*trials + n) * 7919 % 1000)}}
			if err := recorder.Put(sweep.Trial{Run: run.ID, Number: n, Variant: n, ID: fmt.Sprintf("%016x", r*trials+n), Dir: dir, Outcome: sweep.Succeeded, Best: best, Steps: 1}, best); err != nil {
				t.Fatal(err)
			}
		}
		if err := recorder.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Finish(run.ID, results.Finished, "complete", time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	var want []results.Row
	board := func() []results.Row {
		rows, err := db.Best(fmt.Sprintf("a-%d", runs), trials)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	want = board()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	stages := map[int]int{} // how many runs were left after each kill
	for killed < 60 {       // each lives a little longer, until one comes to its end
		cmd := exec.Command(program, "gc") //nolint:noctx // it is killed
		cmd.Dir = work
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(random.IntN(20_000*(killed+2)))*time.Microsecond, func() { _ = cmd.Process.Kill() }) // it may have ended
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		killed++
		now, err := db.Runs()
		if err != nil {
			t.Fatal(err)
		}
		stages[len(now)]++
		if err := db.Check(); err != nil {
			t.Fatalf("after %d kills: %v", killed, err)
		}
		for i, row := range board() {
			if row.Trial.Name() != want[i].Trial.Name() || row.Mean != want[i].Mean {
				t.Fatalf("after %d kills place %d is %s", killed, i, row.Trial.Name())
			}
		}
	}
	t.Logf("%d kills; runs left, and after how many of them: %v", killed, stages)
	cmd := exec.Command(program, "gc") //nolint:noctx // it ends
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left, err := db.Runs()
	if err != nil || len(left) != kept {
		t.Fatalf("%d runs are left, want %d: %v", len(left), kept, err)
	}
	for pattern, n := range map[string]int{"runs/*": kept, "runs/*/0*": kept * trials, "runs/*/0*/*.removed": 0, "runs/*/removed": 0} {
		if found, err := filepath.Glob(filepath.Join(work, ".sweep", pattern)); err != nil || len(found) != n {
			t.Errorf("%s: %v, want %d", pattern, found, n)
		}
	}
	if models, err := filepath.Glob(filepath.Join(work, ".sweep", "runs/*/0*/model")); err != nil || len(models) < 4 || len(models) > 5 {
		t.Errorf("models %v", models)
	}
}
