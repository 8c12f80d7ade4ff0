//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/results"
)

// patient is a sweep of trials that go on until a file is there, and then, or when they
// are asked to, end with what they have.
const patient = `
minimize = "loss"
params { x = range(0, 5, 1) }
command {
  argv = ["sh", "-c", <<-EOT
    cd $SWEEP_TRIAL_DIR
    echo >> launches
    n=$(cat at 2>/dev/null || echo 0)
    while :; do
      n=$((n + 1))
      echo "trial $SWEEP_PARAM_X is at $n"
      echo "{\"step\": $n, \"loss\": $SWEEP_PARAM_X.$n}" >> metrics.jsonl
      echo $n > at.part && mv at.part at
      test -e stop -o -e %s && exit 0
      sleep 0.2
    done
  EOT
  ]
}
runner "slurm" { max_jobs = 2 }
`

// background is a sweep command that goes on.
type background struct {
	*exec.Cmd
	said bytes.Buffer
}

func inBackground(t *testing.T, dir string, args ...string) *background {
	t.Helper()
	b := &background{Cmd: sweepCommand(t, dir, args...)}
	b.Stdout, b.Stderr = &b.said, &b.said
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	return b
}

// says tells that a command does its work, and says something.
func says(t *testing.T, want, dir string, args ...string) {
	t.Helper()
	cmd := sweepCommand(t, dir, args...)
	cmd.Stderr = nil
	text, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(text), want) {
		t.Errorf("sweep %s: %v, it says %q, want %q", strings.Join(args, " "), err, text, want)
	}
}

// outcomes are how many trials of the newest run ended how, as ls says.
func outcomes(t *testing.T, dir string) (status string, trials map[string]int) {
	t.Helper()
	out, err := sweepCommand(t, dir, "ls", "--json").Output()
	var runs []results.RunJSON
	if err == nil {
		err = json.Unmarshal(out, &runs)
	}
	if err != nil || len(runs) == 0 {
		t.Fatalf("sweep ls: %v\n%s", err, out)
	}
	maps.DeleteFunc(runs[0].Trials, func(_ string, n int) bool { return n == 0 })
	delete(runs[0].Trials, "total")
	return string(runs[0].Status), runs[0].Trials
}

// A run on a cluster is listed, watched and steered as one on this machine.
func TestSlurmSteered(t *testing.T) {
	shared := onCluster(t)
	dir, enough := t.TempDir(), filepath.Join(t.TempDir(), "enough")
	file := filepath.Join(t.TempDir(), "patient.hcl")
	writeSweep(t, file, fmt.Sprintf(patient, enough))
	running := func(want int) {
		t.Helper()
		waitFor(t, func() bool {
			status, trials := outcomes(t, dir)
			return status == "running" && trials["running"] == want && strings.Count(squeue(t), " R ") == want
		})
	}
	at := func(trial, step int) string { // what it has printed by then
		text := fmt.Sprintf("trial %d is at %d\n", trial, step)
		waitFor(t, func() bool {
			cmd := sweepCommand(t, dir, "logs", fmt.Sprintf("patient-1/%d", trial))
			cmd.Stderr = nil // it may have printed nothing yet
			out, err := cmd.Output()
			return err == nil && strings.Contains(string(out), text)
		})
		return text
	}

	first := inBackground(t, dir, "run", file)
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "results.db")); return err == nil })
	running(2)
	watch := inBackground(t, dir, "watch", "patient")
	says(t, at(0, 2), dir, "logs", "patient-1/0")

	at(1, 1)
	says(t, "trial patient-1/0 stopped: ended by hand", dir, "kill", "patient-1/0")
	running(2)
	at(2, 1)
	says(t, "", dir, "set", "patient", "parallel=3")
	running(3)

	says(t, "run patient-1 is paused", dir, "pause")
	waitFor(t, func() bool { _, trials := outcomes(t, dir); return trials["running"] == 0 && len(squeue(t)) == 0 })
	says(t, "run patient-1 goes on", dir, "resume")
	running(3)

	says(t, "run patient-1 has stopped; 4 trials: 1 stopped, 3 cancelled", dir, "stop")
	_ = first.Wait() // it says by its exit code that it is not finished
	for _, want := range []string{"sweep: trial 0 ended by hand\n", "sweep: 3 trials at a time\n", "sweep: paused\n", "sweep: going on\n", "run patient-1: stopped by hand; "} {
		if !strings.Contains(first.said.String(), want) {
			t.Errorf("the run says\n%s, want %q", first.said.String(), want)
		}
	}
	if err := watch.Wait(); err != nil || !strings.Contains(watch.said.String(), "trial patient-1/0 stopped") || !strings.Contains(watch.said.String(), "\n1  ") {
		t.Errorf("watch: %v\n%s", err, watch.said.String())
	}

	second := inBackground(t, dir, "run", "-q", file)
	running(2)
	says(t, "run patient-1 has stopped; 4 trials: 1 stopped, 3 cancelled", dir, "stop", "--now")
	_ = second.Wait() // as before
	waitFor(t, func() bool { return len(squeue(t)) == 0 })

	writeSweep(t, enough, "")
	mustRun(t, dir, "run", "-q", file)
	whole(t, dir, "patient-1", 5)
	if status, trials := outcomes(t, dir); status != "finished" || !maps.Equal(trials, map[string]int{"stopped": 1, "succeeded": 4}) {
		t.Errorf("in the end the run is %s, and its trials %v", status, trials)
	}
	for i, want := range []int{1, 4, 4, 4, 1} {
		found, _ := filepath.Glob(filepath.Join(shared, "*", "runs", "*", fmt.Sprintf("%06d-*", i), "launches"))
		if len(found) != 1 {
			t.Fatalf("trial %d was launched in %q", i, found)
		}
		if text, err := os.ReadFile(found[0]); err != nil || len(text) > want {
			t.Errorf("trial %d was launched %d times (%v), want %d", i, len(text), err, want)
		}
	}
}
