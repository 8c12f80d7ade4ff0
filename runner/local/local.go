// Package local runs trials on this machine: one child process a trial, on a
// core or on a share of a GPU.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Config is the runner "local" block.
type Config struct {
	_            struct{}      `doc:"This machine: a child process a trial, a trial a core or a share of a GPU."`
	Parallel     int           `hcl:"parallel" doc:"Trials at once. 0: one a core, or as the GPUs say." default:"0" min:"0" max:"4096"`
	GPUs         string        `hcl:"gpus" doc:"GPUs to share out: \"none\", \"all\", or their numbers, \"0,2\". A trial sees its own through CUDA_VISIBLE_DEVICES. The built-in models train on cores." default:"none"`
	TrialsPerGPU int           `hcl:"trials_per_gpu" doc:"Trials at once on each GPU." default:"1" min:"1" max:"64"`
	Timeout      time.Duration `hcl:"timeout" doc:"Longest time for a trial; 0s: any." default:"0s"`
	Retries      int           `hcl:"retries" doc:"Further attempts at a trial that failed; each goes on from the last checkpoint." default:"0" min:"0" max:"100"`
	Grace        time.Duration `hcl:"grace" doc:"Time a trial has to write a checkpoint and end before it is killed." default:"10s"`
}

// New is the runner of this machine. The error is for GPUs that are not there.
func New(_ sweep.Spec, c Config) (sweep.Runner, error) {
	devices, err := c.devices()
	if err != nil {
		return nil, err
	}
	r := &local{Config: c, devices: make(chan device, len(devices))}
	for _, d := range devices {
		r.devices <- d
	}
	return runner.Retry(r, c.Retries), nil
}

// device is what a slot gives its trial: a core, or a share of a GPU.
type device struct {
	name    string
	visible string // CUDA_VISIBLE_DEVICES
}

func (c Config) devices() ([]device, error) {
	var out []device
	if c.GPUs == "none" || c.GPUs == "" {
		n := c.Parallel
		if n == 0 {
			n = runtime.NumCPU()
		}
		for i := range n {
			out = append(out, device{name: fmt.Sprintf("core %d", i)})
		}
		return out, nil
	}
	found := gpu.Probe()
	if len(found.GPUs) == 0 {
		return nil, fmt.Errorf("gpus = %q: %s; sweep doctor says more, gpus = \"none\" uses the cores", c.GPUs, found.Reason)
	}
	var numbers []int
	if c.GPUs == "all" {
		for i := range found.GPUs {
			numbers = append(numbers, i)
		}
	} else {
		for text := range strings.SplitSeq(c.GPUs, ",") {
			i, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || i < 0 || i >= len(found.GPUs) {
				return nil, fmt.Errorf("gpus = %q: write \"none\", \"all\" or numbers from 0 to %d, as in \"0,2\"", c.GPUs, len(found.GPUs)-1)
			}
			numbers = append(numbers, i)
		}
	}
	for range c.TrialsPerGPU { // the first share of every GPU before any second one
		for _, i := range numbers {
			out = append(out, device{fmt.Sprintf("gpu %d", i), strconv.Itoa(i)})
		}
	}
	if c.Parallel > 0 {
		out = out[:min(c.Parallel, len(out))]
	}
	return out, nil
}

type local struct {
	Config
	devices chan device // those that are free
}

func (r *local) Slots() int { return cap(r.devices) }

// Run starts the trial's process and follows it to its end.
func (r *local) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	var d device
	select {
	case d = <-r.devices:
		defer func() { r.devices <- d }()
	case <-ctx.Done():
		return sweep.Result{Outcome: sweep.Cancelled}, nil
	}
	dir := trialdir.Dir(j.Trial.Dir)
	if err := awaitOther(ctx, dir); err != nil {
		return sweep.Result{}, err
	}
	done, ended, err := dir.Outcome()
	if err != nil {
		return sweep.Result{}, err
	}
	if ended && done.Outcome != sweep.Cancelled { // it ended while nobody watched
		return done, passOn(dir.Tail(), report)
	}
	if err := errors.Join(dir.ClearOutcome(), dir.Create(trialdir.Spec{Trial: j.Trial, Objectives: j.Objectives, Feasible: j.Feasible, CacheDir: j.CacheDir})); err != nil {
		return sweep.Result{}, err
	}
	c, err := r.start(dir, j.Trial, d)
	if err != nil {
		return sweep.Result{}, err
	}
	result, err := c.follow(ctx, r, dir, report)
	result.Device = d.name
	return result, err
}

// awaitOther waits for a process that still works in the directory: the child
// of a runner that has just died.
func awaitOther(ctx context.Context, dir trialdir.Dir) error {
	if _, err := os.Stat(string(dir)); err != nil {
		return nil //nolint:nilerr // there is no such directory, so nobody works in it
	}
	lock := flock.New(filepath.Join(string(dir), LockFile))
	if _, err := lock.TryLockContext(ctx, poll); err != nil && ctx.Err() == nil {
		return fmt.Errorf("lock trial directory: %w", err)
	}
	return lock.Unlock()
}

// LockFile is locked by a trial's process for as long as it lives.
const LockFile = "lock"

func passOn(t *trialdir.Tail, report func(sweep.Report)) error {
	reports, err := t.Next()
	for _, r := range reports {
		report(r)
	}
	return err
}

// start launches the child. Its standard input is a pipe that closes when this
// process dies, whatever the system.
func (r *local) start(dir trialdir.Dir, t sweep.Trial, d device) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	log, err := os.OpenFile(dir.Log(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open trial's log: %w", err)
	}
	defer log.Close()                              //nolint:errcheck // the child has its own handle
	cmd := exec.Command(exe, "trial", string(dir)) //nolint:noctx // ended through its directory first, killed second
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES="+d.visible)
	if d.visible == "" && t.Task.Data != nil {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // a core a trial
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start trial: %w", err)
	}
	process.Lead(cmd)
	kills := oomKills()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start trial: %w", err)
	}
	c := &child{cmd: cmd, exited: make(chan struct{}), kills: kills}
	go func() {
		defer close(c.exited)
		c.err = cmd.Wait()
		_ = stdin.Close() // nobody reads it any more
	}()
	return c, nil
}
