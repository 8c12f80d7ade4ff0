// Package supervisor is what the process of a trial keeps to, whatever it trains:
// it works in the trial directory alone, goes when nobody wants it any more, takes
// with it all that it has started, and knows what memory that needed.
//
// A child of a runner (Start) holds the directory's lock and goes when the runner
// goes. A job of an engine (Join) outlives the runner; it goes when another process
// has claimed the trial.
package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Supervisor watches this process and those it starts.
type Supervisor struct {
	dir   trialdir.Dir
	self  process.ID
	lock  *flock.Flock    // nil: of a job
	claim *trialdir.Claim // of a job
	told  chan os.Signal  // with which its engine asked it to end
	done  chan struct{}
	watch sync.WaitGroup // for the one who looks; until then what follows is theirs

	tree   process.Below
	known  map[process.ID]bool // those below that are recorded
	most   int64               // the most memory that those below held together
	failed error               // processes that could not be recorded
}

// Start makes this process that of the trial. The error is for a directory that
// another one works in. When runner, a pipe that its process holds open, ends, this
// process and all that it has started are killed.
func Start(dir trialdir.Dir, runner io.Reader) (*Supervisor, error) {
	s := &Supervisor{dir: dir, done: make(chan struct{}), known: map[process.ID]bool{}}
	s.lock = flock.New(dir.Lock(), flock.SetPermissions(0o600))
	held, err := s.lock.TryLock()
	if err != nil || !held {
		return nil, errors.Join(fmt.Errorf("trial directory %s is in use by another process", dir), err)
	}
	if s.self, err = process.Identify(os.Getpid()); err == nil { // else this system does not tell processes apart
		if err := errors.Join(dir.AddProcesses(s.self), process.Adopt()); err != nil {
			return nil, errors.Join(err, s.lock.Unlock())
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, runner) // an error is an end too
		vanish("the runner is gone")
	}()
	s.watch.Go(s.look)
	return s, nil
}

// vanish ends this process and all that it has started, at once.
func vanish(why string) {
	_ = process.KillBelow(os.Getpid()) // and if that fails, the rest is tried:
	_ = process.Kill(process.Own())
	panic("sweep trial: " + why)
}

// Between two looks at the processes below. A look may cost a millisecond, and as
// much again when those looked at end: trials of less than a second go without, and
// what they started is told by their environment.
const (
	firstLook = 700 * time.Millisecond
	slowest   = 2 * time.Second
)

// look records the processes below and what memory they hold.
func (s *Supervisor) look() {
	for wait := firstLook; ; wait = min(2*wait, slowest) {
		select {
		case <-s.done:
			return
		case <-time.After(wait):
		}
		below := s.tree.Look()
		memory := process.Resident(below)
		if len(below) == 1 {
			memory = process.Peak(below[0].PID)
		}
		s.most = max(s.most, memory)
		s.record(below)
	}
}

// record records those that are new. Where an engine looks after the trial there is no
// record: nobody else of this machine would read it.
func (s *Supervisor) record(below []process.ID) {
	if s.lock == nil {
		return
	}
	below = slices.DeleteFunc(slices.Clone(below), func(id process.ID) bool { return s.known[id] })
	if len(below) == 0 {
		return
	}
	for _, id := range below {
		s.known[id] = true
	}
	s.failed = errors.Join(s.failed, s.dir.AddProcesses(below...))
}

// End kills what is left below this process, writes how the trial ended with the
// memory it needed, and gives the directory free.
func (s *Supervisor) End(r sweep.Result) error {
	close(s.done)
	s.watch.Wait()
	r.PeakMemory = s.peak()
	err := process.KillBelow(os.Getpid())
	if s.claim != nil {
		return errors.Join(err, s.hand(r))
	}
	if err == nil {
		err = s.dir.ClearProcesses()
	}
	return errors.Join(err, s.failed, s.dir.WriteOutcome(r), s.lock.Unlock())
}

// peak is what each look saw this process and those below hold together, or the
// largest of those that have ended.
func (s *Supervisor) peak() int64 {
	own, below := process.Peak(os.Getpid()), s.most
	if ended := process.PeakBelow(); ended > own { // less may be this process's, from which they set out
		below = max(below, ended)
	}
	return own + below
}
