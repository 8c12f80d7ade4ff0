//go:build unix

package exec

import (
	"io"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A program that is asked to end, sees so itself and ends with success before anybody
// has told it, has not come to its end.
func TestProgramSeesTheRequestItself(t *testing.T) {
	for script, want := range map[string]sweep.Outcome{
		"touch $SWEEP_TRIAL_DIR/stop; echo loss=1": sweep.Cancelled,
		"echo loss=1": sweep.Succeeded,
	} {
		dir := trialdir.Dir(t.TempDir())
		trainer, err := New(sweep.Spec{}, Config{Argv: []string{"sh", "-c", script}, Metrics: []Metric{{"loss", "loss=([0-9]+)"}}})
		if err != nil {
			t.Fatal(err)
		}
		result, err := trainer.Train(t.Context(), &model.Run{
			Dir: dir, Log: io.Discard, Now: time.Now, Stopping: func() bool { return false },
			Report: func(step int, m sweep.Metrics) error { return dir.Append(sweep.Report{Step: step, Metrics: m}) },
		})
		if err != nil || result.Outcome != want {
			t.Errorf("%s: %+v, %v, want %s", script, result, err, want)
		}
	}
}
