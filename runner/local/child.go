package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// poll is how often a trial's metrics are looked for.
const poll = 25 * time.Millisecond

// child is a trial's process.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended and err is set
	err    error
	kills  int // the kernel's out-of-memory kills before it started
}

// follow passes the child's reports on until it has ended, ends it when ctx or
// the timeout says so, and tells how it went.
func (c *child) follow(ctx context.Context, r *local, dir trialdir.Dir, report func(sweep.Report)) (sweep.Result, error) {
	// Whatever the trial has started goes with it.
	defer func() { _ = process.Kill(c.cmd.Process.Pid) }() // nothing is left to do about it
	tail := dir.Tail()
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	var timeout, grace <-chan time.Time
	if r.Timeout > 0 {
		timeout = time.After(r.Timeout)
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
		case <-ticks.C:
			if failed == nil {
				if failed = passOn(tail, report); failed != nil {
					end()
				}
			}
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
			failed = errors.Join(failed, process.Kill(c.cmd.Process.Pid))
		}
	}
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
		result = c.vanished(dir, killed)
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
func (c *child) vanished(dir trialdir.Dir, killed bool) sweep.Result {
	if killed {
		return sweep.Result{Outcome: sweep.Cancelled, Message: "killed: it did not end when asked to"}
	}
	result := sweep.Result{Outcome: sweep.Lost, Message: fmt.Sprintf("its process ended without a word (%v)", c.err)}
	if c.cmd.ProcessState != nil {
		result.ExitCode = c.cmd.ProcessState.ExitCode()
	}
	switch {
	case oomKills() > c.kills:
		result.Outcome, result.Message = sweep.OutOfMemory, "the kernel killed it for want of memory"
	case result.ExitCode > 0: // a crash
		result.Outcome = sweep.Failed
	}
	if lines := lastLines(dir.Log(), 5); lines != "" {
		result.Message += "; its last words:\n" + lines
	}
	return result
}

// lastLines is the end of a file.
func lastLines(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // it was only read
	const most = 4096
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(len(lines)-n, 0):], []byte("\n")))
}

// oomKills is how many processes the kernel has killed for want of memory; 0
// where it does not say.
func oomKills() int {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(text), "\noom_kill ")
	if !ok {
		return 0
	}
	count, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(count)
	if err != nil {
		return 0
	}
	return n
}
