// Package notifytest is the contract suite of ways to notify: what every one of them
// keeps to, whatever it tells of.
package notifytest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Way is a way to notify to be tried.
type Way struct {
	// New is one whose receiver lives as long as the test. received answers what came
	// since it was last asked, a text for each message, markup and encodings undone.
	New func(t *testing.T) (n sweep.Notifier, received func() []string)
	// Broken is one whose receiver is not there, or refuses.
	Broken func(t *testing.T) sweep.Notifier
	// Secrets are texts of both that no error may show.
	Secrets []string
}

// Sample is a notice with everything that one can have.
func Sample() sweep.Notice {
	return sweep.Notice{
		Occasions: []sweep.Occasion{sweep.RunFinished}, Sweep: "grid", Run: "grid-3", File: "grid.hcl", Reason: "complete",
		Started: time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC), Finished: time.Date(2026, 11, 26, 3, 12, 30, 0, time.UTC),
		Trials: map[string]int{"total": 12, "cached": 2, "running": 0, "succeeded": 9, "stopped": 2, "failed": 1, "out_of_memory": 0, "timed_out": 0, "diverged": 0, "cancelled": 0, "lost": 0},
		Best: &sweep.Standing{
			Trial: "grid-3/7", Objective: "val_accuracy", Value: 0.98125,
			Params: sweep.Params{"hidden": sweep.Int(128), "learning_rate": sweep.Float(0.03), "optimizer": sweep.String("adam")},
		},
		Champion: &sweep.Standing{
			Trial: "grid-1/4", Objective: "val_accuracy", Value: 0.9825,
			Params: sweep.Params{"hidden": sweep.Int(256), "learning_rate": sweep.Float(0.03), "optimizer": sweep.String("adam")},
		},
		Verdict: "worse by 0.00125: the champion stays",
		Report:  "/srv/sweeps/.sweep/runs/grid-3/report.html",
	}
}

// notices are of all sorts.
func notices() map[string]sweep.Notice {
	failed := Sample()
	failed.Occasions, failed.Best, failed.Champion, failed.Report, failed.Reason = []sweep.Occasion{sweep.RunFailed}, nil, nil, "", "too many failed trials"
	champion := Sample()
	champion.Occasions = []sweep.Occasion{sweep.RunFinished, sweep.NewChampion}
	champion.Champion, champion.Verdict = champion.Best, "better by 0.012"
	champion.Former = &sweep.Standing{Trial: "grid-2/3", Objective: "val_accuracy", Value: 0.96925}
	regressed := Sample()
	regressed.Occasions = []sweep.Occasion{sweep.RunFinished, sweep.RunRegressed}
	hostile := Sample()
	hostile.Reason = "<script>alert(1)</script> & \"quotes\"\r\nBcc: everyone@example.org\n\n.\n\x00"
	hostile.Best.Objective = "a\r\nX-Injected: yes"
	hostile.Best.Params = sweep.Params{"<b>": sweep.String("</pre>&amp;`*_~")}
	large := Sample()
	large.Best.Params = sweep.Params{}
	for i := range 500 {
		large.Best.Params[fmt.Sprintf("parameter_%03d", i)] = sweep.String(strings.Repeat("ü", 50))
	}
	return map[string]sweep.Notice{"sample": Sample(), "failed": failed, "champion": champion, "regressed": regressed, "hostile": hostile, "large": large}
}

// Run tries a way to notify.
func Run(t *testing.T, w Way) {
	t.Helper()
	for name, notice := range notices() {
		t.Run(name, func(t *testing.T) {
			n, received := w.New(t)
			before := text(t, notice)
			if err := n.Notify(t.Context(), notice); err != nil {
				t.Fatal(err)
			}
			if got := received(); len(got) != 1 || !strings.Contains(got[0], notice.Run) || notice.Best == nil && strings.Contains(got[0], "val_accuracy") {
				t.Errorf("received %q; want one message of run %s", got, notice.Run)
			}
			if text(t, notice) != before {
				t.Error("the notice was changed")
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		n, received := w.New(t)
		for range 2 {
			if err := n.Notify(t.Context(), Sample()); err != nil {
				t.Fatal(err)
			}
		}
		if got := received(); len(got) != 2 {
			t.Errorf("received %d messages, want 2", len(got))
		}
	})
	t.Run("given up", func(t *testing.T) {
		n, received := w.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := n.Notify(ctx, Sample()); err == nil {
			t.Error("nobody was told, and there is no error")
		}
		if got := received(); len(got) != 0 {
			t.Errorf("received %q", got)
		}
	})
	t.Run("broken", func(t *testing.T) {
		err := w.Broken(t).Notify(t.Context(), Sample())
		if err == nil {
			t.Fatal("nobody was told, and there is no error")
		}
		for _, secret := range w.Secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%v shows %s", err, secret)
			}
		}
	})
}

func text(t *testing.T, n sweep.Notice) string {
	t.Helper()
	b, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
