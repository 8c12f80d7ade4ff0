package main

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/importance"
	"github.com/inflame-deeplearning/sweep/results/report"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

func newReport(o *options, p *config.Plugins) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Write a run's report, one HTML file that stands alone",
		Long: `Write a run's report: its winner, leaderboard, curves, what mattered and what has
changed since the sweep's run before. It is one HTML file that loads nothing.

Every run leaves its report in its directory of the workspace when it ends; this
writes it again, also of a run in progress, and prints where it is.`,
		Example: `  sweep report grid
  sweep report grid-3 -o grid.html
  sweep report -o - | mail -s "last night" ada@example.org`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			var file *config.File
			if f, err := fileOf(run, p); err == nil {
				file = f
			}
			begun := time.Now() //nolint:forbidigo // the program's own clock
			page, err := reportOf(db, run, file)
			if err != nil {
				return err
			}
			o.say(cmd.ErrOrStderr(), "report of run %s: %s in %s", run.ID, size(int64(len(page))), seconds(time.Since(begun).Seconds()))
			switch out {
			case "-":
				_, err = cmd.OutOrStdout().Write(page)
			case "":
				out = db.ReportFile(run.ID)
				fallthrough
			default:
				if err = trialdir.WriteFile(out, page); err == nil {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), near(out))
				}
			}
			if err != nil {
				return fmt.Errorf("write report: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write it to this file, or with - to standard output, instead of the run's directory")
	return cmd
}

// keepReport leaves a run's report in its directory. The run is over, so a fault is
// only told.
func keepReport(cmd *cobra.Command, db *results.DB, run results.Run, file *config.File) {
	page, err := reportOf(db, run, file)
	if err == nil {
		err = trialdir.WriteFile(db.ReportFile(run.ID), page)
	}
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: there is no report: %v\n", err)
	}
}

