package stoptest

import (
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Benchmark measures a rule at its worst, late in a run of 10,000 trials of 100
// reports none of which was stopped: as if the last trials reported all over
// again. It reports the longest judgement too.
func Benchmark(b *testing.B, spec sweep.Spec, curve func(t sweep.Trial, epoch int) sweep.Metrics, build func(sweep.Spec) (sweep.Stopper, error)) {
	b.Helper()
	const trials, epochs, distinct = 10_000, 100, 1000 // trials that share a curve fit into memory
	history := make(sweep.History, trials)
	for n := range history {
		t := sweep.Trial{Number: n, Variant: n, Ended: n + 1, Outcome: sweep.Succeeded, Steps: epochs, Reports: make([]sweep.Report, epochs)}
		for i := range t.Reports {
			t.Reports[i].Step = i + 1
			if n < distinct {
				t.Reports[i].Metrics = curve(t, i+1)
			} else {
				t.Reports[i].Metrics = history[n%distinct].Reports[i].Metrics
			}
		}
		history[n] = t
	}
	rule, err := build(spec)
	if err != nil {
		b.Fatal(err)
	}
	t := history[trials-1]
	all := t.Reports
	rule.Judge(t, history) // fills a cache that a run would have filled
	var longest time.Duration
	n := 0
	for b.Loop() {
		t.Reports = all[:n%epochs+1]
		n++
		start := time.Now() //nolint:forbidigo // it measures
		rule.Judge(t, history)
		longest = max(longest, time.Since(start))
	}
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest")
}
