// Package local runs trials on this machine: one child process a trial, on a
// core or on a share of a GPU.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
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
	Parallel     int           `hcl:"parallel" doc:"Trials at once. 0: as many as the cores, or the GPUs, are enough for." default:"0" min:"0" max:"4096"`
	GPUs         string        `hcl:"gpus" doc:"GPUs to share out: \"none\", \"all\", or their numbers, \"0,2\". A trial sees its own through CUDA_VISIBLE_DEVICES. The built-in models train on cores." default:"none"`
	TrialsPerGPU int           `hcl:"trials_per_gpu" doc:"Trials at once on each GPU, where its memory is enough for what the like have needed so far." default:"1" min:"1" max:"64"`
	Timeout      time.Duration `hcl:"timeout" doc:"Longest time for a trial; 0s: any." default:"0s"`
	Retry        runner.Policy `hcl:"retry" doc:"How often a trial is tried again, by how it ended." default:"{}"`
	Grace        time.Duration `hcl:"grace" doc:"Time a trial has to write a checkpoint and end before it is killed." default:"10s"`

	CoresPerTrial int  `hcl:"cores_per_trial" doc:"Cores, and threads, that a trial has. 0: an equal share of all, so one where parallel is 0." default:"0" min:"0" max:"4096"`
	Pin           bool `hcl:"pin" doc:"Keep each trial to cores of its own (on Linux), where there are enough for all." default:"true"`
	LogLimit      int  `hcl:"log_limit" doc:"Most megabytes of a trial's log; of more, the beginning and the end are kept. 0: any." default:"100" min:"0" max:"100000"`
}

// New is the runner of this machine. The error is for GPUs that are not there.
func New(_ sweep.Spec, c Config) (sweep.Runner, error) {
	devices, each, err := c.devices(Cores())
	if err != nil {
		return nil, err
	}
	r := &local{Config: c, devices: make(chan device, most), open: map[int]bool{}, coresEach: each, memory: process.System()}
	r.gate = newGate(r.memory.Available, r.Slots)
	if machine := machineCores(); c.Pin && each*len(devices) <= len(machine.numbers) {
		r.cores = machine
	}
	r.share(devices)
	return runner.Retry(r, c.Retry), nil
}

type local struct {
	Config
	devices chan device // those that are free

	mu    sync.Mutex
	slots int          // that there are to be
	open  map[int]bool // slots whose device there is, free or not

	monitor  *gpu.Monitor // of GPUs; nil: none was needed, or they do not tell
	graphics map[int]*graphics

	coresEach int   // that a trial is to use
	cores     cores // to which trials are kept; none: to those of this process
	memory    process.Memory
	gate      *gate
	crowded   sync.Map // directories of trials that ran out of memory, and are to have it all -> how many ran at once then
}

// most slots that there can be.
const most = 4096

func (r *local) Slots() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots
}

// Resize changes the number of slots from now on. Trials have as many cores as before.
func (r *local) Resize(slots int) error {
	c := r.Config
	c.Parallel = slots
	devices, _, err := c.devices(Cores())
	if err != nil {
		return err
	}
	if slots > most || len(devices) < slots {
		return fmt.Errorf("%d trials at a time: there is room for %d", slots, min(len(devices), most))
	}
	r.share(devices)
	return nil
}

// Halve makes the slots half as many as there were trials when one ran out of memory,
// which is then not to run alone.
func (r *local) Halve(trialDir string) (slots, before int, ok bool) {
	together, ok := r.crowded.LoadAndDelete(trialdir.Dir(trialDir))
	if !ok || together == 1 {
		return 0, 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before = r.slots
	r.slots = min(before, together.(int)/2) // devices beyond are not given out again
	return r.slots, before, true
}

// share makes devices those that there are to be.
func (r *local) share(devices []device) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slots = len(devices)
	for _, d := range devices {
		if !r.open[d.slot] {
			r.open[d.slot] = true
			r.devices <- d
		}
	}
}

// release takes a device back, if there is still to be one like it.
func (r *local) release(d device) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.slot < r.slots {
		r.devices <- d
	} else {
		delete(r.open, d.slot)
	}
}

