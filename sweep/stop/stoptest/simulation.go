package stoptest

import (
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Simulation is a run in memory, in virtual time: slots trials at a time, each
// at a pace of its own.
type Simulation struct {
	Spec   sweep.Spec
	Trials int
	Slots  int
	Epochs int // of a whole training
	Every  int // epochs from report to report; 0: 1
	// Curve is what a trial measures at the end of an epoch.
	Curve func(t sweep.Trial, epoch int) sweep.Metrics
	// Judged is told of every judgement; nil: nobody is.
	Judged func(t sweep.Trial, past sweep.History, v sweep.Verdict)
}

// Run has rule judge every report. A trial's Seconds are the epochs it trained.
func (s Simulation) Run(rule sweep.Stopper) sweep.History {
	every, repeat := max(s.Every, 1), max(s.Spec.Repeat, 1)
	var history sweep.History
	var running []int
	due := make([]float64, s.Trials)
	ended := 0
	for now := 0.0; ; {
		for len(running) < s.Slots && len(history) < s.Trials {
			n := len(history)
			history = append(history, sweep.Trial{Number: n, Variant: n / repeat, Repeat: n % repeat, Seed: uint64(1 + n%repeat), After: ended})
			running = append(running, n)
			due[n] = now + pace(n)
		}
		if len(running) == 0 {
			return history
		}
		next := 0
		for i, n := range running {
			if due[n] < due[running[next]] {
				next = i
			}
		}
		n := running[next]
		now = due[n]
		due[n] += pace(n)
		t := history[n]
		epoch := (len(t.Reports) + 1) * every
		t.Reports = append(t.Reports, sweep.Report{Step: epoch, Metrics: s.Curve(t, epoch)})
		t.Steps, t.Seconds = len(t.Reports), float64(epoch)
		history[n] = t
		verdict := rule.Judge(t, history)
		if s.Judged != nil {
			s.Judged(t, history, verdict)
		}
		if !verdict.Stop && epoch+every <= s.Epochs {
			continue
		}
		ended++
		t.Ended, t.Outcome = ended, sweep.Succeeded
		if verdict.Stop {
			t.Outcome, t.Message = sweep.Stopped, verdict.Reason
		}
		history[n] = t
		running[next] = running[len(running)-1]
		running = running[:len(running)-1]
	}
}

// pace is how long trial n takes for an epoch.
func pace(n int) float64 { return 1 + Noise(n, 0)/2 }

// Noise is a number from [0, 1) that n and k decide.
func Noise(n, k int) float64 { return rand.New(rand.NewPCG(uint64(n), uint64(k))).Float64() }

// Epochs counts what all trials trained together.
func Epochs(h sweep.History) int {
	sum := 0.0
	for _, t := range h {
		sum += t.Seconds
	}
	return int(sum)
}
