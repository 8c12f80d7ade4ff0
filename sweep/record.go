package sweep

import (
	"fmt"
	"slices"
)

// record puts t into the store and the history and tells the observer. A trial is
// launched after that, so its start is waited for. An end is not: what follows from
// it is put later, so it is not durable without it, and until then the trial's own
// directory knows.
func (s *state) record(t Trial, kind EventKind, reports ...Report) error {
	if t.Outcome.Final() {
		s.ends.Lock()
		defer s.ends.Unlock()
		s.mu.Lock()
		t.Ended = s.ended + 1
		s.mu.Unlock()
		if n := len(t.Pauses); n > 0 && t.Pauses[n-1].Ended == 0 {
			t.Pauses[n-1].Ended = t.Ended
		}
	}
	err := s.Store.Put(t, reports...)
	if err == nil && !t.Outcome.Final() {
		err = s.Store.Sync()
	}
	if err != nil {
		return fmt.Errorf("record trial: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.know(t, kind)
	return nil
}

// know takes what was put into the history; it needs the lock.
func (s *state) know(t Trial, kind EventKind) {
	if n := len(t.Pauses); t.Ended > 0 && (n > 1 || n == 1 && !t.Paused()) { // it had ended before, by a pause
		s.history = slices.Clone(s.history) // who knows the history takes what has ended for settled
	}
	s.history[t.Number] = s.slim(t)
	s.ended = max(s.ended, t.Ended)
	s.tell(Event{Kind: kind, Trial: t})
	if kind == TrialEnded {
		s.judge(t)
	}
}

// slim is a trial that has ended without what nobody will ask for: a long run has
// room for little else.
func (s *state) slim(t Trial) Trial {
	if t.Outcome.Final() && !t.Paused() {
		if t.Task = (Task{}); s.Stopper == nil {
			t.Reports = nil
		}
		if s.forgets() {
			t.Params, t.Best.Metrics, t.Dir = nil, nil, ""
		}
	}
	return t
}

// forgets reports whether nobody will ask what trials were and what they reached.
func (s *state) forgets() bool {
	_, learns := s.Searcher.(Learner)
	_, breeds := s.Searcher.(Breeder)
	return !learns && !breeds && s.Stopper == nil && s.Spec.Repeat <= 1 && s.Spec.Limits.Confirm == 0
}

func (s *state) observe(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(e)
}

// tell needs the lock.
func (s *state) tell(e Event) {
	if s.Observe == nil {
		return
	}
	e.Run, e.Time = s.Run, s.Now()
	s.Observe(e)
}
