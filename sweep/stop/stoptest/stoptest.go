// Package stoptest is the contract suite of stop rules: what every one of them
// keeps to on all sorts of learning curves.
package stoptest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Metrics of the simulated trials.
const (
	Loss = "loss"
	Size = "size"
)

// Rule is a stop rule to be tried.
type Rule struct {
	New func(sweep.Spec) (sweep.Stopper, error)
	// Stops is the rule once more, as plainly as it can be said: whether t, which
	// has just reported, is to be stopped.
	Stops func(s sweep.Spec, t sweep.Trial, past sweep.History) bool
	// Compares: the rule holds trials against each other, and so never stops the
	// one that is best all along, nor one of equals.
	Compares bool
}

// curves are what trials measure: small is good, and every variant has its own
// quality. The variant Best is the best at every epoch.
var curves = map[string]func(t sweep.Trial, epoch int) float64{
	"parallel": func(t sweep.Trial, epoch int) float64 { return quality(t) + 1/float64(epoch) },
	"crossing": func(t sweep.Trial, epoch int) float64 {
		return quality(t) + math.Exp(-float64(epoch)*Noise(t.Variant, 2)/4)
	},
	"noisy":   func(t sweep.Trial, epoch int) float64 { return quality(t) + Noise(t.Number, 100+epoch) },
	"worse":   func(t sweep.Trial, epoch int) float64 { return quality(t) + float64(epoch)/10 },
	"equal":   func(sweep.Trial, int) float64 { return 0.5 },
	"rounded": func(t sweep.Trial, _ int) float64 { return math.Round(quality(t) * 3) },
	"not finite": func(t sweep.Trial, epoch int) float64 {
		switch {
		case t.Number%5 == 1 && epoch > 3:
			return math.NaN()
		case t.Number%5 == 2 && epoch%4 == 0:
			return math.Inf(1)
		}
		return quality(t)
	},
}

func quality(t sweep.Trial) float64 { return Noise(t.Variant, 1) + Noise(t.Number, 3)/10 }

// best is the variant that is the best at every epoch, of all curves but "equal".
const best = 7

// Run tries a rule on simulated runs: falling, crossing, noisy, equal and broken
// curves; one and several objectives, slots and seeds; reports at every epoch, at
// every tenth, and such as lack the metric.
func Run(t *testing.T, r Rule) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(curves)) {
		for _, shape := range []struct{ objectives, slots, repeat, every, gaps int }{
			{1, 1, 1, 1, 0}, {1, 4, 1, 1, 0}, {1, 5, 3, 1, 0}, {1, 4, 1, 10, 0}, {1, 3, 1, 1, 3}, {2, 4, 1, 1, 0}, {3, 4, 2, 1, 0},
		} {
			t.Run(fmt.Sprintf("%s/%+v", name, shape), func(t *testing.T) {
				s := Simulation{
					Spec:   sweep.Spec{Repeat: shape.repeat},
					Trials: 45, Slots: shape.slots, Epochs: 20 * max(shape.every/3, 1), Every: shape.every,
					Curve: func(t sweep.Trial, epoch int) sweep.Metrics {
						m := sweep.Metrics{"other": 1}
						if shape.gaps > 0 && epoch%shape.gaps != 0 {
							return m
						}
						m[Loss], m[Size], m["third"] = curves[name](t, epoch), Noise(t.Variant, 4), -Noise(t.Variant, 5)
						switch {
						case name == "equal":
							m[Size], m["third"] = 1, 1
						case t.Variant == best:
							m[Loss], m[Size], m["third"] = -1, -1, 1
						}
						return m
					},
				}
				s.Spec.Objectives = []sweep.Objective{{Name: Loss, Goal: sweep.Minimize}, {Name: Size, Goal: sweep.Minimize}, {Name: "third", Goal: sweep.Maximize}}[:shape.objectives]
				history := r.run(t, s, name == "equal")
				mirrored(t, r, s, history)
			})
		}
	}
	t.Run("nothing to judge", func(t *testing.T) {
		rule := r.fresh(t, Spec(sweep.Minimize))
		for _, trial := range []sweep.Trial{{}, {Number: 3, Reports: []sweep.Report{{Step: 100, Metrics: sweep.Metrics{"other": math.NaN()}}}}} {
			if v := rule.Judge(trial, nil); v != (sweep.Verdict{}) {
				t.Errorf("Judge(%+v) = %+v", trial, v)
			}
		}
	})
}

