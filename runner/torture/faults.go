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
	// orphans: with the runner and the trials' own processes gone, nobody is left to
	// end what these started, until the next run does.
	orphans bool
	// able reports whether it can be done here, to this workspace; nil: always.
	able func(*workspace) bool
}

var faults = []fault{
	{name: "SIGKILL of the runner", inflict: func(_ context.Context, _ *workspace, p *program) error { return p.signal(syscall.SIGKILL) }},
	{name: "SIGTERM of the runner", inflict: func(_ context.Context, _ *workspace, p *program) error { return p.signal(syscall.SIGTERM) }},
	{name: "SIGTERM, then SIGKILL of the runner", inflict: func(ctx context.Context, _ *workspace, p *program) error {
		if err := p.signal(syscall.SIGTERM); err != nil {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
		return p.signal(syscall.SIGKILL)
	}},
	{name: "SIGKILL of a trial and the runner", orphans: true, inflict: func(_ context.Context, w *workspace, p *program) error {
		return errors.Join(w.killTrials(), p.signal(syscall.SIGKILL))
	}},
	{name: "SIGKILL of the runner and its trials", orphans: true, inflict: func(_ context.Context, w *workspace, p *program) error {
		return errors.Join(p.signal(syscall.SIGKILL), w.killTrials())
	}},
	{name: "a second run of the same file", inflict: second},
	{name: "a copy of the store while it is written", inflict: copied},
	{name: "the store cut short", inflict: cutShort},
	{name: "a page of the store overwritten", inflict: overwritten},
	{name: "a full disk", inflict: full, able: (*workspace).onDisk},
	{name: "a read-only disk", inflict: readOnly, able: (*workspace).onDisk},
	{name: "a slow disk", inflict: slowed, able: traced},
	{name: "clocks that jump", inflict: jumped, able: clocked},
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
