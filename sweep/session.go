package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Session is a run whose trials are trained elsewhere: a program asks for one
// trial after the other and tells their results, in any order.
type Session struct {
	s       *state
	pausing map[int]bool // trials that were told to stop, and may be gone on with
}

// Open is a session on the loop's run. The loop's runner and directories are not
// used; trials that the store has as running are with whoever asked for them.
func (l Loop) Open() (*Session, error) {
	past, err := l.Store.Trials()
	if err != nil {
		return nil, fmt.Errorf("load trials of run %s: %w", l.Run, err)
	}
	s := newState(l, func(error) {})
	if err := s.restore(past); err != nil {
		return nil, err
	}
	s.queue = slices.DeleteFunc(s.queue, func(n int) bool { // somebody has those that run
		return s.history[n].ID != "" && s.history[n].Outcome == Running
	})
	return &Session{s, map[int]bool{}}, nil
}

// Ask is the next trial, recorded as running, or ErrExhausted, or ErrWait. A trial
// that was paused may be given out again, to go on after its last report.
func (x *Session) Ask(ctx context.Context) (Trial, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Trial{}, err
		}
		x.s.mu.Lock()
		t, ok, err := x.s.pick()
		x.s.mu.Unlock()
		switch {
		case err != nil:
			return Trial{}, err
		case !ok && x.waits():
			return Trial{}, ErrWait
		case !ok:
			return Trial{}, ErrExhausted
		case len(t.Pauses) > 0:
			t.Attempt++
			return t, x.s.record(t, TrialPromoted)
		}
		t, err = x.s.identify(ctx, t)
		if errors.As(err, new(senseless)) {
			if err := x.s.reject(t, err); err != nil {
				return Trial{}, err
			}
			continue
		}
		if err != nil {
			return Trial{}, err
		}
		t.Started, t.Attempt = x.s.Now(), 1
		return t, x.s.record(t, TrialStarted)
	}
}

// waits reports whether the end of a trial that is out may bring another.
func (x *Session) waits() bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	_, promotes := x.s.Stopper.(Promoter)
	return (promotes || x.s.waiting || x.s.Spec.Limits.Confirm > 0) && slices.ContainsFunc(x.s.history, func(t Trial) bool { return !t.Outcome.Final() })
}

// Tell adds a report to a trial that was asked for, and answers whether it is
// to go on.
func (x *Session) Tell(number int, r Report) (Verdict, error) {
	t, err := x.open(number)
	if err != nil {
		return Verdict{}, err
	}
	if r.Step == 0 {
		r.Step = t.Steps + 1
	}
	if r.Time.IsZero() {
		r.Time = x.s.Now()
	}
	if last := len(t.Reports); last > 0 && t.Reports[last-1].Step >= r.Step {
		return Verdict{}, fmt.Errorf("tell trial %s: step %d comes after step %d", t.Name(), r.Step, t.Reports[last-1].Step)
	}
	v, err := x.s.report(&t, r)
	x.pausing[number] = v.Pause
	return v, err
}

// End records how a trial that was asked for ended.
func (x *Session) End(number int, outcome Outcome, message string) (Trial, error) {
	t, err := x.open(number)
	if err != nil {
		return t, err
	}
	if !outcome.Final() {
		return t, fmt.Errorf("end trial %s: %q is not how a trial ends", t.Name(), outcome)
	}
	t.Outcome, t.Message, t.Finished = outcome, message, x.s.Now()
	t.Seconds = max(t.Finished.Sub(t.Started), 0).Seconds() // clocks are set back now and then
	if outcome.Ranked() && t.Best.Step == 0 {
		return t, fmt.Errorf("end trial %s: %s", t.Name(), x.s.unreported(t))
	}
	if outcome == Stopped && x.pausing[number] {
		t.pause()
	}
	if err := x.s.record(t, TrialEnded); err != nil {
		return t, err
	}
	return t, x.s.Store.Sync()
}

// open is a trial that runs.
func (x *Session) open(number int) (Trial, error) {
	if number < 0 || number >= len(x.s.history) {
		return Trial{}, fmt.Errorf("run %s has no trial %d: ask for one first", x.s.Run, number)
	}
	t := x.s.history[number]
	if t.Outcome.Final() {
		return t, fmt.Errorf("trial %s has ended already: %s", t.Name(), t.Outcome)
	}
	return t, nil
}

// Complete reports whether the run has ended: nothing is out, and nothing is left
// to propose.
func (x *Session) Complete() bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	n := len(x.s.history)
	if len(x.s.queue) > 0 || slices.ContainsFunc(x.s.history, func(t Trial) bool { return !t.Outcome.Final() }) {
		return false
	}
	if p, ok := x.s.Stopper.(Promoter); ok {
		if _, ok := p.Promote(x.s.history); ok {
			return false
		}
	}
	over := x.s.exhausted
	if limit := x.s.Spec.Limits.Trials; limit > 0 && n >= limit {
		over = true
	}
	if repeat := max(x.s.Spec.Repeat, 1); !over && n%repeat == 0 {
		_, err := x.s.Searcher.Next(n/repeat, x.s.history) // asking changes nothing
		over = errors.Is(err, ErrExhausted)
	}
	if over && x.s.confirm() {
		x.s.history = x.s.history[:n]
		return false
	}
	return over
}
