package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
)

// nothingWord makes this program one that runs trials that are nothing, so that
// its memory is that of the loop and the store alone.
const nothingWord = "nothing"

// cost is what that took.
type cost struct {
	Seconds float64 `json:"seconds"`
	Peak    int64   `json:"peak"` // bytes resident
}

// nothing has trials run that end at once.
func (b *bench) nothing(ctx context.Context) ([]figure, error) {
	cmd := exec.CommandContext(ctx, b.self, nothingWord, filepath.Join(b.dir, "nothing"), strconv.Itoa(b.trials))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	var c cost
	if err := json.Unmarshal(out.Bytes(), &c); err != nil {
		return nil, fmt.Errorf("read what it took: %w", err)
	}
	return []figure{
		{"durable trials per second, 16 slots, in process", fmt.Sprintf("%.0f", float64(b.trials)/c.Seconds), ""},
		{fmt.Sprintf("memory at %d trials", b.trials), fmt.Sprintf("%d MB", c.Peak/1e6), ""},
	}, nil
}

// idle is a sweep.Runner whose trials report once and end.
type idle struct{}

func (idle) Slots() int { return 16 }

func (idle) Run(_ context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	x, _ := j.Trial.Params["x"].AsFloat()
	report(sweep.Report{Step: 1, Metrics: sweep.Metrics{"loss": x * x}})
	return sweep.Result{Outcome: sweep.Succeeded}, nil
}

// nothing runs so many trials in a workspace.
func nothing(ctx context.Context, args []string, out io.Writer) error {
	var dir string
	var n int
	if _, err := fmt.Sscan(args[0]+" "+args[1], &dir, &n); err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	debug.SetGCPercent(50) // as sweep run has it
	db, err := results.Open(dir)
	if err != nil {
		return err
	}
	var space sweep.Space
	for _, name := range []string{"x", "y", "z", "a", "b", "c", "d", "e"} {
		space.Axes = append(space.Axes, sweep.Axis{Names: []string{name}, Domain: func(sweep.Params) (sweep.Domain, error) {
			return sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1}, nil
		}})
	}
	spec := sweep.Spec{
		Name: "nothing", Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}, Space: space, Repeat: 1,
		Limits: sweep.Limits{Trials: n},
		Resolve: func(p sweep.Params) (sweep.Task, uint64, error) {
			return sweep.Task{Train: sweep.Object(map[string]sweep.Value(p))}, 1, nil
		},
	}
	searcher, err := random.New(spec, random.Config{Trials: n, Seed: 1})
	if err != nil {
		return err
	}
	run, _, err := db.Start(results.Run{Sweep: spec.Name, Objectives: spec.Objectives, Params: space.Names()})
	if err != nil {
		return err
	}
	record := db.Record(run)
	start := time.Now() //nolint:forbidigo // it measures
	if _, err := (sweep.Loop{
		Spec: spec, Run: run.ID, Searcher: searcher, Runner: idle{}, Store: record,
		Prepare:  func(context.Context, sweep.Task) (string, error) { return "", nil },
		TrialDir: func(t sweep.Trial) string { return db.TrialDir(run.ID, t.Number) },
		Now:      time.Now, //nolint:forbidigo // it measures
		Total:    n,
	}).Do(ctx); err != nil {
		return err
	}
	if err := record.Close(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(cost{time.Since(start).Seconds(), process.Peak(os.Getpid())})
}
