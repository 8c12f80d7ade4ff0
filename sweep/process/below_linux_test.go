package process

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"
)

// What is told from earlier looks is what a look at all processes tells, whether or
// not the kernel lists children.
func TestBelowFollowsTheTree(t *testing.T) {
	var all Below
	var b below
	look := func() []ID { return b.sort(os.Getpid()) }
	agree := func(when string, want int) {
		t.Helper()
		for deadline := time.After(10 * time.Second); ; {
			first, second, third := all.Look(), look(), descendants(os.Getpid())
			if len(third) == want && same(first, third) && same(second, third) {
				return
			}
			select {
			case <-deadline:
				t.Fatalf("%s: %v and %v are below, not the %d of %v", when, first, second, want, third)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	agree("at first", 0)
	start(t, "sleep 1000 & echo; exec sleep 1000")
	agree("a child with one of its own", 2)
	cmd, _ := start(t, "setsid sh -c 'sleep 1000 & exec sleep 1000' & echo; exec sleep 1000")
	agree("one that left its session", 5)
	if err := KillBelow(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	agree("some ended", 3)
}

func same(a, b []ID) bool {
	set := func(ids []ID) map[ID]bool {
		out := map[ID]bool{}
		for _, id := range ids {
			out[id] = true
		}
		return out
	}
	return len(a) == len(b) && maps.Equal(set(a), set(b)) && !slices.Contains(a, ID{})
}
