//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/exec"
	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/runnertest"
	"github.com/inflame-deeplearning/sweep/runner/supervisor"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// TestMain lets this program be the child that the runner starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "trial" {
		if err := trialProcess(trialdir.Dir(os.Args[2])); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// trialProcess runs the command of a trial, as the real child does.
func trialProcess(dir trialdir.Dir) error {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM) // which is for the program
	own, err := supervisor.Start(dir, os.Stdin)
	if err != nil {
		return err
	}
	spec, err := dir.Spec()
	if err != nil {
		return err
	}
	var c exec.Config
	if err := schema.Decode(spec.Trial.Task.Model.Config, &c); err != nil {
		return err
	}
	if c.Argv[len(c.Argv)-1] == "crash" {
		fmt.Fprintln(os.Stderr, "segmentation fault")
		os.Exit(2)
	}
	trainer, err := exec.New(sweep.Spec{}, c)
	if err != nil {
		return err
	}
	result, err := trainer.Train(context.Background(), &model.Run{
		Trial: spec.Trial, Objectives: spec.Objectives, Dir: dir, Log: os.Stdout, Now: time.Now,
		Report:   func(step int, m sweep.Metrics) error { return dir.Append(sweep.Report{Step: step, Metrics: m}) },
		Stopping: dir.StopRequested,
	})
	if err != nil {
		return err
	}
	return own.End(result)
}

