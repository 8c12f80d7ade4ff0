package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is a sweep run that goes on.
type program struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{} // closed when it has, and err is set
	err    error
}

// start runs the sweep.
func (w *workspace) start(ctx context.Context) *program {
	p := &program{cmd: w.command(ctx, "run", "-q", w.subject.name+".hcl"), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if p.err = p.cmd.Start(); p.err != nil {
		close(p.ended)
		return p
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	return p
}

func (w *workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.binary, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "SWEEP_DIR=")
	return cmd
}

// wait waits for its end, which must be a good one.
func (p *program) wait() error {
	<-p.ended
	if p.err != nil {
		return fmt.Errorf("it ended with %w:\n%s", p.err, p.output.String())
	}
	return nil
}

// unexpected waits for its end, and is an end that no fault accounts for: anything
// but success, an interruption, or a signal.
func (p *program) unexpected() error {
	<-p.ended
	var exit *exec.ExitError
	if p.err == nil || errors.As(p.err, &exit) && (exit.ExitCode() == -1 || exit.ExitCode() == 130) {
		return nil
	}
	return fmt.Errorf("it ended with %w:\n%s", p.err, p.output.String())
}

// over reports whether it has ended.
func (p *program) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// forgive takes back the error of a program that was refused, as another was at
// work; false: that was not its error.
func (p *program) forgive() bool {
	refused := strings.Contains(p.output.String(), "is being worked on by process")
	if refused {
		p.err = nil
	}
	return refused
}

// ask runs a command that answers in JSON.
func (w *workspace) ask(ctx context.Context, into any, args ...string) error {
	out, err := w.command(ctx, append(args, "--json")...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return fmt.Errorf("sweep %s: %w:\n%s", strings.Join(args, " "), err, exit.Stderr)
		}
		return fmt.Errorf("sweep %s: %w", strings.Join(args, " "), err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("read answer of sweep %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// trialProcesses are the processes, but for the run itself, that work in the
// workspace: trials and whatever these have started.
func (w *workspace) trialProcesses() []int {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // of one that has just ended there is none
		environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
		trial := bytes.Contains(line, []byte("\x00trial\x00")) && w.within(dir)
		if trial || bytes.Contains(environ, []byte("SWEEP_TRIAL_DIR="+w.dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// processes are the run's and its trials'.
func (w *workspace) processes(p *program) []int {
	return append(w.trialProcesses(), p.cmd.Process.Pid)
}

// within reports whether a process's working directory is the workspace.
func (w *workspace) within(proc string) bool {
	dir, err := os.Readlink(filepath.Join(proc, "cwd"))
	return err == nil && dir == w.dir
}

// patience is how long processes have to end after their runner.
const patience = 20 * time.Second

// deserted waits until nobody works in the workspace any more but orphans.
func (w *workspace) deserted(ctx context.Context) error {
	return gone(ctx, func() []int {
		return slices.DeleteFunc(w.trialProcesses(), func(pid int) bool { return slices.Contains(w.orphans, pid) })
	})
}

// left waits until a run has ended the orphans that it found.
func (w *workspace) left(ctx context.Context, p *program) error {
	err := gone(ctx, func() []int {
		if p.over() { // before it came to that
			return nil
		}
		return slices.DeleteFunc(w.trialProcesses(), func(pid int) bool { return !slices.Contains(w.orphans, pid) })
	})
	if !p.over() {
		w.orphans = nil
	}
	return err
}

// gone waits until there are no such processes any more.
func gone(ctx context.Context, such func() []int) error {
	deadline := time.Now().Add(patience) //nolint:forbidigo // it waits for real processes
	for {
		pids := such()
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(deadline) { //nolint:forbidigo // it waits for real processes
			var lines []string
			for _, pid := range pids {
				line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				lines = append(lines, fmt.Sprintf("%d: %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
			}
			return fmt.Errorf("processes outlived their run:\n%s", strings.Join(lines, "\n"))
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
