package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// wholes are races of whole processes that train on MNIST for an epoch: from
// their start to their end, and the memory of the largest.
type wholes struct {
	options
	peer string
	dir  string // of the sweep command, its files and workspaces; made at first
	cold int    // workspaces without prepared data so far
}

func newWholes(o options, peer string) *wholes { return &wholes{options: o, peer: peer} }

func (w *wholes) close() error {
	if w.dir == "" {
		return nil
	}
	return os.RemoveAll(w.dir)
}

// sweepFile is one trial that does what `peer.py whole` does.
const sweepFile = `maximize = "val_accuracy"
params {
  epochs = [1]
}
data "idx" {
  dir = %q
}
%s
train {
  optimizer  = "adam"
  batch_size = 64
  epochs     = param.epochs
}
`

var models = map[string]string{
	"mlp": `model "mlp" {
  hidden = [256, 128]
}`,
	"cnn": `model "cnn" {
  conv  = [{ channels = 16, pool = 2 }, { channels = 32, pool = 2 }]
  dense = [128]
}`,
}

func (w *wholes) races() []race {
	if w.data == "" {
		return nil
	}
	seconds := func(u usage) float64 { return u.seconds }
	megabytes := func(u usage) float64 { return u.peak / 1e6 }
	const mlp = "MNIST mlp, one epoch, start to exit"
	return []race{
		{group: "whole", name: mlp, unit: "s", less: true, ours: w.ours("mlp", false, seconds), theirs: w.theirs("mlp", seconds), peer: w.peer},
		{group: "whole", name: mlp + ", first use", unit: "s", less: true, ours: w.ours("mlp", true, seconds), theirs: w.theirs("mlp", seconds), peer: w.peer},
		{group: "memory", name: "MNIST cnn, one epoch, most memory", unit: "MB", less: true, ours: w.ours("cnn", false, megabytes), theirs: w.theirs("cnn", megabytes), peer: w.peer},
	}
}

// ours is `sweep run`, which starts `sweep trial`; in a new workspace it also
// prepares the data.
func (w *wholes) ours(model string, fresh bool, of func(usage) float64) contender {
	return func(ctx context.Context) (answer, error) {
		if err := w.build(ctx); err != nil {
			return answer{}, err
		}
		workspace := filepath.Join(w.dir, "prepared")
		if fresh {
			w.cold++
			workspace = filepath.Join(w.dir, fmt.Sprint("new", w.cold))
		}
		return measured(exec.CommandContext(ctx, filepath.Join(w.dir, "sweep"), "--quiet", "--dir", workspace, "run", "--fresh", filepath.Join(w.dir, model+".hcl")), of)
	}
}

func (w *wholes) theirs(model string, of func(usage) float64) contender {
	return func(ctx context.Context) (answer, error) {
		return measured(exec.CommandContext(ctx, w.python, "-c", peer, "whole", model, w.data, "1"), of)
	}
}

// build makes the sweep command and the sweep files, once.
func (w *wholes) build(ctx context.Context) error {
	if w.dir != "" {
		return nil
	}
	data, err := filepath.Abs(w.data)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	w.dir = dir
	for name, model := range models {
		if err := os.WriteFile(filepath.Join(dir, name+".hcl"), fmt.Appendf(nil, sweepFile, data, model), 0o600); err != nil {
			return err
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "sweep"), "github.com/inflame-deeplearning/sweep/cmd/sweep")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build sweep: %w: %s", err, out)
	}
	return nil
}

// usage is what a process and its children took.
type usage struct {
	seconds float64
	peak    float64 // bytes, of the largest of them
}

func measured(cmd *exec.Cmd, of func(usage) float64) (answer, error) {
	cmd.Env = append(os.Environ(), limits(1)...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	start := time.Now() //nolint:forbidigo // a stopwatch
	err := cmd.Run()
	u := usage{seconds: time.Since(start).Seconds()}
	if err != nil {
		return answer{}, fmt.Errorf("run %s: %w: %s", cmd.Path, err, said.String())
	}
	u.peak = peakMemory(cmd.ProcessState)
	v := of(u)
	if v == 0 {
		return answer{}, errors.New("this system does not tell how much memory a process took")
	}
	return answer{Rate: v}, nil
}