// Spec has the one objective Loss.
func Spec(goal sweep.Goal) sweep.Spec {
	return sweep.Spec{Repeat: 1, Objectives: []sweep.Objective{{Name: Loss, Goal: goal}}}
}

func (r Rule) fresh(t *testing.T, s sweep.Spec) sweep.Stopper {
	t.Helper()
	rule, err := r.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// run checks every judgement of a simulated run.
func (r Rule) run(t *testing.T, s Simulation, equals bool) sweep.History {
	t.Helper()
	rule := r.fresh(t, s.Spec)
	type question struct {
		trial   sweep.Trial
		past    sweep.History
		verdict sweep.Verdict
	}
	var asked []question
	judged := 0
	s.Judged = func(trial sweep.Trial, past sweep.History, v sweep.Verdict) {
		if v.Stop != (v.Reason != "") {
			t.Errorf("trial %d: verdict %+v", trial.Number, v)
		}
		judged++
		if v.Stop || judged%7 == 0 {
			if again := r.fresh(t, s.Spec).Judge(trial, past); again != v {
				t.Fatalf("trial %d is judged %+v, by a fresh rule %+v", trial.Number, v, again)
			}
		}
		if want := r.Stops(s.Spec, trial, past); want != v.Stop {
			t.Fatalf("trial %d after %d reports: verdict %+v, want stop = %t", trial.Number, len(trial.Reports), v, want)
		}
		if v.Stop && r.Compares && (equals || trial.Variant == best) {
			t.Errorf("trial %d of variant %d is stopped: %s", trial.Number, trial.Variant, v.Reason)
		}
		if v.Stop && !strings.Contains(v.Reason, fmt.Sprintf(" epoch %d", trial.Reports[len(trial.Reports)-1].Step)) {
			t.Errorf("reason %q does not say when", v.Reason)
		}
		if judged%37 == 0 {
			asked = append(asked, question{trial, slices.Clone(past), v})
		}
	}
	history := s.Run(rule)
	for _, q := range slices.Backward(asked) { // in an order that no run has
		if again := rule.Judge(q.trial, q.past); again != q.verdict {
			t.Errorf("trial %d was judged %+v, later %+v", q.trial.Number, q.verdict, again)
		}
	}
	return history
}

// mirrored runs s with every metric negated and every goal turned round: the same
// trials must stop at the same epochs.
func mirrored(t *testing.T, r Rule, s Simulation, history sweep.History) {
	t.Helper()
	curve := s.Curve
	s.Curve = func(t sweep.Trial, epoch int) sweep.Metrics {
		m := curve(t, epoch)
		for name := range m {
			m[name] = -m[name]
		}
		return m
	}
	s.Spec.Objectives = slices.Clone(s.Spec.Objectives)
	for i, o := range s.Spec.Objectives {
		s.Spec.Objectives[i].Goal = map[sweep.Goal]sweep.Goal{sweep.Minimize: sweep.Maximize, sweep.Maximize: sweep.Minimize}[o.Goal]
	}
	for n, other := range s.Run(r.fresh(t, s.Spec)) {
		if got := history[n]; got.Outcome != other.Outcome || got.Steps != other.Steps {
			t.Errorf("trial %d %s after %d reports, mirrored %s after %d", n, got.Outcome, got.Steps, other.Outcome, other.Steps)
		}
	}
}
