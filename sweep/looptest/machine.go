package looptest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Machine is a sweep.Runner whose trials take no more than time, such as that of a
// synctest bubble. They keep a checkpoint after each epoch and go on from it.
type Machine struct {
	slots, epochs int
	// Epoch is what a trial measures at the end of an epoch, and the weights it then
	// has, given those before: one number is all a model needs here.
	Epoch func(t sweep.Trial, epoch int, weights float64) (sweep.Metrics, float64)
	// Pace is how long an epoch of a trial takes; nil: a minute.
	Pace func(t sweep.Trial) time.Duration

	mu       sync.Mutex
	kept     map[string]checkpoint // by trial directory
	launches map[string]int
	running  int
	most     int
	trained  int
}

type checkpoint struct {
	reports []sweep.Report
	weights float64
}

// NewMachine trains so many epochs a trial.
func NewMachine(slots, epochs int, epoch func(t sweep.Trial, epoch int, weights float64) (sweep.Metrics, float64)) *Machine {
	return &Machine{slots: slots, epochs: epochs, Epoch: epoch, kept: map[string]checkpoint{}, launches: map[string]int{}}
}

// Slots is how many trials run at once.
func (m *Machine) Slots() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.slots
}

// Resize is a sweep.Resizable's; there are 100 slots at most.
func (m *Machine) Resize(slots int) error {
	if slots > 100 {
		return errors.New("there are 100 slots at most")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots = slots
	return nil
}

// Launches counts those of each trial, by identity.
func (m *Machine) Launches() map[string]int { return m.launches }

// Most is how many trials there were at a time, at most.
func (m *Machine) Most() int { return m.most }

// Trained is how many epochs were trained altogether.
func (m *Machine) Trained() int { return m.trained }

// Run trains a trial.
func (m *Machine) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	at := m.start(j.Trial)
	defer m.leave()
	for _, r := range at.reports {
		report(r)
	}
	began := time.Now() //nolint:forbidigo // the trial's clock
	pace := time.Minute
	if m.Pace != nil {
		pace = m.Pace(j.Trial)
	}
	first := len(at.reports)
	if p := j.Trial.Parent; p != nil {
		first += p.Step
	}
	for epoch := first + 1; epoch <= m.epochs; epoch++ {
		select {
		case <-time.After(pace):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			outcome := sweep.Cancelled
			if errors.Is(context.Cause(ctx), sweep.ErrStop) {
				outcome = sweep.Stopped
			}
			return sweep.Result{Outcome: outcome, Seconds: time.Since(began).Seconds()}, nil
		}
		metrics, weights := m.Epoch(j.Trial, epoch, at.weights)
		at = checkpoint{append(slices.Clip(at.reports), sweep.Report{Step: epoch, Metrics: metrics}), weights}
		m.keep(j.Trial.Dir, at)
		report(at.reports[len(at.reports)-1])
	}
	return sweep.Result{Outcome: sweep.Succeeded, Seconds: time.Since(began).Seconds()}, nil
}

// start counts a trial in; it goes on from its checkpoint, or its parent's.
func (m *Machine) start(t sweep.Trial) checkpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.launches[t.ID]++
	m.running++
	m.most = max(m.most, m.running)
	at, begun := m.kept[t.Dir]
	if t.Parent != nil && !begun {
		at.weights = m.kept[t.Parent.Dir].weights
	}
	return at
}

func (m *Machine) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
}

func (m *Machine) keep(dir string, at checkpoint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[dir] = at
	m.trained++
}
