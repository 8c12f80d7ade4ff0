//go:build unix

package local

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

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
