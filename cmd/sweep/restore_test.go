//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/results"
)

// TestRestoredRunTrainsNothingTwice runs a sweep to its end, damages the store and
// restores a backup from the middle of the run: run again, it finds the trials that
// have ended since in their directories.
func TestRestoredRunTrainsNothingTwice(t *testing.T) {
	program, err := exec.LookPath("sweep")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	workspace, launches := filepath.Join(dir, "store"), filepath.Join(dir, "launches")
	file := filepath.Join(dir, "count.hcl")
	// The fourth trial waits until the backup was made.
	script := `echo $SWEEP_PARAM_X >> ` + launches + `
test $SWEEP_PARAM_X != 3 || { touch ` + dir + `/middle; while ! test -e ` + dir + `/go; do sleep 0.01; done; }
for i in 1 2 3; do echo \"{\\\"step\\\": $i, \\\"loss\\\": $((SWEEP_PARAM_X * 7 % 5 + i))}\" >> $SWEEP_TRIAL_DIR/metrics.jsonl; done`
	if err := os.WriteFile(file, []byte(`
minimize = "loss"
params {
  x = range(8)
}
command {
  argv = ["sh", "-c", "`+strings.ReplaceAll(script, "\n", "; ")+`"]
}
runner "local" {
  parallel = 1
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	sweep := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--dir", workspace}, args...)...)
		cmd.Stderr = os.Stderr
		return cmd
	}
	first := sweep("run", "-q", file)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the fourth trial starts", func() bool { _, err := os.Stat(filepath.Join(dir, "middle")); return err == nil })
	middle := filepath.Join(dir, "middle.db")
	if err := sweep("db", "backup", "-o", middle).Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	want := rows(t, workspace)
	if n := len(strings.Fields(read(t, launches))); n != 8 || len(want) != 8 {
		t.Fatalf("%d launches and %d rows of 8 trials", n, len(want))
	}

	store := filepath.Join(workspace, "results.db")
	if err := os.Truncate(store, 9000); err != nil {
		t.Fatal(err)
	}
	damaged := sweep("ls")
	var said bytes.Buffer
	damaged.Stderr = &said
	if err := damaged.Run(); err == nil || !strings.Contains(said.String(), "sweep: hint: sweep db restore "+store+".bak") {
		t.Errorf("ls on a damaged store: %v, %s", err, said.String())
	}
	restore := sweep("db", "restore", middle)
	restore.Stderr = io.Discard
	if err := restore.Run(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(store + ".damaged-1"); err != nil || info.Size() != 9000 {
		t.Errorf("the damaged store was not kept: %v", err)
	}
	if len(rows(t, workspace)) >= 8 {
		t.Error("the backup has all results: it is not from the middle")
	}
	if err := sweep("run", "-q", file).Run(); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, workspace); !slices.Equal(got, want) {
		t.Errorf("after the restore the leaderboard is\n%s\nbefore it was\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := read(t, launches); len(strings.Fields(text)) != 8 {
		t.Errorf("launched:\n%swant each of 8 trials once", text)
	}
	check(t, workspace)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows are the places on the leaderboard of the newest run, with their curves.
func rows(t *testing.T, workspace string) []string {
	t.Helper()
	db, err := results.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	run, err := db.Find("")
	if err != nil {
		t.Fatal(err)
	}
	best, err := db.Best(run.ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range best {
		trial, _, err := db.FindTrial(row.Trial.Name())
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(trial.Name(), trial.ID, trial.Params, trial.Outcome, trial.Steps, row.Mean)
		for _, r := range trial.Reports {
			line += fmt.Sprint(" ", r.Step, r.Metrics)
		}
		out = append(out, line)
	}
	return out
}
