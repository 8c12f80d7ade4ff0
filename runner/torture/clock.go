package main

import (
	"context"
	"syscall"
	"time"
)

// furthest is how far a clock jumps either way.
const furthest = 2 * 365 * 24 * time.Hour

func clocked(*workspace) bool { return clocks }

// jumped has the clock of a run and its trials jump, goes on, and does so again, until
// it kills the run; the next one finds the true time.
func jumped(ctx context.Context, w *workspace, p *program) error {
	r := w.random()
	for range 3 {
		by := time.Duration(r.Int64N(int64(2*furthest))) - furthest
		for _, pid := range w.processes(p) {
			if err := jump(pid, by); err != nil {
				return err
			}
		}
		select {
		case <-p.ended:
		case <-ctx.Done():
		case <-time.After(w.moment(r, 8)):
		}
	}
	return p.signal(syscall.SIGKILL)
}
