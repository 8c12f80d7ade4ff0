package process

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Adopt makes this process the parent of every descendant whose own parent ends
// (on Linux): none of them escapes, whatever session or group it has gone to.
func Adopt() error { return adopt() }

// Descendants are the processes below one, in no order (on Linux).
func Descendants(pid int) []ID { return descendants(pid) }

// ByEnvironment are the running processes that were started with an environment
// variable, by its value (on Linux), but for this process and those above it.
func ByEnvironment(name string) map[string][]ID { return byEnvironment(name) }

const (
	again    = 5 * time.Millisecond // between two looks at processes that are to end
	patience = 10 * time.Second     // for the kernel to take a killed process away
)

// KillBelow kills every descendant of a process, also those that come meanwhile.
func KillBelow(pid int) error {
	empty := 0
	for deadline := time.After(patience); ; {
		below := descendants(pid)
		if len(below) == 0 {
			if empty++; empty == 2 { // a list taken while others end may lack one
				return nil
			}
			continue
		}
		empty = 0
		for _, id := range below {
			if err := id.signal(os.Kill); err != nil {
				return fmt.Errorf("kill process %d: %w", id.PID, err)
			}
		}
		select {
		case <-time.After(again):
		case <-deadline:
			return fmt.Errorf("kill process %d: it was killed and does not end", below[0].PID)
		}
	}
}

// End asks processes and their descendants to end, and kills those that have not
// when grace or ctx is over. Nobody else who has got one of their numbers is
// touched.
func End(ctx context.Context, ids []ID, grace time.Duration) error {
	ask := os.Signal(syscall.SIGTERM)
	over, patient := time.After(grace), time.After(grace+patience)
	if grace == 0 {
		ask = os.Kill
	}
	asked := map[ID]bool{}
	cancelled := ctx.Done()
	for {
		ids = spread(ids)
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			if !asked[id] || ask == os.Kill {
				asked[id] = true
				if err := id.signal(ask); err != nil && ask == os.Kill {
					return fmt.Errorf("kill process %d: %w", id.PID, err)
				}
			}
		}
		select {
		case <-time.After(again):
		case <-over:
			ask = os.Kill
		case <-cancelled:
			ask, cancelled = os.Kill, nil
		case <-patient:
			return fmt.Errorf("kill process %d: it was killed and does not end", ids[0].PID)
		}
	}
}

// spread is those of the processes that run, and all below them.
func spread(ids []ID) []ID {
	var out []ID
	seen := map[ID]bool{}
	add := func(id ID) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, id := range ids {
		if !id.Alive() {
			continue
		}
		add(id)
		for _, below := range descendants(id.PID) {
			add(below)
		}
	}
	return out
}
