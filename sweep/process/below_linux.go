package process

import (
	"bytes"
	"os"
	"strconv"
)

// below knows who is not below this process: else all processes would be asked for
// their parents at each look.
type below struct {
	strangers map[int]bool // those that were told to be, with numbers above this one's
	last      int          // the newest process's number at the last look
	known     []ID
}

func (b *below) look() []ID {
	self := os.Getpid()
	if childless() {
		b.known = nil
		return nil
	}
	last := newest()
	switch {
	case last == b.last && last > 0: // nobody has been started since
		b.known = alive(b.known)
		return b.known
	case last < max(self, b.last): // numbers begin anew, or are not told: they say nothing
		b.last, b.known, b.strangers = last, descendants(self), nil
		return b.known
	}
	b.last, b.known = last, b.sort(self)
	return b.known
}

// sort tells those below from strangers, among processes that came after this one.
func (b *below) sort(self int) []ID {
	if b.strangers == nil {
		b.strangers = map[int]bool{}
	}
	parents, seen := map[int]int{}, map[int]bool{}
	var candidates []int // a process comes after its parent, unless it was adopted
	for _, pid := range running() {
		if pid <= self {
			continue
		}
		if seen[pid] = true; b.strangers[pid] {
			continue
		}
		if s, err := stat(pid); err == nil {
			parents[pid], _ = strconv.Atoi(s.parent)
			candidates = append(candidates, pid)
		}
	}
	for pid := range b.strangers {
		if !seen[pid] {
			delete(b.strangers, pid) // it has ended, and its number may come again
		}
	}
	var out []ID
	for _, pid := range candidates {
		above := pid
		for {
			parent, known := parents[above]
			if !known { // it has ended meanwhile, or is a stranger
				break
			}
			above = parent
		}
		switch {
		case above == self:
			if id, err := identify(pid); err == nil {
				out = append(out, id)
			}
		case above < self || b.strangers[above]:
			b.strangers[pid] = true
		}
	}
	return out
}

// newest is the number of the process that was started last, in this process's
// name space; 0: that is not told.
func newest() int {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	n, _ := strconv.Atoi(string(fields[len(fields)-1]))
	return n
}

func alive(ids []ID) []ID {
	var out []ID
	for _, id := range ids {
		if id.Alive() {
			out = append(out, id)
		}
	}
	return out
}
