package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// trial is what the program says of one.
type trial struct {
	Trial     string                   `json:"trial"`
	ID        string                   `json:"id"`
	Outcome   string                   `json:"outcome"`
	Params    map[string]any           `json:"params"`
	Metrics   map[string]any           `json:"metrics"`
	Epochs    int                      `json:"epochs"`
	Parent    string                   `json:"parent"`
	Objective *struct{ Value float64 } `json:"objective"`
	Reports   []struct {
		Step int `json:"step"`
	} `json:"reports"`
}

// check is what holds at any moment: the store opens, and its trials are there by
// number, none twice and none missing; when a sweep is over, their curves have
// neither gaps nor repeats.
func (w *workspace) check(ctx context.Context, over bool) error {
	runs, err := w.runs(ctx)
	if err != nil || len(runs) == 0 && !over {
		return err
	}
	if len(runs) == 0 {
		return errors.New("there is no run")
	}
	for _, r := range runs[:len(runs)-1] { // begun when the first was complete: nothing was left to train
		if r.Trials["total"] != r.Trials["cached"] {
			return fmt.Errorf("run %s has %v trials", r.Run, r.Trials)
		}
	}
	trials, err := w.trials(ctx)
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for i, t := range trials {
		if over && !strings.HasSuffix(t.Trial, fmt.Sprintf("/%d", i)) {
			return fmt.Errorf("the trial after number %d is %s", i-1, t.Trial)
		}
		if other, twice := seen[t.ID]; t.ID != "" && twice {
			return fmt.Errorf("trials %s and %s are the same one, %s", other, t.Trial, t.ID)
		}
		seen[t.ID] = t.Trial
		if over {
			if err := w.curve(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// execution is what the program says of a run.
type execution struct {
	Run               string         `json:"run"`
	Status            string         `json:"status"`
	Trials            map[string]int `json:"trials"`
	Started, Finished time.Time
}

// runs are all, the newest first.
func (w *workspace) runs(ctx context.Context) ([]execution, error) {
	if _, err := os.Stat(filepath.Join(w.dir, ".sweep", "results.db")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var runs []execution
	err := w.ask(ctx, &runs, "ls")
	return runs, err
}

// complete reports whether the sweep has been run to its end.
func (w *workspace) complete(ctx context.Context) (bool, error) {
	runs, err := w.runs(ctx)
	return err == nil && len(runs) > 0 && runs[len(runs)-1].Status == "finished", err
}

// name is the one run that a workspace is about.
func (w *workspace) name() string { return w.subject.name + "-1" }

// curve checks a trial's steps, which a parent's precede.
func (w *workspace) curve(ctx context.Context, t trial) error {
	var full trial
	if err := w.ask(ctx, &full, "show", t.Trial); err != nil {
		return err
	}
	if t.Outcome != "succeeded" && t.Outcome != "stopped" {
		return fmt.Errorf("trial %s %s", t.Trial, t.Outcome)
	}
	if len(full.Reports) != t.Epochs || t.Epochs == 0 {
		return fmt.Errorf("trial %s has %d reports and says %d", t.Trial, len(full.Reports), t.Epochs)
	}
	first := full.Reports[0].Step
	if first != 1 && t.Parent == "" {
		return fmt.Errorf("the curve of trial %s begins at step %d", t.Trial, first)
	}
	for i, r := range full.Reports {
		if r.Step != first+i {
			return fmt.Errorf("step %d of trial %s follows step %d", r.Step, t.Trial, full.Reports[max(i-1, 0)].Step)
		}
	}
	return nil
}

func (w *workspace) trials(ctx context.Context) ([]trial, error) {
	var trials []trial
	err := w.ask(ctx, &trials, "trials", w.name())
	return trials, err
}

// checkCopy opens a copy of the store in a workspace of its own.
func (w *workspace) checkCopy(ctx context.Context, text []byte) error {
	other := *w
	other.dir = w.dir + "-copy"
	dir := filepath.Join(other.dir, ".sweep")
	if err := errors.Join(os.RemoveAll(other.dir), os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "results.db"), text, 0o600)); err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	if err := other.check(ctx, false); err != nil {
		return fmt.Errorf("a copy of the store: %w", err)
	}
	return os.RemoveAll(other.dir)
}

// clean reports files that were left half-written.
func (w *workspace) clean() error {
	return filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".tmp-") || strings.Contains(e.Name(), ".part") {
			return fmt.Errorf("%s was left behind", path)
		}
		return nil
	})
}

// outcome is how a sweep came out.
type outcome struct {
	trials []trial // in the leaderboard's order
	total  int
	took   time.Duration
}

// outcome asks for the leaderboard.
func (w *workspace) outcome(ctx context.Context) (outcome, error) {
	var o outcome
	if err := w.ask(ctx, &o.trials, "best", w.name(), "-n", "1000"); err != nil {
		return o, err
	}
	all, err := w.trials(ctx)
	if err != nil {
		return o, err
	}
	o.total = len(all)
	var run execution
	if err := w.ask(ctx, &run, "show", w.name()); err != nil {
		return o, err
	}
	o.took = run.Finished.Sub(run.Started)
	return o, nil
}

// volatile are metrics that say how fast it went.
var volatile = []string{"samples_per_second"}

// compare reports in what an outcome differs from that of the undisturbed sweep.
func (o outcome) compare(want outcome, s subject) error {
	total := want.total
	if s.trials > 0 {
		total = s.trials
	}
	if (s.exact || s.trials > 0) && o.total != total {
		return fmt.Errorf("%d trials came out, undisturbed %d", o.total, total)
	}
	if !s.exact {
		return nil
	}
	if len(o.trials) != len(want.trials) {
		return fmt.Errorf("the leaderboard has %d rows, undisturbed %d", len(o.trials), len(want.trials))
	}
	for i, t := range o.trials {
		u := want.trials[i]
		if t.Trial != u.Trial || t.ID != u.ID || fmt.Sprint(t.Params) != fmt.Sprint(u.Params) {
			return fmt.Errorf("rank %d is %s with %v, undisturbed %s with %v", i+1, t.Trial, t.Params, u.Trial, u.Params)
		}
		for name, value := range t.Metrics {
			if !slices.Contains(volatile, name) && value != u.Metrics[name] {
				return fmt.Errorf("%s of trial %s is %v, undisturbed %v", name, t.Trial, value, u.Metrics[name])
			}
		}
	}
	return nil
}