func build(t *testing.T, c Config) sweep.Runner {
	t.Helper()
	r, err := New(sweep.Spec{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContract(t *testing.T) {
	runnertest.Run(t, func(t *testing.T) sweep.Runner {
		t.Helper()
		return build(t, Config{Parallel: 1, Grace: 300 * time.Millisecond})
	})
}

func TestTimeout(t *testing.T) {
	r := build(t, Config{Parallel: 1, Timeout: 200 * time.Millisecond, Grace: 5 * time.Second})
	result, err := r.Run(t.Context(), runnertest.Job(t, "echo loss=1; sleep 100"), func(sweep.Report) {})
	if err != nil || result.Outcome != sweep.TimedOut || !strings.Contains(result.Message, "timeout of 200ms") {
		t.Errorf("Run = %+v, %v", result, err)
	}
}

func TestRetries(t *testing.T) {
	runnertest.Retries(t, func(t *testing.T, p runner.Policy) sweep.Runner {
		t.Helper()
		return build(t, Config{Parallel: 1, Retry: p, Grace: time.Second})
	})
}

// A trial that ran out of memory is tried again when no other runs, though there
// are slots: the other ends long after the pause.
func TestOutOfMemoryIsTriedAgainAlone(t *testing.T) {
	r := build(t, Config{Parallel: 2, Retry: runner.Policy{OutOfMemory: 1}})
	shared := t.TempDir()
	other := runnertest.Job(t, "cd "+shared+"; touch other; while ! test -e crowded; do sleep 0.01; done; sleep 2; rm other; echo loss=0")
	crowded := runnertest.Job(t, "cd "+shared+"; while ! test -e other -o -e crowded; do sleep 0.01; done; test -e other && { touch crowded; echo MemoryError; exit 1; }; echo loss=1")
	var group errgroup.Group
	group.Go(func() error {
		_, err := r.Run(t.Context(), other, func(sweep.Report) {})
		return err
	})
	loss := 0.0
	result, err := r.Run(t.Context(), crowded, func(rep sweep.Report) { loss = rep.Metrics["loss"] })
	if err := errors.Join(err, group.Wait()); err != nil || result.Outcome != sweep.Succeeded || result.Attempts != 2 || loss != 1 {
		t.Errorf("Run = %+v, %v, loss %g", result, err, loss)
	}
}

// Of four trials that run out of memory together, two run at once from then on, and
// also one that comes when the first of those have ended.
func TestParallelismIsHalved(t *testing.T) {
	r := build(t, Config{Parallel: 4, Retry: runner.Policy{OutOfMemory: runner.HalveParallelism}})
	shared := t.TempDir()
	const first = "if mkdir $SWEEP_TRIAL_DIR/again 2>/dev/null; then" +
		" touch came.$SWEEP_TRIAL; while test $(ls came.* | wc -l) -lt 4; do sleep 0.01; done; echo MemoryError; exit 1; fi; "
	const later = "touch runs.$SWEEP_TRIAL; ls runs.* | wc -l >> together; sleep 0.3; rm runs.$SWEEP_TRIAL; echo loss=1"
	var group errgroup.Group
	for n := range 5 {
		group.Go(func() error {
			script := "cd " + shared + "; SWEEP_TRIAL=" + fmt.Sprint(n) + "; " + first + later
			if n == 4 {
				script = "cd " + shared + "; SWEEP_TRIAL=4; " + later
			}
			result, err := r.Run(t.Context(), runnertest.Job(t, script), func(sweep.Report) {})
			if want := 2 - n/4; err != nil || result.Outcome != sweep.Succeeded || result.Attempts != want {
				t.Errorf("trial %d: %+v, %v, want %d attempts", n, result, err, want)
			}
			return nil
		})
	}
	_ = group.Wait() // the trials have said what was wrong
	together, err := os.ReadFile(filepath.Join(shared, "together"))
	if slots := r.(sweep.Slotted).Slots(); err != nil || slots != 2 {
		t.Errorf("%d slots, %v", slots, err)
	}
	for n := range strings.FieldsSeq(string(together)) {
		if n != "1" && n != "2" {
			t.Errorf("%s ran at once", n)
		}
	}
}

// So it is after a trial that ran out of memory while its runner was dead: as many are
// taken to have run as could.
func TestParallelismIsHalvedAfterwards(t *testing.T) {
	r := build(t, Config{Parallel: 4, Retry: runner.Policy{OutOfMemory: runner.HalveParallelism}})
	job := runnertest.Job(t, "echo loss=1")
	dir := trialdir.Dir(job.Trial.Dir)
	if err := errors.Join(dir.Create(trialdir.Spec{Trial: job.Trial}), dir.WriteOutcomeOf(0, sweep.Result{Outcome: sweep.OutOfMemory})); err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(t.Context(), job, func(sweep.Report) {})
	if slots := r.(sweep.Slotted).Slots(); err != nil || result.Outcome != sweep.Succeeded || result.Attempts != 2 || slots != 2 {
		t.Errorf("Run = %+v, %v; %d slots", result, err, slots)
	}
}

func TestCoresAreTakenOnce(t *testing.T) {
	folder := t.TempDir()
	mine, others := cores{[]int{2, 3, 5}, folder}, cores{[]int{3, 5, 7}, folder}
	first, giveBack := mine.take(2, 1)
	if fmt.Sprint(first) != "[3 5]" || name(first) != "cores 3,5" {
		t.Errorf("took %v", first)
	}
	if second, _ := others.take(2, 0); second != nil { // only 7 is free
		t.Errorf("took %v, which are taken", second)
	}
	third, back := others.take(1, 0)
	if fmt.Sprint(third) != "[7]" {
		t.Errorf("took %v, want 7: what could not be had whole is given back", third)
	}
	back()
	giveBack()
	if fourth, _ := others.take(3, 0); fmt.Sprint(fourth) != "[3 5 7]" {
		t.Errorf("took %v", fourth)
	}
}

func TestSharesOfCores(t *testing.T) {
	for name, test := range map[string]struct {
		config      Config
		slots, each int // on 8 cores
	}{
		"a core a trial":      {Config{}, 8, 1},
		"two cores a trial":   {Config{CoresPerTrial: 2}, 4, 2},
		"more than there are": {Config{CoresPerTrial: 9}, 1, 9},
		"few trials":          {Config{Parallel: 3}, 3, 2},
		"one trial":           {Config{Parallel: 1}, 1, 8},
		"many trials":         {Config{Parallel: 100}, 100, 1},
		"both":                {Config{Parallel: 2, CoresPerTrial: 3}, 2, 3},
	} {
		devices, each, err := test.config.devices(8)
		if err != nil || len(devices) != test.slots || each != test.each {
			t.Errorf("%s: %d slots of %d cores, %v; want %d of %d", name, len(devices), each, err, test.slots, test.each)
		}
	}
}

func TestCrashIsTold(t *testing.T) {
	j := runnertest.Job(t, "")
	j.Trial.Task.Model.Config = sweep.Object(map[string]sweep.Value{"argv": sweep.List(sweep.String("crash"))})
	result, err := build(t, Config{Parallel: 1}).Run(t.Context(), j, func(sweep.Report) {})
	if err != nil || result.Outcome != sweep.Failed || result.ExitCode != 2 || !strings.Contains(result.Message, "segmentation fault") {
		t.Errorf("Run = %+v, %v", result, err)
	}
}

func TestSlots(t *testing.T) {
	if n := build(t, Config{Parallel: 7}).(sweep.Slotted).Slots(); n != 7 {
		t.Errorf("%d slots, want 7", n)
	}
	if _, err := New(sweep.Spec{}, Config{GPUs: "all"}); err != nil && !strings.Contains(err.Error(), `gpus = "none" uses the cores`) {
		t.Errorf("New on a machine without GPUs: %v", err)
	}
}