// Run starts the trial's process and follows it to its end.
func (r *local) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	var d device
	select {
	case d = <-r.devices:
		defer r.release(d)
	case <-ctx.Done():
		return sweep.Result{Outcome: sweep.Cancelled}, nil
	}
	dir := trialdir.Dir(j.Trial.Dir)
	if err := r.awaitOther(ctx, dir); err != nil {
		return sweep.Result{}, err
	}
	done, ended, err := dir.Outcome()
	if err != nil {
		return sweep.Result{}, err
	}
	if ended && done.Outcome != sweep.Cancelled { // it ended while nobody watched
		if done.Outcome == sweep.OutOfMemory {
			r.crowded.Store(dir, r.Slots()) // at the most
		}
		return done, passOn(dir.Tail(), report)
	}
	_, alone := r.crowded.LoadAndDelete(dir)
	c := &child{gpu: r.watch(d)}
	kind := j.Trial.Task.Model.Type
	if c.gpu != nil {
		share := &ticket{kind: kind, resident: c.onGPU}
		if !c.gpu.gate.enter(ctx, share, j.Trial.PeakGPUMemory) {
			return sweep.Result{Outcome: sweep.Cancelled}, nil
		}
		defer func() { c.gpu.gate.leave(share, c.peakGPU) }()
	}
	place := &ticket{alone: alone, kind: kind, resident: c.resident}
	if !r.gate.enter(ctx, place, j.Trial.PeakMemory) {
		return sweep.Result{Outcome: sweep.Cancelled}, nil
	}
	result, err := r.launch(ctx, c, d, j, report)
	r.gate.leave(place, result.PeakMemory)
	if result.Outcome == sweep.OutOfMemory && !alone {
		r.crowded.Store(dir, place.together)
	}
	return result, err
}

// launch runs the trial on a device.
func (r *local) launch(ctx context.Context, c *child, d device, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	dir := trialdir.Dir(j.Trial.Dir)
	spec := trialdir.Spec{
		Trial: j.Trial, Objectives: j.Objectives, Feasible: j.Feasible, CacheDir: j.CacheDir, LogLimit: int64(r.LogLimit) << 20,
	}
	if err := errors.Join(dir.ClearOutcome(), dir.Create(spec)); err != nil {
		return sweep.Result{}, err
	}
	pinned, giveBack := r.cores.take(r.coresEach, d.slot*r.coresEach)
	defer giveBack()
	if d.visible == "" && len(pinned) > 0 {
		d.name = name(pinned)
	}
	if err := r.start(c, dir, d, pinned); err != nil {
		return sweep.Result{}, err
	}
	result, err := c.follow(ctx, r, dir, report)
	result.Device, result.PeakGPUMemory = d.name, c.peakGPU
	if err == nil && (result.Outcome == sweep.Failed || result.Outcome == sweep.Lost) {
		if err := dir.Writable(); err != nil { // then it is not the trial that failed
			err = fmt.Errorf("trial %s ended, as nothing can be written any more: %w; what was recorded before is safe: see to it, and run it again", j.Trial.Name(), err)
			return sweep.Result{}, errors.Join(err, dir.ClearOutcome())
		}
	}
	return result, err
}

// awaitOther waits for a process that still works in the directory, the child of
// a runner that has just died, and ends what else is left of it.
func (r *local) awaitOther(ctx context.Context, dir trialdir.Dir) error {
	if _, err := os.Stat(string(dir)); err != nil {
		return nil //nolint:nilerr // there is no such directory, so nobody works in it
	}
	if err := EndOrphans(ctx, r.Grace, dir); err != nil {
		return err
	}
	lock := flock.New(dir.Lock())
	if _, err := lock.TryLockContext(ctx, poll); err != nil && ctx.Err() == nil {
		return fmt.Errorf("lock trial directory: %w", err)
	}
	return lock.Unlock()
}

func passOn(t *trialdir.Tail, report func(sweep.Report)) error {
	reports, err := t.Next()
	for _, r := range reports {
		report(r)
	}
	return err
}
