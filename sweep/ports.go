package sweep

import (
	"context"
	"errors"
	"slices"
)

// History is what has happened so far in a run: its trials by number, those
// still running among them, with their reports. It must not be changed.
type History []Trial

// Before is the past of trial n as it was when n was proposed: trials that
// ended later are still running in it, without a result but that of a pause
// before then. So what a searcher decided can be decided again, whatever the
// number of slots and the order in which trials ended.
func (h History) Before(n int) History {
	past := slices.Clone(h[:n])
	for i, t := range past {
		if t.Ended == 0 || t.Ended > h[n].After {
			past[i] = Trial{Run: t.Run, Number: t.Number, Variant: t.Variant, Repeat: t.Repeat, ID: t.ID, After: t.After, Parent: t.Parent, Params: t.Params, Seed: t.Seed}
			for _, p := range t.Pauses {
				if p.Ended <= h[n].After {
					past[i].Pauses = append(past[i].Pauses, p)
				}
			}
		}
	}
	return past
}

// ErrExhausted is what a Searcher answers when it has nothing left to propose.
var ErrExhausted = errors.New("search space exhausted")

// Chooser is a Searcher that has chosen its method itself.
type Chooser interface {
	Searcher
	// Choice says which, and why.
	Choice() string
}

// ErrWait is what a Searcher answers that has nothing to propose until another
// trial has ended, and a Session that has nothing to give out until then.
var ErrWait = errors.New("wait for a trial to end")

// Searcher chooses variants. It decides from n, the history and the spec it
// was made with alone; it may cache, and must answer the same without its
// cache, so that a resumed sweep proposes what the undisturbed one would have.
// Of the history a Learner uses the trials that have ended and the parameters of
// those that have not, but not what these have reported so far: that is not recorded
// with the proposal. Others do not use it.
type Searcher interface {
	// Next is the n-th variant, n counting from 0, or ErrExhausted, or ErrWait.
	Next(n int, past History) (Params, error)
}

// Learner is a Searcher that learns from the past, whoever proposed the trials
// in it, and proposes none of a finite space's variants that are in it already.
type Learner interface {
	Searcher
	// Explain says why Next proposes what it proposes: the method, what it
	// learned from, and how good it takes the proposal for.
	Explain(n int, past History) (string, error)
}

// Breeder is a Searcher whose variants may go on from the checkpoints of others.
type Breeder interface {
	Searcher
	// Parent is the trial that the n-th variant goes on from, one that has ended;
	// false: it begins anew.
	Parent(n int, past History) (number int, ok bool, err error)
}

// Verdict is a Stopper's judgement of a running trial.
type Verdict struct {
	Stop   bool
	Pause  bool   // of a trial that stops: it may be gone on with, as its Promoter says
	Reason string // for people: which rule, its value, the cut-off
}

// Stopper decides after each report whether a running trial goes on. The same
// rule of purity as a Searcher's holds.
type Stopper interface {
	Judge(t Trial, past History) Verdict
}

// Promoter is a Stopper that pauses trials, and has those gone on with that have
// proved worth it. The same rule of purity holds.
type Promoter interface {
	Stopper
	// Promote is the number of a paused trial that is to go on; false: none is.
	Promote(past History) (number int, ok bool)
}

// Watcher is a Stopper that reads metrics of its own choice: a file can be
// checked for trials that never report them.
type Watcher interface {
	Metrics() []string
}

// Job is a trial to be run.
type Job struct {
	Trial      Trial
	Objectives []Objective
	Feasible   string // the constraint's text, by which a model of the best step is kept; "": none
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
// concurrently for one job; of a job that goes on from an earlier launch perhaps
// again from an earlier step on, which then takes back those after it. If a job of
// the same trial directory runs already or has ended unrecorded, Run attaches to it
// instead of launching a second.
// When ctx ends, the job ends before Run returns, gently if the cause is
// ErrStop or ErrInterrupt. The error is for a runner that could not do its
// work; how the trial itself went is in the Result.
type Runner interface {
	Run(ctx context.Context, j Job, report func(Report)) (Result, error)
}

// Slotted is a Runner that knows how many jobs it can run at once. It may think better
// of it while jobs run.
type Slotted interface {
	Slots() int
}

// Placed is a Runner whose jobs run on other machines. It says where the files lie
// that these share with this one.
type Placed interface {
	// Root is the directory for those of trials and their data.
	Root() string
}

// Result is how a job ended.
type Result struct {
	Outcome  Outcome `json:"outcome"`
	Message  string  `json:"message,omitempty"`
	ExitCode int     `json:"exit_code,omitempty"`
	Attempts int     `json:"attempts,omitempty"` // launches it took; 0 where the runner does not count
	Device   string  `json:"device,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"` // spent in the trial itself

	PeakMemory int64 `json:"peak_memory,omitempty"` // most bytes that its processes held; 0: not known

	PeakGPUMemory int64 `json:"peak_gpu_memory,omitempty"` // most bytes of its GPU that they were seen to hold
}

// Store records the trials of one run.
type Store interface {
	// Put takes t for the record of its number, with the reports given; a report
	// replaces those of its step and of later ones. Records become durable soon, in
	// the order of the calls.
	Put(t Trial, reports ...Report) error
	// Sync waits until all that was put before is durable.
	Sync() error
	// Trials are the run's trials by number, with their reports.
	Trials() (History, error)
	// Cached is a ranked trial of this identity from any run of the store.
	Cached(id string) (t Trial, ok bool, err error)
}
