// Package runnertest is the contract suite of runners: what every one of them
// keeps to, wherever it runs its trials.
package runnertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Job is a trial that runs a shell script in a directory of its own. The script
// reports by lines loss=NUMBER.
func Job(t *testing.T, script string) sweep.Job {
	t.Helper()
	argv := sweep.List(sweep.String("sh"), sweep.String("-c"), sweep.String(script))
	pattern := sweep.Object(map[string]sweep.Value{"name": sweep.String("loss"), "pattern": sweep.String("loss=([0-9.]+)")})
	return sweep.Job{
		Trial: sweep.Trial{
			Run: "test-1", Dir: filepath.Join(t.TempDir(), "000000"), Params: sweep.Params{"x": sweep.Int(1)},
			Task: sweep.Task{Model: sweep.Block{Type: "exec", Config: sweep.Object(map[string]sweep.Value{
				"argv": argv, "metrics": sweep.List(pattern),
			})}},
		},
		Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}},
	}
}

// Run tries a runner; each case builds one of its own.
func Run(t *testing.T, build func(t *testing.T) sweep.Runner) {
	t.Helper()
	run := func(t *testing.T, ctx context.Context, j sweep.Job, report func(sweep.Report)) sweep.Result {
		t.Helper()
		result, err := build(t).Run(ctx, j, report)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	nothing := func(sweep.Report) {}

	t.Run("reports come in order from the first step", func(t *testing.T) {
		var steps []int
		var last float64
		result := run(t, t.Context(), Job(t, "echo loss=3; echo loss=2; echo loss=1"), func(r sweep.Report) {
			steps, last = append(steps, r.Step), r.Metrics["loss"]
		})
		if result.Outcome != sweep.Succeeded || len(steps) != 3 || steps[0] != 1 || steps[2] != 3 || last != 1 {
			t.Errorf("result %+v after steps %v, last loss %g", result, steps, last)
		}
	})
	t.Run("a failure has its exit code and last words", func(t *testing.T) {
		result := run(t, t.Context(), Job(t, "echo loss=3; echo out of luck >&2; exit 5"), nothing)
		if result.Outcome != sweep.Failed || result.ExitCode != 5 || !strings.Contains(result.Message, "out of luck") {
			t.Errorf("result %+v", result)
		}
	})
	t.Run("a trial that has ended is not launched again", func(t *testing.T) {
		j := Job(t, "echo loss=$$; echo >> $SWEEP_TRIAL_DIR/launches")
		var losses []float64
		report := func(r sweep.Report) { losses = append(losses, r.Metrics["loss"]) }
		first, second := run(t, t.Context(), j, report), run(t, t.Context(), j, report)
		launches, err := os.ReadFile(filepath.Join(j.Trial.Dir, "launches"))
		if err != nil || len(launches) != 1 {
			t.Errorf("launched %d times (%v)", len(launches), err)
		}
		if first.Outcome != sweep.Succeeded || second.Outcome != sweep.Succeeded || len(losses) != 2 || losses[0] != losses[1] {
			t.Errorf("results %+v and %+v, losses %v", first, second, losses)
		}
	})
	t.Run("a first launch is counted", func(t *testing.T) {
		if result := run(t, t.Context(), Job(t, "echo loss=1"), nothing); result.Attempts > 1 {
			t.Errorf("result %+v", result)
		}
	})
	left(t, run)
	for name, test := range map[string]struct {
		cause error
		want  sweep.Outcome
	}{
		"ErrStop keeps the result":           {sweep.ErrStop, sweep.Stopped},
		"ErrInterrupt cancels":               {sweep.ErrInterrupt, sweep.Cancelled},
		"another cause cancels at once":      {errors.New("the machine is on fire"), sweep.Cancelled},
		"a stop that is ignored is enforced": {sweep.ErrStop, sweep.Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			script := "echo loss=3; sleep 100"
			if strings.Contains(name, "ignored") {
				script = "trap '' TERM; echo loss=3; sleep 100; sleep 100"
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			began := time.Now() //nolint:forbidigo // a bound on the whole, not a measurement
			reports := 0
			result := run(t, ctx, Job(t, script), func(sweep.Report) {
				reports++
				cancel(test.cause)
			})
			if result.Outcome != test.want || reports != 1 {
				t.Errorf("result %+v after %d reports, want %s", result, reports, test.want)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v to end", took)
			}
		})
	}
	t.Run("an interrupted trial is launched again", func(t *testing.T) {
		j := Job(t, "test -e $SWEEP_TRIAL_DIR/seen && { echo loss=1; exit; }; touch $SWEEP_TRIAL_DIR/seen; echo loss=3; sleep 100")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		if result := run(t, ctx, j, func(sweep.Report) { cancel(sweep.ErrInterrupt) }); result.Outcome != sweep.Cancelled {
			t.Fatalf("first result %+v", result)
		}
		loss := 0.0
		if result := run(t, t.Context(), j, func(r sweep.Report) { loss = r.Metrics["loss"] }); result.Outcome != sweep.Succeeded || loss != 1 {
			t.Errorf("second result %+v with loss %g", result, loss)
		}
	})
	t.Run("the trial directory says all that happened", func(t *testing.T) {
		j := Job(t, "echo loss=3; echo more")
		run(t, t.Context(), j, nothing)
		dir := trialdir.Dir(j.Trial.Dir)
		log, err := os.ReadFile(dir.Log())
		if err != nil || string(log) != "loss=3\nmore\n" {
			t.Errorf("log %q (%v)", log, err)
		}
		if result, ok, err := dir.Outcome(); !ok || err != nil || result.Outcome != sweep.Succeeded {
			t.Errorf("outcome %+v, %v, %v", result, ok, err)
		}
	})
}
