package sweep

import (
	"context"
	"errors"
)

// History is what has happened so far in a run: its trials by number, those
// still running among them, with their reports. It must not be changed.
type History []Trial

// ErrExhausted is what a Searcher answers when it has nothing left to propose.
var ErrExhausted = errors.New("search space exhausted")

// Searcher chooses variants. It decides from n, the history and the spec it
// was made with alone; it may cache, and must answer the same without its
// cache, so that a resumed sweep proposes what the undisturbed one would have.
type Searcher interface {
	// Next is the n-th variant, n counting from 0, or ErrExhausted.
	Next(n int, past History) (Params, error)
}

// Verdict is a Stopper's judgement of a running trial.
type Verdict struct {
	Stop   bool
	Reason string // for people: which rule, its value, the cut-off
}

// Stopper decides after each report whether a running trial goes on. The same
// rule of purity as a Searcher's holds.
type Stopper interface {
	Judge(t Trial, past History) Verdict
}

// Job is a trial to be run.
type Job struct {
	Trial      Trial
	Objectives []Objective
	CacheDir   string // prepared data sets
}

// Causes with which the loop cancels a job's context. On any other cause the
// job ends at once, as Cancelled.
var (
	// ErrStop asks a job to keep its result so far and end as Stopped.
	ErrStop = errors.New("stopped early")
	// ErrInterrupt asks a job to write a checkpoint and end as Cancelled.
	ErrInterrupt = errors.New("interrupted")
)

// Runner runs jobs somewhere. Run blocks until the job has ended and calls
// report for each of its reports, from the first step on, in order and never
// concurrently for one job. If a job of the same trial directory runs already
// or has ended unrecorded, Run attaches to it instead of launching a second.
// When ctx ends, the job ends before Run returns, gently if the cause is
// ErrStop or ErrInterrupt. The error is for a runner that could not do its
// work; how the trial itself went is in the Result.
type Runner interface {
	Run(ctx context.Context, j Job, report func(Report)) (Result, error)
}

// Slotted is a Runner that knows how many jobs it can run at once.
type Slotted interface {
	Slots() int
}

// Result is how a job ended.
type Result struct {
	Outcome  Outcome `json:"outcome"`
	Message  string  `json:"message,omitempty"`
	ExitCode int     `json:"exit_code,omitempty"`
	Attempts int     `json:"attempts,omitempty"` // launches it took; 0 where the runner does not count
	Device   string  `json:"device,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"` // spent in the trial itself
}

// Store records the trials of one run.
type Store interface {
	// Put records t durably, replacing the record of the same number, with
	// the reports given; a report of a known step replaces the old one.
	Put(t Trial, reports ...Report) error
	// Trials are the run's trials by number, with their reports.
	Trials() (History, error)
	// Cached is a ranked trial of this identity from any run of the store.
	Cached(id string) (t Trial, ok bool, err error)
}
