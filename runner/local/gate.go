package local

import (
	"context"
	"sync"
	"time"
)

// gate lets trials in one after the other, as the memory allows. One alone is
// always let in.
type gate struct {
	available func() (bytes int64, ok bool) // that trials started now can have
	most      func() int                    // how many there can be inside

	mu      sync.Mutex
	changed chan struct{} // closed when one has been let in or has left
	inside  map[*ticket]bool
	alone   int              // waiting for, or in, the gate by themselves
	peaks   map[string]int64 // the most bytes that a trial of a kind has held
}

// ticket is a trial's place inside.
type ticket struct {
	alone    bool
	expected int64 // bytes it is taken to need at its most; 0: not known
	kind     string
	resident func() int64 // bytes it holds now
	together int          // the most that have been inside with it, it among them
}

func newGate(available func() (int64, bool), most func() int) *gate {
	return &gate{available: available, most: most, changed: make(chan struct{}), inside: map[*ticket]bool{}, peaks: map[string]int64{}}
}

// recheck is how often the memory is looked at that others may have given free.
const recheck = time.Second

// enter waits for a trial's turn; false: ctx ended first. A trial that is to be
// alone waits for the others to leave, and those that come later wait for it.
func (g *gate) enter(ctx context.Context, t *ticket, known int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.alone {
		g.alone++
	}
	for {
		t.expected = max(known, g.peaks[t.kind])
		if g.admits(t) {
			g.inside[t] = true
			for other := range g.inside {
				other.together = max(other.together, len(g.inside))
			}
			return true
		}
		changed := g.changed
		g.mu.Unlock()
		over := false
		select {
		case <-changed:
		case <-time.After(recheck):
		case <-ctx.Done():
			over = true
		}
		g.mu.Lock()
		if over {
			if t.alone {
				g.alone--
				g.tell()
			}
			return false
		}
	}
}

// leave gives a trial's place free; peak is what it needed, in bytes.
func (g *gate) leave(t *ticket, peak int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.inside, t)
	if t.alone {
		g.alone--
	}
	g.peaks[t.kind] = max(g.peaks[t.kind], peak)
	g.tell()
}

// admits reports whether t may come in now. It needs the lock.
func (g *gate) admits(t *ticket) bool {
	if t.alone {
		return len(g.inside) == 0
	}
	if g.alone > 0 || len(g.inside) > 0 && len(g.inside) >= g.most() {
		return false
	}
	if len(g.inside) == 0 || t.expected == 0 {
		return true
	}
	available, ok := g.available()
	if !ok {
		return true
	}
	most, need := t.expected, t.expected
	for other := range g.inside {
		most += other.expected
	}
	if most <= available { // whatever they hold already: to ask costs
		return true
	}
	for other := range g.inside { // what they hold is not among what is available
		need += max(other.expected-other.resident(), 0)
	}
	return need <= available
}

// tell wakes those who wait. It needs the lock.
func (g *gate) tell() {
	close(g.changed)
	g.changed = make(chan struct{})
}
