package sweep

import (
	"context"
	"fmt"
)

// open starts as many slots as there are to be.
func (s *state) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.workers < s.slots(); s.workers++ {
		s.start()
	}
}

// slots is how many there are to be.
func (s *state) slots() int {
	if r, ok := s.Runner.(Slotted); ok {
		return max(r.Slots(), 1)
	}
	return 1
}

// take is the next trial for a slot; false: there is none, and the slot closes.
// While others are under way it waits for what their ends may bring.
func (s *state) take(ctx context.Context) (t Trial, ok bool, err error) {
	for {
		s.mu.Lock()
		over := ctx.Err() != nil || s.workers > s.slots()
		if !over && !s.paused {
			t, ok, err = s.pick()
			over = ok || err != nil || s.active == 0
		}
		if ok {
			s.active++
		} else if over {
			s.workers--
		}
		changed := s.changed
		s.mu.Unlock()
		if over {
			return t, ok, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// wake has the slots look again for something to do. It needs the lock.
func (s *state) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// leave says that a slot's trial is over. One that was ended by a pause is to go on
// after it.
func (s *state) leave(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.suspended[number] {
		delete(s.suspended, number)
		if !s.history[number].Outcome.Final() {
			s.queue = append(s.queue, number)
		}
	}
	s.wake()
}

// begin and over frame the time in which a trial can be ended by hand.
func (s *state) begin(number int, cancel context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[number] = cancel
	if s.paused {
		s.suspend(number)
	}
}

func (s *state) over(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, number)
}

// pick is the next trial to launch: one that was under way when the run was
// interrupted, one that is promoted, or a new one. It needs the lock.
func (s *state) pick() (Trial, bool, error) {
	if len(s.queue) > 0 {
		n := s.queue[0]
		s.queue = s.queue[1:]
		return s.history[n], true, nil
	}
	if p, ok := s.Stopper.(Promoter); ok {
		if n, ok := p.Promote(s.history); ok {
			t := &s.history[n]
			t.Outcome, t.Message, t.Ended = Running, "", 0 // nobody else promotes it
			return *t, true, nil
		}
	}
	if limit := s.Spec.Limits.Trials; limit > 0 && len(s.history) >= limit {
		s.exhausted = true
	}
	ok := false
	if !s.exhausted {
		var err error
		if ok, err = s.propose(); err != nil {
			return Trial{}, false, err
		}
	}
	if !ok && (!s.exhausted || !s.confirm()) {
		return Trial{}, false, nil
	}
	return s.history[len(s.history)-1], true, nil
}

// work is one slot's life: trial after trial until there is none.
func (s *state) work(ctx context.Context) error {
	for {
		t, ok, err := s.take(ctx)
		if ok {
			err = s.trial(ctx, t)
			s.leave(t.Number)
			if err != nil {
				err = fmt.Errorf("trial %s: %w", t.Name(), err)
			}
		}
		if err != nil {
			s.end(interrupt{err}) // the trials of other slots end gently
		}
		if err != nil || !ok {
			return err
		}
	}
}
