package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// ErrEnded is the answer to a job whose trial has ended already: an engine may start
// one again that was just about to end.
var ErrEnded = errors.New("the trial has ended already")

// Between two looks of a job at whether the trial is still its own, how long it waits
// for a file that its runner wrote before submitting it, and for a signal that all
// processes of the job are sent.
const (
	fence   = 5 * time.Second
	arrival = 2 * time.Minute
	delay   = 100 * time.Millisecond
)

// Join makes this process that of a job: of the trial that stands at an index of a
// list of launches. The claim says which job, and where; the rest is filled in.
func Join(list string, index int, c trialdir.Claim) (*Supervisor, trialdir.Dir, error) {
	var tasks []trialdir.Task
	if err := awaited(func() (there bool, err error) {
		trialdir.Dir(list).Refresh()
		tasks, err = trialdir.ReadTasks(list)
		return err == nil, err
	}); err != nil {
		return nil, "", err
	}
	if index < 0 || index >= len(tasks) {
		return nil, "", fmt.Errorf("find trial %d in %s: it lists %d", index, list, len(tasks))
	}
	task := tasks[index]
	dir := trialdir.Dir(task.Dir)
	if err := awaited(func() (bool, error) {
		dir.Refresh()
		spec, err := dir.Spec()
		if err == nil && spec.Launch > task.Launch {
			return false, over{fmt.Errorf("launch %d of the trial in %s is over: there is launch %d", task.Launch, dir, spec.Launch)}
		}
		return err == nil && spec.Launch == task.Launch, err
	}); err != nil {
		return nil, "", err
	}
	if done, ended, err := dir.OutcomeOf(task.Launch); err != nil || ended && done.Outcome != sweep.Cancelled {
		return nil, dir, errors.Join(ErrEnded, err)
	}
	c.Launch = task.Launch
	s := &Supervisor{dir: dir, claim: &c, done: make(chan struct{}), told: make(chan os.Signal, 1)}
	signal.Notify(s.told, syscall.SIGTERM)
	var err error
	if s.self, err = process.Identify(os.Getpid()); err == nil { // else this system does not tell processes apart
		err = process.Adopt()
	}
	if err := errors.Join(err, dir.ClearOutcome(), dir.SetClaim(c)); err != nil {
		return nil, "", err
	}
	s.watch.Go(s.look)
	s.watch.Go(s.guard)
	return s, dir, nil
}

// over is an error that waiting does not mend.
type over struct{ error }

// awaited waits for what another machine has written to be there.
func awaited(there func() (bool, error)) error {
	deadline := time.After(arrival)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, fence) {
		ok, err := there()
		if ok || errors.As(err, new(over)) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-deadline:
			return errors.Join(errors.New("what the runner has written is not to be seen here: is its directory one that all nodes share?"), err)
		}
	}
}

// guard ends the process when the trial is another's.
func (s *Supervisor) guard() {
	ticks := time.NewTicker(fence)
	defer ticks.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticks.C:
			if mine, err := s.mine(); err == nil && !mine { // what cannot be read says nothing
				vanish("the trial was started elsewhere")
			}
		}
	}
}

// mine reports whether the trial is still that of this process.
func (s *Supervisor) mine() (bool, error) {
	s.dir.Refresh()
	now, ok, err := s.dir.Claimed()
	return ok && now.Launch == s.claim.Launch && now.Job == s.claim.Job && now.Start == s.claim.Start, err
}

// hand writes how the trial ended, if it is still that of this process. An engine that
// ends a job signals its program as well, which may look as if it had ended by itself.
func (s *Supervisor) hand(r sweep.Result) error {
	if r.Outcome != sweep.Cancelled {
		select {
		case <-s.told:
			r.Outcome, r.Message = sweep.Cancelled, "its job was asked to end"
		case <-time.After(delay):
		}
	}
	mine, err := s.mine()
	if err != nil {
		return err
	}
	if !mine {
		return fmt.Errorf("the trial in %s was started elsewhere: what came of it here is dropped", s.dir)
	}
	r.Device = fmt.Sprintf("%s, job %s", s.claim.Node, s.claim.Job)
	return s.dir.WriteOutcomeOf(s.claim.Launch, r)
}
