package process

import (
	"errors"
	"os"
)

// ID is a process for good: its number is given to others later, its number and
// start are not.
type ID struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // as this system tells it
}

// errGone is the answer about a process that has ended.
var errGone = errors.New("there is no such process")

// Identify is the process that has a number now. The error is for none, for one
// that has ended and was not waited for, and for systems that do not say.
func Identify(pid int) (ID, error) { return identify(pid) }

// Alive reports whether that very process runs.
func (id ID) Alive() bool {
	now, err := identify(id.PID)
	return err == nil && now == id
}

// signal sends s to that very process and to no other that has its number now.
// One that is gone is no error.
func (id ID) signal(s os.Signal) error {
	p, err := os.FindProcess(id.PID) // a handle where the system has such: it does not pass to a stranger
	if err != nil {
		return nil // it is gone
	}
	defer p.Release() //nolint:errcheck // it only frees the handle
	if !id.Alive() {
		return nil
	}
	if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
