package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fault is something done to a run.
type fault struct {
	name    string
	inflict func(ctx context.Context, w *workspace, p *program) error
}

var faults = []fault{
	{"SIGKILL of the runner", func(_ context.Context, _ *workspace, p *program) error { return p.signal(syscall.SIGKILL) }},
	{"SIGTERM of the runner", func(_ context.Context, _ *workspace, p *program) error { return p.signal(syscall.SIGTERM) }},
	{"SIGTERM, then SIGKILL of the runner", func(ctx context.Context, _ *workspace, p *program) error {
		if err := p.signal(syscall.SIGTERM); err != nil {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
		return p.signal(syscall.SIGKILL)
	}},
	{"SIGKILL of a trial and the runner", func(_ context.Context, w *workspace, p *program) error {
		return errors.Join(w.killTrials(), p.signal(syscall.SIGKILL))
	}},
	{"SIGKILL of the runner and its trials", func(_ context.Context, w *workspace, p *program) error {
		return errors.Join(p.signal(syscall.SIGKILL), w.killTrials())
	}},
	{"a second run of the same file", second},
	{"a copy of the store while it is written", copied},
}

// signal sends a signal; that it has ended is no error.
func (p *program) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the run: %w", err)
	}
	return nil
}

// killTrials kills whatever works in the workspace besides the runner.
func (w *workspace) killTrials() error {
	for _, pid := range w.trialProcesses() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill trial: %w", err)
		}
	}
	return nil
}

// second starts a run beside the first, which is refused while that one works, and
// kills the first.
func second(ctx context.Context, w *workspace, p *program) error {
	other := w.start(ctx)
	<-other.ended
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	switch {
	case other.err == nil: // the first may have come too late, or ended before
		p.forgive()
	case !other.forgive():
		return fmt.Errorf("a second run ended with %w:\n%s", other.err, other.output.String())
	}
	return nil
}

// copied copies the store as a power cut would leave it, opens the copy, and kills
// the run.
func copied(ctx context.Context, w *workspace, p *program) error {
	defer p.signal(syscall.SIGKILL) //nolint:errcheck // the copy's fault is told first
	text, err := os.ReadFile(filepath.Join(w.dir, ".sweep", "results.db"))
	if errors.Is(err, os.ErrNotExist) || len(text) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	return w.checkCopy(ctx, text)
}
