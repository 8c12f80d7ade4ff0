package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Loop carries out one run of a sweep: it proposes, records, launches, listens
// and judges until the space, the limits or the caller end it.
type Loop struct {
	Spec     Spec
	Run      string // the run's ID
	Searcher Searcher
	Stopper  Stopper // nil: no trial is cut short
	Runner   Runner
	Store    Store

	// Prepare makes a task's data set ready and answers its fingerprint.
	Prepare func(ctx context.Context, task Task) (fingerprint string, err error)
	// TrialDir is the directory of a trial of this run.
	TrialDir func(t Trial) string
	CacheDir string // of prepared data sets, for the trials
	// Fresh trains every trial, also those with a result in an earlier run.
	Fresh bool
	Now   func() time.Time
	// Commands are carried out while the run goes on; nil: there are none.
	Commands <-chan Command
	// Observe is told of every event, one at a time; it must not block for long.
	Observe func(Event)
	Total   int // trials the run will have, for observers; 0: not known
}

// Summary is how an execution of a run ended.
type Summary struct {
	Reason      string          // "complete", "interrupted", "target reached", ...
	Complete    bool            // nothing is left that a resumed run would do
	Interrupted bool            // the caller's context ended it
	Counts      map[Outcome]int // of all trials of the run
	Cached      int             // of those, taken over from earlier runs
}

// Reasons a run ends before its space is used up.
var (
	errTarget   = errors.New("target reached")
	errDuration = errors.New("time limit reached")
	errFailures = errors.New("too many failed trials")
	errAlike    = errors.New("the first trials all failed in the same way")
)

// Do runs the sweep. Trials already in the store are gone on with: those that
// ended stay as they are, the others are launched again under their number.
// The error is for a sweep that could not go on; what is recorded stays good
// and a later Do goes on from there.
func (l Loop) Do(ctx context.Context) (Summary, error) {
	past, err := l.Store.Trials()
	if err != nil {
		return Summary{}, fmt.Errorf("load trials of run %s: %w", l.Run, err)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := newState(l, end)
	if err := s.restore(past); err != nil {
		return Summary{}, err
	}
	s.observe(Event{Kind: RunStarted, Total: l.Total, Done: s.done(), Slots: s.slots()})

	group, jobs := errgroup.WithContext(ctx)
	if l.Spec.Limits.Duration > 0 {
		timer := time.AfterFunc(l.Spec.Limits.Duration, func() { end(interrupt{errDuration}) })
		defer timer.Stop()
	}
	s.start = func() { group.Go(func() error { return s.work(jobs) }) }
	s.open()
	listened := s.listen(ctx)
	err = group.Wait()
	listened()
	if err == nil {
		err = l.Store.Sync()
	}
	summary := s.summary(ctx)
	if err != nil {
		return summary, err
	}
	s.observe(Event{Kind: RunEnded, Total: l.Total, Done: s.done(), Slots: s.slots(), Reason: summary.Reason})
	return summary, nil
}

// interrupt is a reason for which running trials keep a checkpoint and end:
// runners see ErrInterrupt in it.
type interrupt struct{ error }

// EndFor is a cause to cancel a sweep's context with that ends it for good, as a limit
// of its own does: running trials keep a checkpoint.
func EndFor(reason string) error { return interrupt{errors.New(reason)} }

func (interrupt) Is(target error) bool { return target == ErrInterrupt }
func (i interrupt) Unwrap() error      { return i.error }

// state is a Loop at work. The lock guards everything below it, the calls of
// the searcher, the stopper and the observer among it.
type state struct {
	Loop
	end context.CancelCauseFunc

	ends sync.Mutex // held while the end of a trial is recorded: ends are known in their order

	mu        sync.Mutex
	history   History       // by number, without gaps
	ended     int           // how many times trials of the history have ended
	queue     []int         // recorded trials to be launched again
	active    int           // slots with a trial
	changed   chan struct{} // closed when there may be something new for a slot to do
	exhausted bool
	waiting   bool // whether the searcher waits for a trial to end
	failures  int
	streak    streak

	workers   int    // slots that there are
	start     func() // starts one more
	running   map[int]context.CancelCauseFunc
	paused    bool         // by hand: nothing is launched
	suspended map[int]bool // trials that it ended
}

// roomy is for how many trials there is room in a history from the start: one that grows
// is there twice while it is copied.
const roomy = 1 << 17

func newState(l Loop, end context.CancelCauseFunc) *state {
	return &state{
		Loop: l, end: end, changed: make(chan struct{}),
		history: make(History, 0, min(max(l.Total, 0), roomy)),
		running: map[int]context.CancelCauseFunc{}, suspended: map[int]bool{},
	}
}

// restore takes over what the store knows of the run. A number that is missing
// (its record was cut off by a crash) is proposed again.
func (s *state) restore(past History) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range past {
		for len(s.history) < t.Number {
			if t.Confirms && s.confirm() {
				s.queue = append(s.queue, len(s.history)-1)
				continue
			}
			if ok, err := s.propose(); err != nil || !ok {
				return errors.Join(fmt.Errorf("propose trial %d of run %s again: the search no longer reaches it; start anew with --fresh", len(s.history), s.Run), err)
			}
			s.queue = append(s.queue, len(s.history)-1)
		}
		s.history = append(s.history, s.slim(t))
		s.exhausted = s.exhausted || t.Confirms
		s.ended = max(s.ended, t.Ended)
		if n := len(t.Pauses); n > 0 {
			s.ended = max(s.ended, t.Pauses[n-1].Ended)
		}
		if !t.Outcome.Final() {
			s.queue = append(s.queue, t.Number)
		}
		if failed(t.Outcome) {
			s.failures++
		}
	}
	return nil
}

