package searchtest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Metric is what the trials of a simulation report; those of Bowl report Other too.
const (
	Metric = "loss"
	Other  = "gain"
)

// Simulation is a run in memory: slots trials at a time end in an order that
// Seed decides.
type Simulation struct {
	Spec   sweep.Spec
	Slots  int
	Trials int // 0: until the searcher has no more
	Seed   uint64
	// End is how a trial ends: its metrics, or an outcome without a result.
	End func(t sweep.Trial, r *rand.Rand) (sweep.Outcome, sweep.Metrics)
}

// Run lets searcher propose until the trials are used up.
func (s Simulation) Run(searcher sweep.Searcher) (sweep.History, error) {
	r := rand.New(rand.NewPCG(s.Seed, uint64(s.Slots)))
	repeat := max(s.Spec.Repeat, 1)
	var history sweep.History
	var running []int
	ended, exhausted := 0, false
	for {
		for !exhausted && len(running) < s.Slots && (s.Trials == 0 || len(history) < s.Trials) {
			n := len(history)
			t := sweep.Trial{Number: n, Variant: n / repeat, Repeat: n % repeat, After: ended}
			if t.Repeat > 0 {
				t.Params = history[n-t.Repeat].Params
			} else {
				p, err := searcher.Next(t.Variant, history)
				if errors.Is(err, sweep.ErrExhausted) {
					exhausted = true
					break
				}
				if err != nil {
					return history, fmt.Errorf("propose variant %d: %w", t.Variant, err)
				}
				t.Params = p
			}
			history = append(history, t)
			running = append(running, n)
		}
		if len(running) == 0 {
			return history, nil
		}
		for _, n := range running { // what a searcher must not look at
			history[n].Best = sweep.Report{Step: 1, Metrics: sweep.Metrics{Metric: r.Float64()}}
			history[n].Violation = 1
		}
		i := r.IntN(len(running))
		t := &history[running[i]]
		running = slices.Delete(running, i, i+1)
		ended++
		t.Ended, t.Steps = ended, 1
		var m sweep.Metrics
		t.Outcome, m = s.End(*t, r)
		t.Best, t.Violation = sweep.Report{Step: 1, Metrics: m}, s.Spec.Violation(m)
	}
}

// Bowl is a loss without a secret: the larger a number or the longer a text the
// worse, and one trial in ten fails. A gain is the sum of the numbers.
func Bowl(t sweep.Trial, r *rand.Rand) (sweep.Outcome, sweep.Metrics) {
	loss, gain := 0.0, 0.0
	for _, name := range slices.Sorted(maps.Keys(t.Params)) {
		v := t.Params[name]
		if f, ok := v.AsFloat(); ok {
			loss += f * f
			gain += f
		} else {
			loss += float64(len(v.String()))
		}
	}
	switch {
	case r.IntN(10) == 0:
		return sweep.Diverged, nil
	case r.IntN(50) == 0:
		return sweep.Succeeded, sweep.Metrics{Metric: math.NaN()}
	}
	return sweep.Succeeded, sweep.Metrics{Metric: loss, Other: gain}
}

// Learn tries a learner on all Spaces, with 1, 4 and 16 slots, repeats, several
// objectives and infeasible trials: what it proposes is in the space, keeps to the
// constraints and comes but once, and a searcher that knows nothing but the recorded
// past decides the same.
func Learn(t *testing.T, build func(sweep.Spec) (sweep.Searcher, error)) {
	t.Helper()
	for _, s := range Spaces() {
		for _, slots := range []int{1, 4, 16} {
			t.Run(fmt.Sprintf("%s, %d slots", s.Name, slots), func(t *testing.T) {
				spec := sweep.Spec{Space: s.Space, Repeat: 1, Objectives: []sweep.Objective{{Name: Metric, Goal: sweep.Minimize}}, Limits: sweep.Limits{Trials: 40}}
				switch slots {
				case 4:
					spec.Repeat = 2
				case 16:
					spec.Objectives = append(spec.Objectives, sweep.Objective{Name: Other, Goal: sweep.Maximize})
					spec.Feasible = &sweep.Constraint{Measure: func(m sweep.Metrics) float64 { return m[Metric] - 20 }}
				}
				fresh := func() sweep.Searcher {
					searcher, err := build(spec)
					if err != nil {
						t.Fatal(err)
					}
					return searcher
				}
				simulation := Simulation{Spec: spec, Slots: slots, Trials: 40 * spec.Repeat, Seed: 7, End: Bowl}
				history, err := simulation.Run(fresh())
				if err != nil {
					t.Fatal(err)
				}
				var proposed []sweep.Params
				for n, trial := range history {
					if trial.Repeat > 0 {
						continue
					}
					proposed = append(proposed, trial.Params)
					p, err := fresh().Next(trial.Variant, history.Before(n))
					if err != nil || p.Key() != trial.Params.Key() {
						t.Fatalf("variant %d was %s, decided again it is %s (%v)", trial.Variant, trial.Params.Key(), p.Key(), err)
					}
					if l, ok := fresh().(sweep.Learner); !ok {
						t.Fatal("it is no Learner")
					} else if why, err := l.Explain(trial.Variant, history.Before(n)); err != nil || why == "" {
						t.Errorf("Explain = %q, %v", why, err)
					}
				}
				good(t, s, proposed, min(s.Size, 40))
				again, err := simulation.Run(fresh())
				if err != nil || len(again) != len(history) {
					t.Fatalf("the second run has %d trials (%v), the first %d", len(again), err, len(history))
				}
				for n := range history {
					if again[n].Params.Key() != history[n].Params.Key() {
						t.Fatalf("trial %d was %s, in a second run it is %s", n, history[n].Params.Key(), again[n].Params.Key())
					}
				}
			})
		}
	}
}

// good checks proposals: in the space, within the constraints, and where the
// space is finite each once, count of them.
func good(t *testing.T, s Space, proposed []sweep.Params, count int) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range proposed {
		fitted, err := s.Space.Fit(p)
		if err != nil || fitted.Key() != p.Key() {
			t.Errorf("%s is outside the space: %v", p.Key(), err)
		}
		if s.Space.Skip != nil {
			if skip, err := s.Space.Skip(p); skip || err != nil {
				t.Errorf("%s breaks the constraint", p.Key())
			}
		}
		if seen[p.Key()] && s.Size > 0 {
			t.Errorf("%s is proposed twice", p.Key())
		}
		seen[p.Key()] = true
	}
	if s.Size > 0 && len(proposed) != count {
		t.Errorf("%d variants proposed, want %d", len(proposed), count)
	}
}
