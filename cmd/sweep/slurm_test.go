//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner/slurm/slurmtest"
)

// profile is what a user of the test cluster has in runners.hcl.
const profile = `
runner "slurm" {
  dir  = "%s"
  poll = "300ms"
}
`

// onCluster starts a cluster that sweep finds by its user's profile, and answers the
// directory that its nodes share.
func onCluster(t *testing.T) (shared string) {
	t.Helper()
	shared = t.TempDir()
	onClusterOf(t, slurmtest.Setup{}, shared)
	return shared
}

func onClusterOf(t *testing.T, s slurmtest.Setup, shared string) {
	t.Helper()
	t.Setenv("SLURM_CONF", s.Start(t).Conf)
	user := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", user)
	if err := os.Mkdir(filepath.Join(user, "sweep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(user, "sweep", "runners.hcl"), fmt.Appendf(nil, profile, shared), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sweepCommand is the program with its workspace in dir.
func sweepCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("sweep") // testscript.Main put this program there
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--dir", dir}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

func mustRun(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := sweepCommand(t, dir, args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("sweep %s: %v\n%s", strings.Join(args, " "), err, words.String())
	}
}

// halving is a sweep whose trials are cut short.
const halving = `
maximize = "val_accuracy"
params {
  hidden        = [32, 64, 128, 256]
  learning_rate = [0.1, 0.03, 0.01, 0.003]
}
data "glyphs" {}
model "mlp" { hidden = [param.hidden] }
train {
  learning_rate = param.learning_rate
  epochs        = 9
}
stop "asha" {}
`

// The same file gives the same leaderboard on a cluster as on this machine, bit for
// bit, and with a stop rule that depends on who was quicker each variant once.
func TestSlurmSweep(t *testing.T) {
	shared := onCluster(t)
	here, there := t.TempDir(), t.TempDir()
	mustRun(t, here, "run", "-q", "../../examples/grid.hcl")
	mustRun(t, there, "run", "-q", "../../examples/grid.hcl", "--runner", "slurm")
	if want, got := board(t, here), board(t, there); want != got {
		t.Errorf("leaderboard on the cluster:\n%s\nhere:\n%s", got, want)
	}
	file := filepath.Join(t.TempDir(), "halving.hcl")
	writeSweep(t, file, halving)
	mustRun(t, there, "run", "-q", file, "--runner", "slurm")
	whole(t, there, "halving-1", 16)

	// What is not kept goes from the shared directory as well.
	writeSweep(t, file, halving+"keep { runs = 1 }\n")
	mustRun(t, there, "run", "-q", file, "--runner", "slurm", "--fresh")
	whole(t, there, "halving-2", 16)
	left, err := filepath.Glob(filepath.Join(shared, "*", "runs", "halving-*"))
	if err != nil || len(left) != 1 || !strings.HasPrefix(filepath.Base(left[0]), "halving-2-") {
		t.Errorf("of two runs, one of which is kept, there are %v (%v)", left, err)
	}
}

// Nodes and this machine see late what the others have written: nothing is lost by that,
// and nothing launched twice.
func TestSlurmLateFileSystem(t *testing.T) {
	shared, dir := t.TempDir(), t.TempDir()
	onClusterOf(t, slurmtest.Setup{Shared: shared}, shared)
	file := filepath.Join(t.TempDir(), "steps.hcl")
	writeSweep(t, file, fmt.Sprintf(steps, 16))
	kill(t, dir, 5, file)
	whole(t, dir, "steps-1", 16)
	launchedOnce(t, shared, 16)
	file = filepath.Join(t.TempDir(), "halving.hcl")
	writeSweep(t, file, halving)
	mustRun(t, dir, "run", "-q", file, "--runner", "slurm")
	whole(t, dir, "halving-1", 16)
}

// A run needs no terminal: a process in the background works on it, or a job.
func TestSlurmDetached(t *testing.T) {
	shared := onCluster(t)
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "steps.hcl")
	writeSweep(t, file, fmt.Sprintf(steps, 6))
	mustRun(t, dir, "run", "-q", file, "--detach")
	mustRun(t, dir, "stop", "-q", "steps")
	mustRun(t, dir, "run", "-q", file, "--detach=job")
	db, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		run, err := db.Find("steps-1")
		return err == nil && run.Status == results.Finished && len(squeue(t)) == 0
	})
	whole(t, dir, "steps-1", 6)
	if files, err := filepath.Glob(filepath.Join(shared, "*", "runs", "*", "*", "launches")); err != nil || len(files) != 6 {
		t.Errorf("%d trials were launched (%v), want 6", len(files), err)
	}
}

// squeue is what the cluster is busy with.
func squeue(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "squeue", "--noheader").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What sbatch says against a block is shown once, with the block.
func TestSlurmRefuses(t *testing.T) {
	onCluster(t)
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "refused.hcl")
	writeSweep(t, file, strings.Replace(fmt.Sprintf(steps, 6), "{ max_jobs = 8 }", "{\n  partition = \"nope\"\n}", 1))
	cmd := sweepCommand(t, dir, "run", "-q", file)
	var words bytes.Buffer
	cmd.Stderr = &words
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitUsage {
		t.Errorf("it ended with %v, want exit code %d", err, exitUsage)
	}
	text := strings.Join(strings.Fields(words.String()), " ")
	if strings.Count(text, "invalid partition specified: nope") != 1 || !strings.Contains(text, `runner "slurm" {`) {
		t.Errorf("it says\n%s", words.String())
	}
}