// propose appends the next trial to the history; false: there is none.
func (s *state) propose() (bool, error) {
	repeat := max(s.Spec.Repeat, 1)
	n := len(s.history)
	t := Trial{Run: s.Run, Number: n, Variant: n / repeat, Repeat: n % repeat, After: s.ended}
	if t.Repeat > 0 {
		t.Params = s.history[n-t.Repeat].Params
	} else {
		p, err := s.Searcher.Next(t.Variant, s.history)
		if errors.Is(err, ErrExhausted) {
			s.exhausted = true
			return false, nil
		}
		if s.waiting = errors.Is(err, ErrWait); s.waiting {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("propose variant %d: %w", t.Variant, err)
		}
		t.Params = p
		if b, ok := s.Searcher.(Breeder); ok {
			if t.Parent, err = s.parent(b, t.Variant); err != nil {
				return false, fmt.Errorf("find the parent of variant %d: %w", t.Variant, err)
			}
		}
	}
	s.history = append(s.history, t)
	return true, nil
}

// parent is the trial that a variant goes on from; nil: none.
func (s *state) parent(b Breeder, variant int) (*Parent, error) {
	number, ok, err := b.Parent(variant, s.history)
	if err != nil || !ok {
		return nil, err
	}
	t := s.history[number]
	p := &Parent{Number: number, ID: t.ID}
	if n := len(t.Reports); n > 0 {
		p.Step = t.Reports[n-1].Step
	}
	return p, nil
}

// trial brings one trial to its end, in whatever state it is found.
func (s *state) trial(ctx context.Context, t Trial) error {
	if t.ID == "" {
		var err error
		t, err = s.identify(ctx, t)
		switch {
		case errors.As(err, new(senseless)):
			return s.reject(t, err)
		case err != nil && ctx.Err() != nil: // not recorded: proposed again when the run goes on
			return nil //nolint:nilerr // the interruption is not this trial's error
		case err != nil:
			return err
		}
	}
	if !s.Fresh && t.Attempt == 0 {
		cached, ok, err := s.Store.Cached(t.ID)
		if err != nil {
			return fmt.Errorf("look for a cached result: %w", err)
		}
		if ok && (cached.Outcome == Succeeded || s.Stopper != nil && !t.Confirms) {
			return s.record(takeOver(t, cached, s.Spec), TrialEnded, cached.Reports...)
		}
	}
	return s.launch(ctx, t)
}

// senseless is the error of a variant of which what the file says makes no sense.
type senseless struct{ error }

// identify evaluates what t does and makes its data ready: its identity follows.
func (s *state) identify(ctx context.Context, t Trial) (Trial, error) {
	task, seed, err := s.Spec.Resolve(t.Params)
	if err != nil {
		return t, senseless{err}
	}
	if t.Data, err = s.Prepare(ctx, task); err != nil {
		return t, fmt.Errorf("prepare data: %w", err)
	}
	t.Task, t.Seed = task, seed+uint64(t.Repeat)
	t.ID = Identify(t.Task, t.Seed, t.Data, t.Parent)
	return t, nil
}

// reject records that t cannot be trained.
func (s *state) reject(t Trial, why error) error {
	t.Started, t.Finished = s.Now(), s.Now()
	t.Outcome, t.Message = Failed, why.Error()
	return s.record(t, TrialEnded)
}

// takeOver is t with the result of an equal trial of an earlier run, which may have
// had another constraint.
func takeOver(t, from Trial, spec Spec) Trial {
	t.CachedAs = from.Name()
	t.Outcome, t.Message, t.Device, t.Dir = from.Outcome, from.Message, from.Device, from.Dir
	t.Started, t.Finished, t.Seconds, t.PeakMemory, t.PeakGPUMemory = from.Started, from.Finished, from.Seconds, from.PeakMemory, from.PeakGPUMemory
	t.Steps, t.Reports = from.Steps, from.Reports
	t.judge(spec)
	return t
}

