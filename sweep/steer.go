package sweep

import (
	"context"
	"errors"
	"fmt"
)

// CommandKind says what is asked of a run that goes on.
type CommandKind string

// What can be asked of a run.
const (
	StopRun   CommandKind = "stop"   // end: running trials keep a checkpoint
	AbortRun  CommandKind = "abort"  // end at once
	PauseRun  CommandKind = "pause"  // running trials keep a checkpoint and end; nothing is launched
	ResumeRun CommandKind = "resume" // go on after a pause
	ResizeRun CommandKind = "resize" // run so many trials at once
	KillTrial CommandKind = "kill"   // end a trial, with the result it has
)

// Command is a request to a run that goes on.
type Command struct {
	Kind   CommandKind `json:"kind"`
	Number int         `json:"number,omitempty"` // of slots, or of the trial
}

// Resizable is a Runner that can run more jobs at once, or fewer, from now on.
type Resizable interface {
	Slotted
	// Resize changes the number of slots. The error is for one that cannot be had.
	Resize(slots int) error
}

// What the trials and the run learn of commands.
var (
	errStopped = errors.New("stopped by hand")
	errPaused  = errors.New("paused by hand")
	errKilled  = errors.New("ended by hand")
)

// listen carries out commands until the function that it answers is called, which
// waits for the last one.
func (s *state) listen(ctx context.Context) (end func()) {
	if s.Commands == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case c := <-s.Commands:
				s.obey(c)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// obey carries out a command, and tells the observer.
func (s *state) obey(c Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.workers == 0 { // the run is over
		return
	}
	what := ""
	switch c.Kind {
	case StopRun:
		what = "stopping"
		s.end(interrupt{errStopped})
	case AbortRun:
		what = "ending at once"
		s.end(errStopped)
	case PauseRun:
		what = "paused"
		s.paused = true
		for number := range s.running {
			s.suspend(number)
		}
	case ResumeRun:
		what = "going on"
		s.paused = false
	case ResizeRun:
		what = s.resize(c.Number)
	case KillTrial:
		what = fmt.Sprintf("trial %d is not running", c.Number)
		if cancel, ok := s.running[c.Number]; ok {
			what = fmt.Sprintf("trial %d ended by hand", c.Number)
			cancel(stop{errKilled})
		}
	default:
		what = fmt.Sprintf("%q is nothing that a run can do", c.Kind)
	}
	s.tell(Event{Kind: RunSteered, Reason: what})
	s.wake()
}

// suspend ends a trial until the pause is over. It needs the lock.
func (s *state) suspend(number int) {
	s.suspended[number] = true
	s.running[number](interrupt{errPaused})
}

// resize changes the number of slots, and says what became of it. It needs the lock.
func (s *state) resize(slots int) string {
	r, ok := s.Runner.(Resizable)
	if !ok {
		return "this runner has as many slots as it has"
	}
	if err := r.Resize(slots); err != nil {
		return err.Error()
	}
	for ; s.workers < slots; s.workers++ {
		s.start()
	}
	return AtATime(slots)
}

// AtATime says how many trials there are to be.
func AtATime(slots int) string {
	if slots == 1 {
		return "one trial at a time"
	}
	return fmt.Sprintf("%d trials at a time", slots)
}
