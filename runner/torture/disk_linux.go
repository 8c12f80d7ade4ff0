package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// diskSize is that of a workspace on a disk of its own: a few sweeps fit.
const diskSize = "size=96m,mode=0700"

// mount gives the workspace's results a disk of their own; false: this process may
// not, and faults of the disk are left out.
func (w *workspace) mount() bool {
	if err := os.MkdirAll(w.results(), 0o700); err != nil {
		return false
	}
	return syscall.Mount("torture", w.results(), "tmpfs", 0, diskSize) == nil
}

func (w *workspace) unmount() error {
	if err := syscall.Unmount(w.results(), syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", w.results(), err)
	}
	return nil
}

// full fills the disk: the run must end by itself and say why.
func full(ctx context.Context, w *workspace, p *program) (err error) {
	filler := filepath.Join(w.results(), "filler")
	f, err := os.Create(filler)
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(filler)) }()
	for size := 1 << 20; size >= 1; size /= 16 { // to the last byte
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("fill the disk: %w", err)
		}
		err = nil
	}
	return p.gaveUp(ctx, syscall.ENOSPC)
}

// readOnly makes the disk read-only between two runs: the second one must say so.
func readOnly(ctx context.Context, w *workspace, p *program) (err error) {
	if err := errors.Join(p.signal(syscall.SIGTERM), p.unexpected(), w.deserted(ctx)); err != nil {
		return err
	}
	if over, err := w.complete(ctx); over || err != nil {
		return err // another run would begin
	}
	if err := syscall.Mount("", w.results(), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make the disk read-only: %w", err)
	}
	defer func() {
		if merr := syscall.Mount("", w.results(), "", syscall.MS_REMOUNT, diskSize); merr != nil {
			err = errors.Join(err, fmt.Errorf("make the disk writable again: %w", merr))
		}
	}()
	return w.start(ctx).gaveUp(ctx, syscall.EROFS)
}

// gaveUp waits for a run to end by itself, with an error that names a fault of the
// disk; one that has just completed is none.
func (p *program) gaveUp(ctx context.Context, why syscall.Errno) error {
	select {
	case <-p.ended:
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("it goes on though %w", why), p.signal(syscall.SIGKILL))
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.err != nil && strings.Contains(p.output.String(), why.Error()) {
		p.err = nil
	}
	return p.unexpected()
}