// launch records t, runs it and records how it ended.
func (s *state) launch(ctx context.Context, t Trial) error {
	if t.Started.IsZero() {
		t.Started = s.Now()
	}
	kind := TrialStarted
	if len(t.Pauses) > 0 {
		kind = TrialPromoted
	}
	t.Dir = s.TrialDir(t)
	if t.Parent != nil {
		from := *t.Parent
		s.mu.Lock()
		from.Dir = s.history[from.Number].Dir
		s.mu.Unlock()
		t.Parent = &from
	}
	t.Attempt++
	t.Outcome, t.Message = Running, ""
	t.Best, t.Violation, t.Steps, t.Reports = Report{}, 0, 0, nil // the runner reports from the first step on
	if err := s.record(t, kind); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.begin(t.Number, cancel)
	defer s.over(t.Number)
	var stopped Verdict
	var broken error // a report that could not be recorded
	result, err := s.Runner.Run(ctx, Job{Trial: t, Objectives: s.Spec.Objectives, Feasible: s.Spec.Feasible.String(), CacheDir: s.CacheDir}, func(r Report) {
		if broken != nil {
			return
		}
		verdict, err := s.report(&t, r)
		switch {
		case err != nil:
			broken = err
			cancel(interrupt{err})
		case verdict.Stop && !stopped.Stop:
			stopped = verdict
			cancel(ErrStop)
		}
	})
	if err := errors.Join(broken, err); err != nil {
		if broken == nil && ctx.Err() != nil {
			return nil // it stays recorded as running, and is gone on with next time
		}
		return err
	}
	t.Finished = s.Now()
	t.Outcome, t.Message, t.ExitCode = result.Outcome, result.Message, result.ExitCode
	t.Device = result.Device
	t.Seconds += result.Seconds
	t.PeakMemory, t.PeakGPUMemory = max(t.PeakMemory, result.PeakMemory), max(t.PeakGPUMemory, result.PeakGPUMemory)
	t.Attempt += max(result.Attempts-1, 0)
	if t.Outcome == Stopped {
		t.Message = stopped.Reason
		if cause := context.Cause(ctx); !stopped.Stop && cause != nil {
			t.Message = cause.Error()
		}
		if stopped.Pause && t.Best.Step > 0 {
			t.pause()
		}
	}
	if t.Outcome.Ranked() && t.Best.Step == 0 {
		t.Outcome, t.Message = Failed, s.unreported(t)
	}
	return s.record(t, TrialEnded)
}

// unreported says that a trial ended without its objective.
func (s *state) unreported(t Trial) string {
	name := s.Spec.Objectives[0].Name
	if len(t.Reports) == 0 {
		return fmt.Sprintf("it ended without reporting %s, or anything else", name)
	}
	var names []string
	for metric := range t.Reports[len(t.Reports)-1].Metrics {
		names = append(names, metric)
	}
	slices.Sort(names)
	return fmt.Sprintf("it ended without reporting %s; it reported %q", name, names)
}

// report adds r to t's curve, records it, and judges.
func (s *state) report(t *Trial, r Report) (Verdict, error) {
	objective := s.Spec.Objectives[0]
	t.Add(r, s.Spec)
	if err := s.Store.Put(*t, r); err != nil {
		return Verdict{}, fmt.Errorf("record step %d: %w", r.Step, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history[t.Number] = *t
	s.tell(Event{Kind: TrialReported, Trial: *t})
	value, known := r.Metrics[objective.Name]
	if target := s.Spec.Limits.Target; target != nil && known && !objective.Better(*target, value) && s.Spec.Violation(r.Metrics) == 0 {
		s.end(stop{errTarget})
	}
	if n := len(t.Pauses); s.Stopper == nil || t.Confirms || n > 0 && r.Step <= t.Pauses[n-1].Last.Step { // judged before it was paused
		return Verdict{}, nil
	}
	return s.Stopper.Judge(*t, s.history), nil
}

// stop is a reason for which running trials end with the result they have:
// runners see ErrStop in it.
type stop struct{ error }

func (stop) Is(target error) bool { return target == ErrStop }

func (s *state) done() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.history {
		if t.Outcome.Final() {
			n++
		}
	}
	return n
}

func (s *state) summary(ctx context.Context) Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := Summary{Reason: "complete", Counts: map[Outcome]int{}}
	for _, t := range s.history {
		sum.Counts[t.Outcome]++
		if t.CachedAs != "" {
			sum.Cached++
		}
	}
	sum.Complete = s.exhausted && len(s.queue) == 0 && sum.Counts[Running]+sum.Counts[Cancelled] == 0
	var stopped stop
	var interrupted interrupt
	switch cause := context.Cause(ctx); {
	case cause == nil:
	case errors.Is(cause, errStopped):
		sum.Reason, sum.Interrupted = errStopped.Error(), true
	case errors.As(cause, &stopped):
		sum.Reason = stopped.Error()
	case errors.As(cause, &interrupted):
		sum.Reason = interrupted.Error()
	default:
		sum.Reason, sum.Interrupted = "interrupted", true
	}
	return sum
}
