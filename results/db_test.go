package results

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// TestMain lets a test run this program again as a process that writes.
func TestMain(m *testing.M) {
	if dir := os.Getenv("RESULTS_TEST_WRITER"); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

// open is a workspace that is checked when the test ends.
func open(tb testing.TB) *DB {
	tb.Helper()
	db, err := Open(filepath.Join(tb.TempDir(), ".sweep"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Check(); err != nil {
			tb.Errorf("the store disagrees with itself: %v", err)
		}
	})
	return db
}

func start(tb testing.TB, db *DB, r Run) Run {
	tb.Helper()
	if r.Sweep == "" {
		r.Sweep = "grid"
	}
	r.Objectives = []sweep.Objective{{Name: "acc", Goal: sweep.Maximize}}
	run, _, err := db.Start(r)
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

func trial(run Run, n int, outcome sweep.Outcome, acc float64) sweep.Trial {
	repeat := max(run.Repeat, 1)
	return sweep.Trial{
		Run: run.ID, Number: n, Variant: n / repeat, Repeat: n % repeat, ID: fmt.Sprintf("%016x", n+1), Outcome: outcome,
		Params: sweep.Params{"x": sweep.Int(int64(n))}, Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{"acc": acc}}, Seconds: 2,
	}
}

// record puts a trial and waits until it is durable.
func record(r *Recorder, t sweep.Trial, reports ...sweep.Report) error {
	if err := r.Put(t, reports...); err != nil {
		return err
	}
	return r.Sync()
}

func put(tb testing.TB, r *Recorder, t sweep.Trial, reports ...sweep.Report) {
	tb.Helper()
	if err := record(r, t, reports...); err != nil {
		tb.Fatal(err)
	}
}

func TestMissingStoreIsEmpty(t *testing.T) {
	db := open(t)
	if runs, err := db.Runs(); err != nil || len(runs) != 0 {
		t.Errorf("Runs = %v, %v", runs, err)
	}
	if _, err := db.Find(""); !errors.Is(err, ErrNotFound) {
		t.Errorf("Find = %v", err)
	}
	if _, _, err := db.FindTrial("grid-1/3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("FindTrial = %v", err)
	}
	if _, err := os.Stat(db.Dir()); err == nil {
		t.Error("looking made the directory")
	}
}

func TestStartResumesOnlyTheSameUnfinishedSweep(t *testing.T) {
	db := open(t)
	for _, step := range []struct {
		run     Run
		finish  Status
		id      string
		resumed bool
	}{
		{Run{Hash: "a"}, "", "grid-1", false},
		{Run{Hash: "a"}, Interrupted, "grid-1", true},
		{Run{Hash: "a"}, Failed, "grid-1", true},
		{Run{Hash: "b"}, Finished, "grid-2", false},
		{Run{Hash: "b"}, "", "grid-3", false},
		{Run{Hash: "b", Fresh: true}, "", "grid-4", false},
		{Run{Hash: "b", Sweep: "other"}, "", "other-1", false},
	} {
		if step.run.Sweep == "" {
			step.run.Sweep = "grid"
		}
		run, resumed, err := db.Start(step.run)
		if err != nil || run.ID != step.id || resumed != step.resumed || run.Status != Running {
			t.Errorf("Start(%+v) = %s, resumed %v, %v; want %s, %v", step.run, run.ID, resumed, err, step.id, step.resumed)
		}
		if step.finish != "" {
			if err := db.Finish(run.ID, step.finish, "", time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if run, err := db.Find("grid"); err != nil || run.ID != "grid-4" {
		t.Errorf("the newest of grid is %s, %v", run.ID, err)
	}
	if run, err := db.Find(""); err != nil || run.ID != "other-1" {
		t.Errorf("the newest is %s, %v", run.ID, err)
	}
	if _, err := db.Find("gird"); err == nil || !strings.Contains(err.Error(), `did you mean "grid"`) {
		t.Errorf("Find(gird) = %v", err)
	}
}

// The leaderboard's order is that of the values, for both goals, whatever they are.
func TestLeaderboardOrder(t *testing.T) {
	values := []float64{0.5, -3, 0, math.Inf(1), 1e-300, -1e300, 7, math.Inf(-1), 0.25, math.Copysign(0, -1)}
	for _, goal := range []sweep.Goal{sweep.Maximize, sweep.Minimize} {
		db := open(t)
		run, _, err := db.Start(Run{Sweep: "s", Objectives: []sweep.Objective{{Name: "acc", Goal: goal}}})
		if err != nil {
			t.Fatal(err)
		}
		rec := db.Record(run)
		for n, v := range values {
			put(t, rec, trial(run, n, sweep.Succeeded, v))
		}
		put(t, rec, trial(run, 10, sweep.Failed, 100))
		put(t, rec, trial(run, 11, sweep.Succeeded, math.NaN()))
		put(t, rec, trial(run, 12, sweep.Running, 100))
		rows, err := db.Best(run.ID, 100)
		if err != nil || len(rows) != len(values) {
			t.Fatalf("%d rows, %v; want %d", len(rows), err, len(values))
		}
		for i := 1; i < len(rows); i++ {
			a, b := rows[i-1].Trial.Best.Metrics["acc"], rows[i].Trial.Best.Metrics["acc"]
			if run.Objectives[0].Better(b, a) {
				t.Errorf("%s: %g stands before %g", goal, a, b)
			}
		}
	}
}

func TestLeaderboardRanksTheMeanOfRepeats(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{Repeat: 2})
	rec := db.Record(run)
	for n, acc := range []float64{0.9, 0.1, 0.6, 0.7} {
		put(t, rec, trial(run, n, sweep.Succeeded, acc))
	}
	rows, err := db.Best(run.ID, 10)
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	first := rows[0]
	if first.Number != 3 || math.Abs(first.Mean-0.65) > 1e-12 || math.Abs(first.SD-0.1/math.Sqrt2) > 1e-12 || first.Seeds != 2 {
		t.Errorf("first row %+v, want trial 3, mean 0.65 of two seeds", first)
	}
}

func TestTrialsAndReportsComeBack(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	rec := db.Record(run)
	tr := trial(run, 0, sweep.Running, 0)
	tr.Dir = db.TrialDir(run.ID, 0)
	put(t, rec, tr)
	for step := 1; step <= 3; step++ {
		put(t, rec, tr, sweep.Report{Step: step, Metrics: sweep.Metrics{"acc": float64(step), "loss": math.NaN()}})
	}
	put(t, rec, trial(run, 1, sweep.Running, 0), sweep.Report{Step: 7, Metrics: sweep.Metrics{"acc": 1}})
	put(t, rec, tr, sweep.Report{Step: 2, Metrics: sweep.Metrics{"acc": 20}}) // again, from a resumed trial: what came after is taken back
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	for n, want := range []int{2, 1} {
		if h, err := db.Record(run).Trials(); err != nil || len(h) != 2 || len(h[n].Reports) != want {
			t.Fatalf("Trials = %+v, %v; want %d reports of trial %d", h, err, want, n)
		}
	}
	rec = db.Record(run)
	last := sweep.Report{Step: 3, Metrics: sweep.Metrics{"acc": 30, "loss": math.NaN()}}
	put(t, rec, tr, last)
	tr.Outcome, tr.Best, tr.Steps = sweep.Succeeded, last, 3
	put(t, rec, tr)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	history, err := db.Record(run).Trials()
	if err != nil || len(history) != 2 || len(history[0].Reports) != 3 {
		t.Fatalf("Trials = %+v, %v", history, err)
	}
	got := history[0]
	if got.Dir != tr.Dir || got.Reports[1].Metrics["acc"] != 20 || !math.IsNaN(got.Reports[2].Metrics["loss"]) || got.Params["x"].Kind() != sweep.IntKind {
		t.Errorf("trial %+v", got)
	}
	for _, name := range []string{"grid-1/0", "grid/0", "0", got.ID[:6], got.ID} {
		if name == got.ID[:6] {
			continue // all digits: a number
		}
		if found, _, err := db.FindTrial(name); err != nil || found.ID != got.ID {
			t.Errorf("FindTrial(%s) = %s, %v", name, found.ID, err)
		}
	}
	if _, _, err := db.FindTrial("grid-1/x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("FindTrial(grid-1/x) = %v", err)
	}
}

func TestCachedNeedsAResultAndItsDirectory(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	rec := db.Record(run)
	tr := trial(run, 0, sweep.Failed, 1)
	tr.Dir = db.TrialDir(run.ID, 0)
	put(t, rec, tr)
	if _, ok, err := db.Cached(tr.ID); ok || err != nil {
		t.Errorf("a failed trial is cached: %v", err)
	}
	tr.Outcome = sweep.Succeeded
	put(t, rec, tr)
	if _, ok, err := db.Cached(tr.ID); ok || err != nil {
		t.Errorf("a trial without a directory is cached: %v", err)
	}
	if err := os.MkdirAll(tr.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := db.Cached(tr.ID); !ok || err != nil || got.Name() != "grid-1/0" {
		t.Errorf("Cached = %s, %v, %v", got.Name(), ok, err)
	}
}

func TestLockNamesTheHolder(t *testing.T) {
	db := open(t)
	release, err := db.Lock("grid-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lock("grid-1"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second Lock = %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if release, err = db.Lock("grid-1"); err != nil {
		t.Errorf("Lock after release = %v", err)
	} else if err := release(); err != nil {
		t.Fatal(err)
	}
}

func TestManyGoroutinesRecordTogether(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	rec := db.Record(run)
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() {
			tr := trial(run, n, sweep.Running, 0)
			if err := errors.Join(rec.Put(tr), rec.Put(tr, sweep.Report{Step: 1, Metrics: sweep.Metrics{"acc": float64(n)}})); err != nil {
				t.Error(err)
			}
			if err := record(rec, trial(run, n, sweep.Succeeded, float64(n))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := db.Find(run.ID)
	if err != nil || found.Counts[sweep.Succeeded] != 50 {
		t.Errorf("counts %v, %v", found.Counts, err)
	}
}

// writeForever records trials and tells each one that is durable.
func writeForever(dir string) {
	db, err := Open(dir)
	if err == nil {
		var run Run
		run, _, err = db.Start(Run{Sweep: "killed", Hash: "x", Objectives: []sweep.Objective{{Name: "acc", Goal: sweep.Maximize}}})
		rec := db.Record(run)
		for n := run.Trials(); err == nil; n++ {
			if err = record(rec, trial(run, n, sweep.Succeeded, float64(n))); err == nil {
				fmt.Fprintln(os.Stdout, n)
			}
		}
	}
	panic(err)
}

// A process killed at any moment loses nothing that it was told is durable,
// while others read and write.
func TestKilledWriterLosesNothing(t *testing.T) {
	db := open(t)
	r := rand.New(rand.NewPCG(1, 1))
	kills := 10
	if testing.Short() {
		kills = 3
	}
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "RESULTS_TEST_WRITER="+db.Dir())
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killer := time.AfterFunc(time.Duration(50+r.IntN(150))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for range 5 {
			if _, err := db.Runs(); err != nil {
				t.Error(err)
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the writer ended by itself")
		}
		killer.Stop()
		lines := strings.Fields(out.String())
		run, err := db.Find("killed")
		if err != nil && len(lines) > 0 {
			t.Fatal(err)
		}
		if len(lines) > 0 {
			var last int
			if _, err := fmt.Sscan(lines[len(lines)-1], &last); err != nil {
				t.Fatal(err)
			}
			if run.Trials() <= last {
				t.Errorf("%d trials recorded, number %d was said to be durable", run.Trials(), last)
			}
		}
		if err := db.Check(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedStoreIsTold(t *testing.T) {
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := start(t, db, Run{})
	put(t, db.Record(run), trial(run, 0, sweep.Succeeded, 1))
	content, err := os.ReadFile(db.path())
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"cut short":   func(b []byte) []byte { return b[:len(b)/3] },
		"not a store": func([]byte) []byte { return []byte(strings.Repeat("hello ", 4000)) },
		"zeros":       func(b []byte) []byte { return make([]byte, len(b)) },
	} {
		if err := os.WriteFile(db.path(), damage(slices.Clone(content)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Runs(); err == nil || !strings.Contains(err.Error(), db.path()) {
			t.Errorf("%s: Runs = %v, want an error that names the file", name, err)
		}
	}
}

func BenchmarkBest100k(b *testing.B) {
	db := open(b)
	run := start(b, db, Run{})
	rec := db.Record(run)
	const n = 100_000
	for from := 0; from < n; from += 10_000 { // the changes of one transaction
		rec.mu.Lock()
		for i := from; i < from+10_000; i++ {
			rec.next.add(trial(run, i, sweep.Succeeded, float64(i*7919%n)), nil)
		}
		if err := rec.flush(); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		rows, err := db.Best(run.ID, 1)
		if err != nil || len(rows) != 1 {
			b.Fatal(rows, err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	db := open(b)
	run := start(b, db, Run{})
	rec := db.Record(run)
	n := 0
	for b.Loop() {
		put(b, rec, trial(run, n, sweep.Succeeded, float64(n)))
		n++
	}
}

// Variants with an infeasible seed stand behind all others, by how far it is from
// being feasible.
func TestLeaderboardPutsFeasibleFirst(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{Repeat: 2})
	rec := db.Record(run)
	for n, seed := range []struct{ acc, violation float64 }{
		{0.9, 0.5},
		{0.9, 0.1},
		{0.1, 0},
		{0.3, 0},
		{0.8, 0},
		{0.9, 1e-300},
		{0.4, 0},
		{0.2, 0},
		{0.95, 0.5},
		{0.95, 0},
		{1, sweep.MaxViolation},
		{1, 0},
	} {
		tr := trial(run, n, sweep.Succeeded, seed.acc)
		tr.Violation = seed.violation
		put(t, rec, tr)
	}
	rows, err := db.Best(run.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, row := range rows {
		order = append(order, row.Number)
	}
	if want := []int{6, 3, 4, 9, 1, 11}; !slices.Equal(order, want) {
		t.Errorf("the trials on the board are %v, want %v", order, want)
	}
	if rows[0].Violation != 0 || rows[2].Violation != 1e-300 || rows[5].Violation != sweep.MaxViolation {
		t.Errorf("rows %+v", rows)
	}
}
