package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func newShow(o *options) *cobra.Command {
	var asJSON bool
	var reference []float64
	cmd := &cobra.Command{
		Use:   "show [RUN|TRIAL]",
		Short: "Show a run with its leaderboard, or a trial with its curve",
		Long: `Show a run with its leaderboard, or a trial with its curve.

Of a run with several objectives, show the front: the feasible variants that no
other is better than in all of them, and its hypervolume, which is how much of the
space of objectives they beat, up to a reference. That is the worst value of each
objective among the feasible variants, unless --reference gives another: runs are
compared by the same one.`,
		Example: `  sweep show
  sweep show grid
  sweep show grid-3/17
  sweep show grid --json
  sweep show tradeoff --reference 1,20`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			name := argument(args)
			if strings.Contains(name, "/") {
				t, run, err := db.FindTrial(name)
				if err != nil {
					return err
				}
				if asJSON {
					job, err := jobOf(t, time.Now()) //nolint:forbidigo // the program's own clock
					if err != nil {
						return err
					}
					return writeJSON(cmd.OutOrStdout(), struct {
						results.TrialJSON
						Job     *jobJSON       `json:"job,omitempty"`
						Task    sweep.Task     `json:"task"`
						Reports []sweep.Report `json:"reports"`
					}{run.JSON(t), job, t.Task, t.Reports})
				}
				if err := showTrial(cmd, run, t); err != nil {
					return err
				}
				return showCurve(cmd, t)
			}
			run, err := db.Find(name)
			if err != nil {
				return err
			}
			front, err := frontOf(db, run, reference)
			if err != nil {
				return err
			}
			change, err := dataSince(db, run)
			if err != nil {
				return err
			}
			if asJSON {
				rows, err := db.Best(run.ID, 1)
				if err != nil {
					return err
				}
				summary := run.Summary(rows)
				summary.Front = front
				return writeJSON(cmd.OutOrStdout(), struct {
					results.RunJSON
					DataChange *dataChange `json:"data_change,omitempty"` // since the run before
				}{summary, change})
			}
			showRun(cmd, run, front)
			if len(run.Data) > 0 {
				field(cmd, "data", "%s", describeData(run, change))
			}
			if run.Origin != nil {
				field(cmd, "origin", "%s", describeOrigin(*run.Origin))
			}
			return o.standings(cmd, db, run)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().Float64SliceVar(&reference, "reference", nil, "with several objectives, a value of each up to which the hypervolume is taken")
	return cmd
}

// field prints a line of a description.
func field(cmd *cobra.Command, name, format string, args ...any) {
	fmt.Fprintf(cmd.OutOrStdout(), "%-10s %s\n", name, fmt.Sprintf(format, args...))
}

func showRun(cmd *cobra.Command, run results.Run, front *results.FrontJSON) {
	field(cmd, "run", "%s, of %s", run.ID, run.File)
	state := statusOf(run)
	if run.Reason != "" && run.Reason != string(run.Status) {
		state += ": " + run.Reason
	}
	field(cmd, "status", "%s", state)
	if run.Firing != "" {
		field(cmd, "firing", "%s", run.Firing)
	}
	field(cmd, "started", "%s", when(run.Started))
	if !run.Finished.IsZero() {
		field(cmd, "finished", "%s, after %s", when(run.Finished), seconds(run.Finished.Sub(run.Started).Seconds()))
	}
	trials := tally(run)
	if run.Total > run.Trials() {
		trials += fmt.Sprintf(" of %d", run.Total)
	}
	field(cmd, "trials", "%s", trials)
	if run.Judged != nil {
		field(cmd, "champion", "%s", run.Judged.Verdict)
	}
	field(cmd, "search", "%s over %s", run.Search, strings.Join(run.Params, ", "))
	var goals []string
	for _, objective := range run.Objectives {
		goals = append(goals, fmt.Sprintf("%s %s", objective.Goal, objective.Name))
	}
	field(cmd, "objective", "%s", strings.Join(goals, ", "))
	if run.Feasible != "" {
		field(cmd, "feasible", "%s", strings.Join(strings.Fields(run.Feasible), " "))
	}
	if front != nil {
		field(cmd, "front", "%s", describeFront(run, *front))
	}
}

// statusOf is a run's state, and what it was to its sweep's record.
func statusOf(run results.Run) string {
	switch j := run.Judged; {
	case j == nil:
	case j.Regression:
		return string(run.Status) + ", regression"
	case j.Champion:
		return string(run.Status) + ", champion"
	}
	return string(run.Status)
}

func showTrial(cmd *cobra.Command, run results.Run, t sweep.Trial) error {
	field(cmd, "trial", "%s (%s)", t.Name(), t.ID)
	outcome := results.OutcomeName(t.Outcome)
	if t.Message != "" {
		outcome += ": " + t.Message
	}
	field(cmd, "outcome", "%s", outcome)
	if value, ok := run.Value(t); ok {
		field(cmd, run.Objectives[0].Name, "%s at step %d of %d", number(value), t.Best.Step, t.Steps)
	}
	if run.Feasible != "" && t.Outcome.Ranked() {
		field(cmd, "feasible", "%s", feasibility(run, t.Violation))
	}
	field(cmd, "params", "%s", settings(t.Params, run.Params))
	if t.Confirms {
		field(cmd, "confirms", "variant %d, with a fresh seed", t.Variant)
	}
	if p := t.Parent; p != nil {
		field(cmd, "parent", "%s/%d, whose checkpoint after step %d it goes on from", t.Run, p.Number, p.Step)
	}
	var metrics []string
	for _, name := range slices.Sorted(maps.Keys(t.Best.Metrics)) {
		metrics = append(metrics, name+"="+number(t.Best.Metrics[name]))
	}
	if len(metrics) > 0 {
		field(cmd, "metrics", "%s", strings.Join(metrics, " "))
	}
	spent := seconds(t.Seconds)
	if t.Device != "" {
		spent += " on " + t.Device
	}
	switch {
	case t.CachedAs != "":
		spent += ", taken over from " + t.CachedAs
	case t.Attempt > 1:
		spent += fmt.Sprintf(", in %d attempts", t.Attempt)
	}
	field(cmd, "time", "%s", spent)
	job, err := jobOf(t, time.Now()) //nolint:forbidigo // the program's own clock
	if err != nil {
		return err
	}
	if job != nil {
		field(cmd, "job", "%s", job)
	}
	if t.PeakMemory > 0 {
		text := size(t.PeakMemory) + " at its peak"
		if t.PeakGPUMemory > 0 {
			text += ", " + size(t.PeakGPUMemory) + " on its GPU"
		}
		field(cmd, "memory", "%s", text)
	}
	if dir, ok := results.ModelDir(t); ok {
		field(cmd, "model", "%s", dir)
	}
	return nil
}

// showCurve prints the metric of every step.
func showCurve(cmd *cobra.Command, t sweep.Trial) error {
	if len(t.Reports) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(t.Reports[0].Metrics))
	g := sheet{header: append([]string{"step"}, names...)}
	for _, r := range t.Reports {
		cells := []string{fmt.Sprint(r.Step)}
		for _, name := range names {
			value, ok := r.Metrics[name]
			if !ok {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, number(value))
		}
		g.add(cells...)
	}
	return g.write(cmd)
}
