package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// poll is how often a trial's metrics are looked for at the most, and lazily at the
// least.
const (
	poll   = 25 * time.Millisecond
	lazily = 250 * time.Millisecond
)

// pause is how long after it was looked for metrics it is looked again, when none
// have come for so long: a sixteenth of that, as who reports seldom can be found
// late. It is the wakeups that would cost, with many trials at a time.
func pause(quiet time.Duration) time.Duration { return min(max(quiet/16, poll), lazily) }

// child is a trial's process.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended and err is set
	err    error
	kills  int // the kernel's out-of-memory kills before it started
	id     atomic.Pointer[process.ID]

	gpu     *graphics // nil: none, or one that does not tell its memory
	peakGPU int64     // the most bytes of it that were seen held
}

// start launches the child on cores. Its standard input is a pipe that closes when
// this process dies, whatever the system.
func (r *local) start(c *child, dir trialdir.Dir, d device, cores []int) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	full, err := filepath.Abs(string(dir))
	if err != nil {
		return fmt.Errorf("find trial directory: %w", err)
	}
	log, err := os.OpenFile(dir.Log(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open trial's log: %w", err)
	}
	defer log.Close()                               //nolint:errcheck // the child has its own handle
	c.cmd = exec.Command(exe, "trial", string(dir)) //nolint:noctx // ended through its directory first, killed second
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.Env = append(os.Environ(), "CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES="+d.visible, trialdir.Variable+"="+full)
	c.cmd.Env = append(c.cmd.Env, runner.Threads(r.coresEach)...)
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start trial: %w", err)
	}
	process.Lead(c.cmd)
	c.kills = r.memory.OutOfMemoryKills()
	if err := process.StartOn(c.cmd, cores); err != nil {
		return fmt.Errorf("start trial: %w", err)
	}
	if id, err := process.Identify(c.cmd.Process.Pid); err == nil {
		c.id.Store(&id)
	}
	c.exited = make(chan struct{})
	go func() {
		defer close(c.exited)
		c.err = c.cmd.Wait()
		_ = stdin.Close() // nobody reads it any more
	}()
	return nil
}

// resident is the memory that the trial holds now, in bytes.
func (c *child) resident() int64 { return process.Resident(c.processes()) }

// onGPU is the memory of its GPU that the trial holds now, in bytes.
func (c *child) onGPU() int64 { return c.gpu.held(c.processes()) }

// processes are those that the trial consists of now.
func (c *child) processes() []process.ID {
	id := c.id.Load()
	if id == nil || !id.Alive() {
		return nil
	}
	return append(process.Descendants(id.PID), *id)
}

// lookAtGPU is how often it is asked what a trial holds of it.
const lookAtGPU = time.Second

// kill ends the child and all that it has started, what has left its group first:
// while the child is there, nothing escapes it, and halted it does not take its
// program's end for the trial's.
func (c *child) kill() error {
	pid := c.cmd.Process.Pid
	return errors.Join(process.Halt(pid), process.KillBelow(pid), process.Kill(pid))
}

// follow passes the child's reports on until it has ended, ends it when ctx or
// the timeout says so, and tells how it went.
func (c *child) follow(ctx context.Context, r *local, dir trialdir.Dir, report func(sweep.Report)) (sweep.Result, error) {
	tail := dir.Tail()
	look := time.NewTimer(poll)
	defer look.Stop()
	quiet := time.Duration(0) // since the last report
	var timeout, grace <-chan time.Time
	if r.Timeout > 0 {
		timeout = time.After(r.Timeout)
	}
	var asks <-chan time.Time
	if c.gpu != nil {
		ticker := time.NewTicker(lookAtGPU)
		defer ticker.Stop()
		asks = ticker.C
	}
	timedOut, killed := false, false
	var cause, failed error
	stop := ctx.Done()
	// end asks the child to end, and has it killed when it does not.
	end := func() {
		stop, timeout, grace = nil, nil, time.After(r.Grace)
		failed = errors.Join(failed, dir.RequestStop())
	}
	for running := true; running; {
		select {
		case <-c.exited:
			running = false
		case <-look.C:
			quiet += pause(quiet)
			if failed == nil {
				failed = passOn(tail, func(r sweep.Report) {
					quiet = 0
					report(r)
				})
				if failed != nil {
					end()
				}
			}
			look.Reset(pause(quiet))
		case <-asks:
			c.peakGPU = max(c.peakGPU, c.onGPU())
		case <-timeout:
			timedOut = true
			end()
		case <-stop:
			cause = context.Cause(ctx)
			if end(); !errors.Is(cause, sweep.ErrStop) && !errors.Is(cause, sweep.ErrInterrupt) {
				grace = time.After(0)
			}
		case <-grace:
			grace, killed = nil, true
			failed = errors.Join(failed, c.kill())
		}
	}
	// Whatever the trial has started goes with it, also where it was killed itself.
	failed = errors.Join(failed, process.Kill(c.cmd.Process.Pid), EndOrphans(ctx, 0, dir))
	if failed == nil {
		failed = passOn(tail, report)
	}
	if failed != nil {
		// A metrics file that cannot be read is the trial's fault, not ours.
		return sweep.Result{Outcome: sweep.Failed, Message: failed.Error()}, nil
	}
	result, ok, err := dir.Outcome()
	if err != nil {
		return result, err
	}
	if !ok {
		result = c.vanished(r, dir, killed)
	}
	if result.PeakMemory == 0 {
		result.PeakMemory = process.PeakOf(c.cmd.ProcessState)
	}
	switch {
	case result.Outcome != sweep.Cancelled:
	case timedOut:
		result.Outcome, result.Message = sweep.TimedOut, fmt.Sprintf("it ran longer than the timeout of %v", r.Timeout)
	case errors.Is(cause, sweep.ErrStop):
		result.Outcome = sweep.Stopped
	}
	return result, nil
}

// vanished is the result of a child that left none.
func (c *child) vanished(r *local, dir trialdir.Dir, killed bool) sweep.Result {
	if killed {
		return sweep.Result{Outcome: sweep.Cancelled, Message: "killed: it did not end when asked to"}
	}
	result := sweep.Result{Outcome: sweep.Lost, Message: fmt.Sprintf("its process ended without a word (%v)", c.err)}
	if c.cmd.ProcessState != nil {
		result.ExitCode = c.cmd.ProcessState.ExitCode()
	}
	switch {
	case r.memory.OutOfMemoryKills() > c.kills:
		result.Outcome, result.Message = sweep.OutOfMemory, "the kernel killed it for want of memory"
	case result.ExitCode > 0: // a crash
		result.Outcome = sweep.Failed
	}
	if lines := dir.LastWords(); lines != "" {
		if result.Outcome == sweep.Failed && process.OutOfMemory(lines) {
			result.Outcome = sweep.OutOfMemory
		}
		result.Message += "; its last words:\n" + lines
	}
	return result
}
