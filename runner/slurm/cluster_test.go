//go:build linux

package slurm

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/exec"
	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/runnertest"
	"github.com/inflame-deeplearning/sweep/runner/slurm/slurmtest"
	"github.com/inflame-deeplearning/sweep/runner/supervisor"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// TestMain lets this program be what jobs run.
func TestMain(m *testing.M) {
	if len(os.Args) == 12 && os.Args[1] == "trial" {
		if err := trialProcess(os.Args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// trialProcess runs the command of a trial, as sweep trial does.
func trialProcess(args []string) error {
	index, _ := strconv.Atoi(args[5])
	start, _ := strconv.Atoi(args[9])
	own, dir, err := supervisor.Join(args[3], index, trialdir.Claim{Job: args[7], Start: start, Node: args[11]})
	if err != nil {
		return err
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	spec, err := dir.Spec()
	if err != nil {
		return err
	}
	var c exec.Config
	if err := schema.Decode(spec.Trial.Task.Model.Config, &c); err != nil {
		return err
	}
	trainer, err := exec.New(sweep.Spec{}, c)
	if err != nil {
		return err
	}
	stopping := false
	result, err := trainer.Train(context.Background(), &model.Run{
		Trial: spec.Trial, Objectives: spec.Objectives, Dir: dir, Log: os.Stdout, Now: time.Now,
		Report: func(step int, m sweep.Metrics) error { return dir.Append(sweep.Report{Step: step, Metrics: m}) },
		Stopping: func() bool {
			select {
			case <-asked:
				stopping = true
			default:
			}
			return stopping || dir.StopRequested()
		},
	})
	if err != nil {
		return err
	}
	return own.End(result)
}

// on is a runner of a test cluster.
func on(t *testing.T, cluster *slurmtest.Cluster, c Config) sweep.Runner {
	t.Helper()
	return by(t, c, commandsOf(cluster))
}

// by is a runner that looks often, of a cluster that has these commands.
func by(t *testing.T, c Config, run command) sweep.Runner {
	t.Helper()
	c.CPUs, c.Poll = max(c.CPUs, 1), 200*time.Millisecond
	if c.MaxJobs == 0 {
		c.MaxJobs = 8
	}
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Grace == 0 {
		c.Grace = 4 * time.Second
	}
	r, err := newRunner(c, run)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// commandsOf are Slurm's commands, for a test cluster.
func commandsOf(cluster *slurmtest.Cluster) command {
	return func(ctx context.Context, stdin, name string, args ...string) (string, error) {
		return execute(ctx, stdin, "env", append([]string{"SLURM_CONF=" + cluster.Conf, name}, args...)...)
	}
}

func TestClusterContract(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	runnertest.Run(t, func(t *testing.T) sweep.Runner {
		t.Helper()
		return on(t, c, Config{Grace: time.Second})
	})
	runnertest.Retries(t, func(t *testing.T, p runner.Policy) sweep.Runner {
		t.Helper()
		return on(t, c, Config{Retry: p})
	})
}