// reported is the path of a run's report, empty where it has none.
func reported(db *results.DB, run string) string {
	path := db.ReportFile(run)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// What is read for a report at most.
const (
	reportRows   = 300
	reportCurves = 10
	reportSample = 1500 // variants from which importance is computed
)

// reportOf is a run's report. file is the sweep file; nil: it is not what it was.
func reportOf(db *results.DB, run results.Run, file *config.File) ([]byte, error) {
	in := report.Input{Run: run, Version: build().Version}
	var err error
	if in.Board, err = db.Best(run.ID, reportRows); err != nil {
		return nil, err
	}
	trials, err := once(db.Trials(run.ID))
	if err != nil {
		return nil, err
	}
	if in.Points, err = run.Curve(trials); err != nil {
		return nil, err
	}
	for _, row := range in.Board[:min(len(in.Board), reportCurves)] {
		t, _, err := db.FindTrial(row.Trial.Name())
		if err != nil {
			return nil, err
		}
		in.Curves = append(in.Curves, t)
	}
	if in.Failures, err = firstOfEach(trials); err != nil {
		return nil, err
	}
	sample, err := run.Sample(trials, run.Objectives[0].Name)
	if err != nil && !errors.Is(err, results.ErrNotFound) {
		return nil, err
	}
	in.Variants = len(sample.Values)
	if in.Importance, err = weigh(run, thin(sample, reportSample), file); err != nil {
		in.Unknown = "It cannot be told: " + err.Error() + "."
	}
	if run.Judged != nil {
		record, err := db.Judgements(run.Sweep)
		if err != nil {
			return nil, err
		}
		in.Champion = &record[run.Judged.Number-1]
	}
	if in.Since, err = sinceLast(db, run, in.Board); err != nil {
		return nil, err
	}
	in.Facts = provenance(run)
	var b bytes.Buffer
	if err := report.Write(&b, in); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// provenance is what a run was begun with.
func provenance(run results.Run) []report.Fact {
	var out []report.Fact
	if len(run.Data) > 0 {
		out = append(out, report.Fact{Name: "Data", Text: strings.Join(run.Data, ", ")})
	}
	if run.Origin != nil {
		out = append(out, report.Fact{Name: "Origin", Text: describeOrigin(*run.Origin)})
	}
	return out
}

// once reads all trials, so that they can be gone through several times.
func once(trials iter.Seq2[sweep.Trial, error]) (iter.Seq2[sweep.Trial, error], error) {
	var all []sweep.Trial
	for t, err := range trials {
		if err != nil {
			return nil, err
		}
		t.Task = sweep.Task{} // the most of it
		all = append(all, t)
	}
	return func(yield func(sweep.Trial, error) bool) {
		for _, t := range all {
			if !yield(t, nil) {
				return
			}
		}
	}, nil
}

// firstOfEach is the first trial of each outcome without a result.
func firstOfEach(trials iter.Seq2[sweep.Trial, error]) ([]report.Failure, error) {
	var out []report.Failure
	for t, err := range trials {
		if err != nil {
			return nil, err
		}
		seen := slices.ContainsFunc(out, func(f report.Failure) bool { return f.Outcome == t.Outcome })
		if !seen && t.Outcome.Final() && !t.Outcome.Ranked() {
			out = append(out, report.Failure{Trial: t.Name(), Outcome: t.Outcome, Message: t.Message})
		}
	}
	return out, nil
}

// thin is every so many variants of a large sample.
func thin(s results.Sample, most int) results.Sample {
	every := (len(s.Values) + most - 1) / most
	if every <= 1 {
		return s
	}
	var out results.Sample
	for i := 0; i < len(s.Values); i += every {
		out.Variants, out.Values = append(out.Variants, s.Variants[i]), append(out.Values, s.Values[i])
	}
	return out
}

// weigh is how much each parameter matters.
func weigh(run results.Run, s results.Sample, file *config.File) ([]report.Weight, error) {
	columns := importance.Seen(run.Params, s.Variants)
	if file != nil {
		var err error
		if columns, err = importance.Columns(file.Spec.Space, s.Variants); err != nil {
			return nil, err
		}
	}
	effects, _, err := importance.FANOVA(columns, s.Values, 0, 1)
	if err != nil {
		return nil, err
	}
	out := make([]report.Weight, len(effects))
	for i, e := range effects {
		out[i] = report.Weight{Param: string(e.Params[0]), Share: e.Share, SD: e.SD}
	}
	return out, nil
}

// sinceLast is what has changed since the run before; nil: there was none.
func sinceLast(db *results.DB, run results.Run, board []results.Row) (*report.Since, error) {
	before, ok, err := db.Before(run)
	if err != nil || !ok {
		return nil, err
	}
	old, err := db.Best(before.ID, 1)
	if err != nil {
		return nil, err
	}
	s := &report.Since{Run: before.ID}
	add := func(name, text string) { s.Facts = append(s.Facts, report.Fact{Name: name, Text: text}) }
	if o := run.Objectives[0]; len(board) > 0 && len(old) > 0 && before.Objectives[0] == o {
		add("Best "+o.Name, gain(o, old[0].Mean, board[0].Mean))
	}
	data, err := changeOf(db, before, run)
	if err != nil {
		return nil, err
	}
	if data != nil {
		add("Data", describeData(run, data))
	}
	for _, list := range []struct {
		name    string
		in, out []string
	}{{"New parameters", run.Params, before.Params}, {"Gone parameters", before.Params, run.Params}} {
		if names := slices.DeleteFunc(slices.Clone(list.in), func(n string) bool { return slices.Contains(list.out, n) }); len(names) > 0 {
			add(list.name, strings.Join(names, ", "))
		}
	}
	for _, d := range runDifferences([2]results.Run{before, run}, [2][]results.Row{old, board[:min(len(board), 1)]}) {
		switch group, _, _ := strings.Cut(d.Name, "."); {
		case d.Name == "params", d.Name == "data", d.Name == "status", d.Name == "best."+run.Objectives[0].Name, group == "best" && !strings.HasPrefix(d.Name, "best.param."):
		case group == "origin" && d.A.IsNull(): // it was not recorded then
		default:
			add(d.Name, plain(d.A)+" → "+plain(d.B))
		}
	}
	if len(s.Facts) == 0 {
		add("Nothing", "is different")
	}
	return s, nil
}

// gain is what became of the best value.
func gain(o sweep.Objective, old, now float64) string {
	text := number(old) + " → " + number(now)
	switch {
	case o.Better(now, old):
		return text + ", better"
	case o.Better(old, now):
		return text + ", worse"
	}
	return number(now) + ", as before"
}