// The page and the example do as they say.
func TestSlurmDocs(t *testing.T) {
	shared := onCluster(t)
	runPage(t, "../../docs/slurm.md", map[string]string{"SLURM_CONF": os.Getenv("SLURM_CONF"), "XDG_CONFIG_HOME": os.Getenv("XDG_CONFIG_HOME")})
	dir := t.TempDir()
	mustRun(t, dir, "run", "-q", "../../examples/slurm.hcl", "--runner", "slurm", "--var", "shared="+shared)
	whole(t, dir, "slurm-1", 9)
}

func writeSweep(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// whole tells that a run has each of its variants once, with a result and a curve
// without gaps.
func whole(t *testing.T, dir, run string, variants int) {
	t.Helper()
	check(t, dir)
	db, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for trial, err := range db.Trials(run) {
		if err != nil {
			t.Fatal(err)
		}
		full, _, err := db.FindTrial(trial.Name())
		if err != nil {
			t.Fatal(err)
		}
		if seen[trial.ID] || !trial.Outcome.Ranked() {
			t.Errorf("trial %s (%s) is there twice, or has no result: %s %s", trial.Name(), trial.ID, trial.Outcome, trial.Message)
		}
		seen[trial.ID] = true
		for i, r := range full.Reports {
			if r.Step != i+1 {
				t.Errorf("trial %s: report %d is of step %d", trial.Name(), i, r.Step)
			}
		}
	}
	if len(seen) != variants {
		t.Errorf("%d variants, want %d", len(seen), variants)
	}
}

// steps is a command that counts its launches, and the steps it has made in all of
// them, and goes on from where it was.
const steps = `
minimize = "loss"
params { x = range(0, %d, 1) }
command {
  argv = ["sh", "-c", <<-EOT
    cd $SWEEP_TRIAL_DIR
    echo >> launches
    n=$(cat at 2>/dev/null || echo 0)
    while [ $n -lt 10 ]; do
      n=$((n + 1))
      echo "{\"step\": $n, \"loss\": $SWEEP_PARAM_X.$n}" >> metrics.jsonl
      echo $n > at.part && mv at.part at
      test -e stop && exit 0
      sleep 0.2
    done
  EOT
  ]
}
runner "slurm" { max_jobs = 8 }
`

// A run whose runner is killed again and again takes over the jobs that it finds: none
// is launched a second time.
func TestSlurmKilledRunner(t *testing.T) {
	shared := onCluster(t)
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "steps.hcl")
	writeSweep(t, file, fmt.Sprintf(steps, 20))
	kill(t, dir, 10, file)
	whole(t, dir, "steps-1", 20)
	launchedOnce(t, shared, 20)

	file = filepath.Join(t.TempDir(), "halving.hcl")
	writeSweep(t, file, halving)
	kill(t, dir, 5, file, "--runner", "slurm")
	whole(t, dir, "halving-1", 16)
	unlocked(t, shared)
}

// unlocked tells that nothing was ever locked in the directory that machines share.
func unlocked(t *testing.T, shared string) {
	t.Helper()
	err := filepath.WalkDir(shared, func(path string, e fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "lock") {
			t.Errorf("%s was locked", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// kill runs a sweep and kills it, so many times, at random moments, and lets it come to
// its end.
func kill(t *testing.T, dir string, times int, args ...string) {
	t.Helper()
	args = append([]string{"run", "-q"}, args...)
	r := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for range times {
		cmd := sweepCommand(t, dir, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(r.Float64()*float64(1500*time.Millisecond)), func() {
			_ = cmd.Process.Kill() // it may have ended
		})
		if cmd.Wait() != nil {
			killed++
		}
		timer.Stop()
	}
	mustRun(t, dir, args...)
	t.Logf("%d of %d runners were killed", killed, times)
}

// launchedOnce tells that as many trials were launched, each once.
func launchedOnce(t *testing.T, shared string, trials int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared, "*", "runs", "*", "*", "launches"))
	if err != nil || len(files) != trials {
		t.Errorf("%d trials were launched (%v), want %d", len(files), err, trials)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || len(text) != 1 {
			t.Errorf("%s: launched %d times (%v)", file, len(text), err)
		}
	}
}

// Another login node has another store, and finds the jobs all the same.
func TestSlurmRunnerOnAnotherMachine(t *testing.T) {
	shared := onCluster(t)
	file := filepath.Join(t.TempDir(), "steps.hcl")
	writeSweep(t, file, fmt.Sprintf(steps, 12))
	first := sweepCommand(t, t.TempDir(), "run", "-q", file)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	running := filepath.Join(shared, "*", "runs", "*", "000003-*", "metrics.jsonl")
	waitFor(t, func() bool { found, _ := filepath.Glob(running); return len(found) > 0 })
	second := t.TempDir()
	early := sweepCommand(t, second, "run", "-q", file)
	var words bytes.Buffer
	early.Stderr = &words
	if err := early.Run(); err == nil || !strings.Contains(words.String(), fmt.Sprintf("it is being worked on by process %d on ", first.Process.Pid)) {
		t.Errorf("a second runner beside the first ends with %v:\n%s", err, words.String())
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	mustRun(t, second, "run", "-q", file)
	whole(t, second, "steps-1", 12)
	launchedOnce(t, shared, 12)
}

func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for !so() {
		select {
		case <-ticks.C:
		case <-deadline:
			t.Fatal("it never came to be so")
		}
	}
}
