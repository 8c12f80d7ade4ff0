package local

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestGatePacksByMemory has trials that come one after the other into 10 bytes of
// memory, which those inside take from as they grow.
func TestGatePacksByMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Int64 // in all
		held := map[*ticket]*atomic.Int64{}
		g := newGate(func() (int64, bool) { return 10 - used.Load(), true }, many)
		came := func() (*ticket, chan bool) {
			c, in := &ticket{kind: "mlp"}, make(chan bool, 1)
			own := &atomic.Int64{}
			held[c], c.resident = own, own.Load
			go func() { in <- g.enter(t.Context(), c, 0) }()
			synctest.Wait()
			return c, in
		}
		inside := func(in chan bool) bool {
			synctest.Wait()
			select {
			case ok := <-in:
				return ok
			default:
				return false
			}
		}
		grow := func(c *ticket, to int64) { used.Add(to - held[c].Swap(to)) }

		first, in := came()
		if !inside(in) {
			t.Fatal("the first does not come in")
		}
		grow(first, 4)
		second, in := came()
		if !inside(in) {
			t.Fatal("the second does not come in while nothing is known")
		}
		grow(first, 0)
		g.leave(first, 4) // from here on, 4 are expected

		third, in := came()
		if !inside(in) { // 4 and 0 of 10
			t.Fatal("the third does not come in")
		}
		grow(second, 1)
		fourth, in := came()
		if !inside(in) { // 4 and 4 of 9
			t.Fatal("the fourth does not come in")
		}
		grow(third, 4)
		fifth, in := came()
		if inside(in) { // 4 and 4 of 5
			t.Fatal("the fifth comes in though memory is short")
		}
		grow(second, 0)
		g.leave(second, 2)
		if inside(in) { // 4 and 4 of 6
			t.Fatal("the fifth comes in though memory is still short")
		}
		grow(third, 0)
		g.leave(third, 4)
		if !inside(in) { // 4 and 4 of 10
			t.Fatal("the fifth does not come in when there is memory")
		}
		used.Store(9) // by others
		g.leave(fourth, 0)
		sixth, in := came()
		if inside(in) {
			t.Fatal("the sixth comes in though others hold the memory")
		}
		used.Store(0)
		time.Sleep(recheck) // of this bubble
		if !inside(in) {
			t.Fatal("the sixth does not come in when others have given memory free")
		}
		used.Store(10)
		g.leave(fifth, 0)
		g.leave(sixth, 100)
		seventh, in := came()
		if !inside(in) { // nobody is there
			t.Fatal("one trial cannot run")
		}
		g.leave(seventh, 0)
	})
}

func many() int { return 100 }

// Of places that have become fewer, none is free until enough have left.
func TestGateHasPlacesForSoMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 3
		g := newGate(func() (int64, bool) { return 0, false }, func() int { return most })
		inside := 0
		come := func() *ticket {
			c := &ticket{}
			go func() {
				if g.enter(t.Context(), c, 0) {
					inside++
				}
			}()
			synctest.Wait()
			return c
		}
		a, b, c := come(), come(), come()
		most = 1
		d := come()
		if a.together != 3 || c.together != 3 || d.together != 0 {
			t.Errorf("together were %d, %d and %d, want 3, 3 and none yet", a.together, c.together, d.together)
		}
		for i, leaving := range []*ticket{a, b, c, d} {
			if want := 3 + i/3; inside != want {
				t.Errorf("%d came in when %d had left, want %d", inside, i, want)
			}
			g.leave(leaving, 0)
			synctest.Wait()
		}
		if d.together != 1 {
			t.Errorf("one by itself was with %d", d.together)
		}
	})
}

func TestGateLeavesTrialsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(func() (int64, bool) { return 0, false }, many)
		var order []string
		enter := func(name string, alone bool) *ticket {
			c := &ticket{alone: alone, kind: name, resident: func() int64 { return 0 }}
			go func() {
				if g.enter(t.Context(), c, 0) {
					order = append(order, name)
				}
			}()
			synctest.Wait()
			return c
		}
		is := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if len(order) != len(want) {
				t.Fatalf("inside were %v, want %v", order, want)
			}
		}
		a, b := enter("a", false), enter("b", false)
		is("a", "b")
		alone := enter("alone", true)
		c := enter("c", false) // it waits for the one before it
		is("a", "b")
		g.leave(a, 0)
		is("a", "b")
		g.leave(b, 0)
		is("a", "b", "alone")
		g.leave(alone, 0)
		is("a", "b", "alone", "c")

		ctx, cancel := context.WithCancel(t.Context())
		waits := make(chan bool)
		go func() { waits <- g.enter(ctx, &ticket{alone: true}, 0) }()
		synctest.Wait()
		d := enter("d", false)
		is("a", "b", "alone", "c")
		cancel() // who waited to be alone goes
		if <-waits {
			t.Error("it came in though its context ended")
		}
		is("a", "b", "alone", "c", "d")
		g.leave(c, 0)
		g.leave(d, 0)
	})
}
