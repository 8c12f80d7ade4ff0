package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func newCompare(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare TRIAL TRIAL | RUN RUN",
		Short: "Show what differs between two trials, or two runs",
		Long: `Show what differs between two trials: parameters, data, seed, metrics.

Of two runs, show what differs in their file and its settings, in the machine and the
program, in their winners, and in their data: which files were added (+), removed (-)
and changed (~), and how many examples of each class there were and are.`,
		Example: `  sweep compare grid-1/3 grid-1/7
  sweep compare grid-1/3 grid-2/3 --json
  sweep compare nightly-41 nightly-42`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			if isRun(db, args[0]) && isRun(db, args[1]) {
				return compareRuns(cmd, db, args, asJSON)
			}
			var trials [2]sweep.Trial
			var runs [2]results.Run
			for i, name := range args {
				if trials[i], runs[i], err = db.FindTrial(name); err != nil {
					return err
				}
			}
			rows := differences(trials[0], trials[1])
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), struct {
					Trials      [2]results.TrialJSON `json:"trials"`
					Differences []difference         `json:"differences"`
				}{[2]results.TrialJSON{runs[0].JSON(trials[0]), runs[1].JSON(trials[1])}, rows})
			}
			g := sheet{header: []string{"", trials[0].Name(), trials[1].Name()}}
			for _, d := range rows {
				g.add(d.Name, d.A.String(), d.B.String())
			}
			return g.write(cmd)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// difference is a value that two trials do not share; null where one lacks it.
type difference struct {
	Name string      `json:"name"` // param.x, metric.x, outcome, data, seed, seconds, epochs
	A    sweep.Value `json:"a"`
	B    sweep.Value `json:"b"`
}

func differences(a, b sweep.Trial) []difference {
	out := []difference{}
	add := func(name string, x, y sweep.Value) {
		if !x.Equal(y) {
			out = append(out, difference{name, x, y})
		}
	}
	for _, name := range union(a.Params, b.Params) {
		add("param."+name, a.Params[name], b.Params[name])
	}
	add("outcome", sweep.String(results.OutcomeName(a.Outcome)), sweep.String(results.OutcomeName(b.Outcome)))
	add("data", sweep.String(a.Data), sweep.String(b.Data))
	add("seed", sweep.Int(int64(a.Seed)), sweep.Int(int64(b.Seed)))
	for _, name := range union(a.Best.Metrics, b.Best.Metrics) {
		add("metric."+name, metric(a, name), metric(b, name))
	}
	add("epochs", sweep.Int(int64(a.Steps)), sweep.Int(int64(b.Steps)))
	add("seconds", sweep.Float(a.Seconds), sweep.Float(b.Seconds))
	return out
}

func metric(t sweep.Trial, name string) sweep.Value {
	v, ok := t.Best.Metrics[name]
	if !ok || v != v || v > 1e308 || v < -1e308 {
		return sweep.Value{}
	}
	return sweep.Float(v)
}

func union[V any](a, b map[string]V) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}
