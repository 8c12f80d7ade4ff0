//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
)

// TestKilledRunsEndAsUndisturbedOnes kills the main job with SIGKILL at random
// moments and starts it again, twenty times, then lets it end: every variant is
// there exactly once, and the leaderboard is that of a run nobody disturbed.
func TestKilledRunsEndAsUndisturbedOnes(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 5
	}
	sweep, err := exec.LookPath("sweep") // testscript.Main put this program there
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs("../../examples/grid.hcl")
	if err != nil {
		t.Fatal(err)
	}
	start := func(dir string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), sweep, "--dir", dir, "run", "-q", file)
		cmd.Stderr = os.Stderr
		return cmd
	}
	undisturbed := t.TempDir()
	began := time.Now()
	if err := start(undisturbed).Run(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)

	disturbed := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for range kills {
		cmd := start(disturbed)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// A moment in the first tenth of the work: twenty of them get through
		// all of it, with little left for the end.
		timer := time.AfterFunc(time.Duration(r.Float64()*float64(whole)/10), func() {
			_ = cmd.Process.Kill() // it may have ended
		})
		if err := cmd.Wait(); err != nil {
			killed++
		}
		timer.Stop()
		check(t, disturbed)
	}
	if killed == 0 {
		t.Error("no run was killed: the moments were too late")
	}
	if err := start(disturbed).Run(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d runs were killed", killed, kills)

	want, got := board(t, undisturbed), board(t, disturbed)
	if want != got {
		t.Errorf("leaderboard after %d kills:\n%s\nundisturbed:\n%s", killed, got, want)
	}
	check(t, disturbed)
	if left := processesIn(t, disturbed); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
}

func check(t *testing.T, dir string) {
	t.Helper()
	db, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Check(); err != nil {
		t.Fatal(err)
	}
}

// board is every trial of run grid-1 with what it measured, the best first, without
// what depends on time.
func board(t *testing.T, dir string) string {
	t.Helper()
	db, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Best("grid-1", 100)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	seen := map[string]bool{}
	for _, row := range rows {
		trial, _, err := db.FindTrial(row.Trial.Name())
		if err != nil {
			t.Fatal(err)
		}
		if seen[trial.ID] {
			t.Errorf("trial %s is on the leaderboard twice", trial.ID)
		}
		seen[trial.ID] = true
		line := []any{trial.Name(), trial.ID, trial.Params, trial.Outcome, trial.Steps}
		for i, r := range trial.Reports {
			if r.Step != i+1 {
				t.Errorf("trial %s: report %d is of step %d", trial.Name(), i+1, r.Step)
			}
			delete(r.Metrics, "samples_per_second")
			line = append(line, r.Metrics)
		}
		text, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	if len(rows) != 12 {
		t.Errorf("%d variants on the leaderboard, want 12", len(rows))
	}
	return b.String()
}

// processesIn lists the processes whose arguments name dir.
func processesIn(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && bytes.Contains(text, []byte(dir)) {
			left = append(left, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return strings.Join(left, "\n")
}

// daemons is a sweep of one command that starts a program in its group, and one in
// a session of its own that ignores being asked to end; dir is where it runs.
func daemons(t *testing.T) (dir, file string) {
	t.Helper()
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("processes are looked up in /proc")
	}
	dir = t.TempDir()
	file = filepath.Join(dir, "daemons.hcl")
	text := fmt.Sprintf(`
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["sh", "-c", <<-SH
    test -e again && { echo loss=1; exit; }
    (setsid sh -c 'trap "" TERM HUP; touch daemon; while :; do sleep 1000; done' %[1]q > /dev/null 2>&1 < /dev/null &)
    sh -c 'touch child; while :; do sleep 1000; done' %[1]q &
    while ! test -e daemon || ! test -e child; do sleep 0.01; done
    touch ready
    wait
  SH
  , %[1]q]
  dir = %[1]q
}
metric "loss" {
  pattern = "loss=([0-9]+)"
}
runner "local" {
  retry = { lost = 0 }
}
`, dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// begin starts the sweep of daemons, and waits until its processes are there.
func begin(t *testing.T, dir, file string) *exec.Cmd {
	t.Helper()
	sweep, err := exec.LookPath("sweep")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), sweep, "--dir", filepath.Join(dir, "store"), "run", "-q", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the program starts", func() bool { _, err := os.Stat(filepath.Join(dir, "ready")); return err == nil })
	return cmd
}

// TestNoProcessOutlivesAKilledRunner kills the runner of a command that has a
// child of its own and a daemon, and waits for all to go.
func TestNoProcessOutlivesAKilledRunner(t *testing.T) {
	dir, file := daemons(t)
	cmd := begin(t, dir, file)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the runner ended well")
	}
	eventually(t, "all its processes end", func() bool { return processesIn(t, dir) == "" })
}

// TestNoProcessOutlivesAKilledTrial kills the trial's process, which would have
// ended what it has started: the runner does.
func TestNoProcessOutlivesAKilledTrial(t *testing.T) {
	dir, file := daemons(t)
	cmd := begin(t, dir, file)
	for _, pid := range trialProcesses(t, dir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("the run ended with %v, want exit code %d", err, exitFailed)
	}
	if left := processesIn(t, dir); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
}

// TestRunEndsOrphansOfTheLast kills a runner and its trial at once, so that nobody
// is left to end what they have started: the run that goes on with theirs does.
func TestRunEndsOrphansOfTheLast(t *testing.T) {
	dir, file := daemons(t)
	cmd := begin(t, dir, file)
	pids := append(trialProcesses(t, dir), cmd.Process.Pid)
	for _, pid := range pids { // halted, neither sees the other's end
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the runner ended well")
	}
	if processesIn(t, dir) == "" {
		t.Fatal("there is no orphan to end")
	}
	if err := os.WriteFile(filepath.Join(dir, "again"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), cmd.Path, cmd.Args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left := processesIn(t, dir); left != "" {
		t.Errorf("processes are left:\n%s", left)
	}
	left, err := filepath.Glob(filepath.Join(dir, "store", "runs", "*", "*", "processes"))
	if err != nil || left != nil {
		t.Errorf("records of processes are left: %v (%v)", left, err)
	}
}

// trialProcesses are the numbers of the processes sweep trial DIR of a store in dir.
func trialProcesses(t *testing.T, dir string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || !bytes.Contains(text, []byte("\x00trial\x00"+dir)) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(f, "/")[2])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pid)
	}
	if len(out) != 1 {
		t.Fatalf("processes %d are of trials, want one", out)
	}
	return out
}

// eventually waits until ok, at most ten seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for !ok() {
		select {
		case <-ticks.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
