package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Status is what has become of a due time.
type Status string

// The states of a firing. All but the first three are final.
const (
	Waiting  Status = "waiting"  // until the one before it is done
	Running  Status = "running"  // its process is to run; it was recorded before it started
	Ending   Status = "ending"   // its process was asked to end
	Finished Status = "finished" // its process has ended well
	Failed   Status = "failed"   // its process ended with an exit code
	Ended    Status = "ended"    // asked to, it has: see the reason
	Skipped  Status = "skipped"  // left out: see the reason
	Missed   Status = "missed"   // nobody was there to fire it
)

// Final reports whether nothing more becomes of it.
func (s Status) Final() bool { return s != Waiting && s != Running && s != Ending }

// Firing is a due time, and what has become of it.
type Firing struct {
	Due      time.Time `json:"due"`
	Manual   bool      `json:"manual,omitempty"` // asked for by a person, not by the clock
	Status   Status    `json:"status"`
	Reason   string    `json:"reason,omitempty"` // why it was left out or ended
	Run      string    `json:"run,omitempty"`    // the run that it is
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	ExitCode int       `json:"exit_code,omitempty"` // of its process; -1: a signal ended it
	Note     string    `json:"note,omitempty"`      // what there is to say of its run
}

// Key is what a firing is called: its schedule's name and its due time.
func Key(name string, due time.Time) string {
	return name + "@" + due.UTC().Format(time.RFC3339)
}

// ParseKey takes a key apart.
func ParseKey(key string) (name string, due time.Time, err error) {
	name, text, _ := strings.Cut(key, "@")
	if due, err = time.Parse(time.RFC3339, text); err != nil {
		return "", due, fmt.Errorf("read firing %q: %w", key, err)
	}
	return name, due, nil
}

// Done is the firing when its process has ended.
func (f Firing) Done(exit int, at time.Time) Firing {
	f.Finished, f.ExitCode = at, exit
	switch {
	case f.Status == Ending:
		f.Status = Ended
	case exit == 0:
		f.Status = Finished
	default:
		f.Status = Failed
	}
	return f
}

// State is what has become of a schedule so far.
type State struct {
	Decided time.Time // the last due time that something was decided about
	Running *Firing   // Running or Ending
	Waiting *Firing
}

// With is the state after a firing was recorded as it is now.
func (s State) With(f Firing) State {
	if s.Running != nil && s.Running.Due.Equal(f.Due) {
		s.Running = nil
	}
	if s.Waiting != nil && s.Waiting.Due.Equal(f.Due) {
		s.Waiting = nil
	}
	switch f.Status {
	case Running, Ending:
		s.Running = &f
	case Waiting:
		s.Waiting = &f
	default:
	}
	return s
}

const (
	// onTime is how late a time may be fired that does not count as missed: a machine
	// that is busy, or a clock that was set.
	onTime = time.Minute
	// recorded are the missed times that are recorded, the last ones.
	recorded = 100
	// tolerated is how far a clock may be put back without a time being fired twice.
	tolerated = 25 * time.Hour
	// remembered is how far back missed times are looked for.
	remembered = 366 * 24 * time.Hour
)

// The reasons for what becomes of a firing.
const (
	nobodyThere  = "no daemon was running at its time"
	madeUp       = "a later time makes up for it"
	stillRunning = "the one before it was still running"
	oneWaits     = "the one before it was still running, and another waits already"
	replaced     = "a later one took its place"
	deadlinePast = "it was not done by its deadline"
)

// Decide is what is to be done at the time now: firings that are new or change, in
// order, and the state then. They are to be recorded first and acted on second: one
// that is Running is to be started, one that is Ending to be asked to end.
func (s *Schedule) Decide(state State, now time.Time) (State, []Firing) {
	var out []Firing
	decide := func(f Firing) {
		out = append(out, f)
		state = state.With(f)
	}
	if r := state.Running; r != nil && r.Status == Running && s.past(*r, now) {
		decide(r.ending(deadlinePast))
	}
	next := func() { // the one that waits starts
		if w := state.Waiting; w != nil && state.Running == nil {
			f := *w
			f.Status, f.Started = Running, now
			decide(f)
		}
	}
	due := s.due(s.since(state, now), now)
	if s.Overlap != Replace || len(due) == 0 {
		next()
	}
	for i, at := range due {
		state.Decided = at
		f := Firing{Due: at}
		late := now.Sub(s.At(at)) > onTime
		switch {
		case i < len(due)-1 && s.CatchUp && late:
			f.Status, f.Reason = Missed, madeUp
		case i < len(due)-1 && late, late && !s.CatchUp:
			f.Status, f.Reason = Missed, nobodyThere
		case state.Running == nil && state.Waiting == nil:
			f.Status, f.Started = Running, now
		case s.Overlap == Replace:
			if w := state.Waiting; w != nil {
				decide(w.leftOut(replaced))
			}
			if r := state.Running; r != nil && r.Status == Running && !r.Manual {
				decide(r.ending(replaced))
			}
			f.Status = Waiting
		case s.Overlap == Queue && state.Waiting == nil:
			f.Status = Waiting
		case s.Overlap == Queue:
			f.Status, f.Reason = Skipped, oneWaits
		default:
			f.Status, f.Reason = Skipped, stillRunning
		}
		decide(f)
	}
	next()
	return state, out
}

// Orphan is what becomes of a firing whose process died with its daemon, or never
// was: what is still Running is to be started again, and goes on with its run.
func (s *Schedule) Orphan(f Firing, now time.Time) Firing {
	if f.Status == Running && s.past(f, now) {
		f = f.ending(deadlinePast)
	}
	if f.Status == Ending {
		f = f.Done(0, now)
	}
	return f
}

// Wake is the next time at which Decide may have something to do, if nothing else
// happens before; the zero time where there is none.
func (s *Schedule) Wake(state State, now time.Time) time.Time {
	var wake time.Time
	if next := s.Next(s.since(state, now)); !next.IsZero() {
		wake = s.At(next)
	}
	if r := state.Running; r != nil && r.Status == Running && s.Deadline > 0 && !r.Manual {
		if end := r.Started.Add(s.Deadline); wake.IsZero() || end.Before(wake) {
			wake = end
		}
	}
	return wake
}

// past reports whether the deadline of a firing is. Whoever asked for one by hand
// is there to end it.
func (s *Schedule) past(f Firing, now time.Time) bool {
	return s.Deadline > 0 && !f.Manual && !now.Before(f.Started.Add(s.Deadline))
}

// since is the time up to which everything is decided. What was decided of days to
// come, a clock that was wrong has decided.
func (s *Schedule) since(state State, now time.Time) time.Time {
	if state.Decided.After(now.Add(tolerated)) {
		return now
	}
	return state.Decided
}

// due are the times after decided that are to start by now, at most the last ones.
func (s *Schedule) due(decided, now time.Time) []time.Time {
	if first := now.Add(-remembered); decided.Before(first) {
		decided = first
	}
	var out []time.Time
	for next := s.Next(decided); !next.IsZero() && !s.At(next).After(now); next = s.Next(next) {
		if out = append(out, next); len(out) > 2*recorded {
			out = append(out[:0], out[len(out)-recorded:]...)
		}
	}
	return out[max(len(out)-recorded, 0):]
}

func (f Firing) leftOut(reason string) Firing {
	f.Status, f.Reason = Skipped, reason
	return f
}

func (f Firing) ending(reason string) Firing {
	f.Status, f.Reason = Ending, reason
	return f
}
