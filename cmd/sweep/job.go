package main

import (
	"fmt"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// jobJSON is the job of an engine that a trial is, as show --json has it.
type jobJSON struct {
	Engine    string     `json:"engine"`
	ID        string     `json:"id"`
	Submitted time.Time  `json:"submitted"`
	Node      string     `json:"node,omitempty"`  // where it runs, or ran
	Began     *time.Time `json:"began,omitempty"` // last; left out where it waits
	Queued    float64    `json:"queued"`          // seconds from its submission to its first process, or until now
	Starts    int        `json:"starts"`          // how often the engine has started it
}

// jobOf is the job that a trial is; nil: a process of this machine.
func jobOf(t sweep.Trial, now time.Time) (*jobJSON, error) {
	if t.Dir == "" {
		return nil, nil //nolint:nilnil // it was not launched
	}
	dir := trialdir.Dir(t.Dir)
	job, ok, err := dir.Job()
	if err != nil || !ok {
		return nil, err
	}
	out := &jobJSON{Engine: job.Engine, ID: job.ID, Submitted: job.Submitted}
	claim, claimed, err := dir.Claimed()
	if err != nil {
		return nil, err
	}
	if claimed && claim.Launch == job.Launch {
		out.Node, out.Began, out.Starts = claim.Node, &claim.Began, claim.Start+1
		now = claim.Began
	}
	if claimed || t.Outcome == sweep.Running {
		out.Queued = max(now.Sub(job.Submitted).Seconds(), 0)
	}
	return out, nil
}

// String is the job in words.
func (j jobJSON) String() string {
	text := j.Engine + " " + j.ID
	switch {
	case j.Began == nil:
		return fmt.Sprintf("%s, in the queue for %s", text, seconds(j.Queued))
	case j.Starts > 1:
		return fmt.Sprintf("%s on %s, started %d times", text, j.Node, j.Starts)
	default:
		return fmt.Sprintf("%s on %s, after %s in the queue", text, j.Node, seconds(j.Queued))
	}
}
