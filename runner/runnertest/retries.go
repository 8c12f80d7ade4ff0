package runnertest

import (
	"testing"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Retries tries a runner that tries trials again as a policy has it.
func Retries(t *testing.T, build func(t *testing.T, p runner.Policy) sweep.Runner) {
	t.Helper()
	const third = "echo loss=1; echo x >> $SWEEP_TRIAL_DIR/n; test $(wc -l < $SWEEP_TRIAL_DIR/n) -ge 3 || exit 1; echo loss=0"
	for name, test := range map[string]struct {
		script   string
		policy   runner.Policy
		want     sweep.Outcome
		attempts int
		steps    int
	}{
		"until it succeeds":                {third, runner.Policy{Failed: 2}, sweep.Succeeded, 3, 2},
		"as often as allowed":              {third, runner.Policy{Failed: 1}, sweep.Failed, 2, 1},
		"only for outcomes that are named": {third, runner.Policy{Lost: 9, OutOfMemory: 9, TimedOut: 9}, sweep.Failed, 1, 1},
		"for want of memory":               {"echo loss=1; echo MemoryError; exit 1", runner.Policy{OutOfMemory: 1}, sweep.OutOfMemory, 2, 1},
	} {
		t.Run("a trial is tried again "+name, func(t *testing.T) {
			t.Parallel()          // most of it is pauses
			var curve sweep.Trial // an attempt takes back what those before it have reported
			job := Job(t, test.script)
			spec := sweep.Spec{Objectives: job.Objectives}
			result, err := build(t, test.policy).Run(t.Context(), job, func(r sweep.Report) { curve.Add(r, spec) })
			if err != nil || result.Outcome != test.want || result.Attempts != test.attempts {
				t.Errorf("Run = %+v, %v; want %s after %d attempts", result, err, test.want, test.attempts)
			}
			if curve.Steps != test.steps {
				t.Errorf("%d steps: %+v, want %d", curve.Steps, curve.Reports, test.steps)
			}
		})
	}
}
