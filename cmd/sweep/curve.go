package main

import (
	"fmt"
	"strconv"

	"github.com/guptarohit/asciigraph"
	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
)

func newCurve(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "curve [RUN]",
		Short: "Show how a run's best value came about",
		Long: `Show the trials that were better than all before them, in the order in which trials
ended, by the first objective; in a terminal, with a chart of the best value so
far. With --json, every trial with a result.`,
		Example: `  sweep curve grid
  sweep curve grid --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			points, err := db.Curve(run)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return writeJSON(cmd.OutOrStdout(), points)
			case len(points) == 0:
				return fmt.Errorf("run %s has no result yet: %s", run.ID, tally(run))
			}
			return showBest(cmd, run, points)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: an array with every trial")
	return cmd
}

// showBest prints the improvements, below a chart in a terminal.
func showBest(cmd *cobra.Command, run results.Run, points []results.Point) error {
	out := cmd.OutOrStdout()
	if _, ok := terminal(out); (ok || colored(cmd, out)) && len(points) > 1 {
		best := make([]float64, len(points))
		for i, p := range points {
			best[i] = p.Best
		}
		fmt.Fprintln(out, asciigraph.Plot(best, asciigraph.Height(8), asciigraph.Width(min(len(best), width(out)-16)),
			asciigraph.YAxisValueFormatter(number), asciigraph.Caption("best "+run.Objectives[0].Name+", by trials that ended")))
	}
	g := sheet{header: []string{"trial", "ended", "after", run.Objectives[0].Name}, right: map[int]bool{1: true, 3: true}}
	for _, p := range points {
		if p.Improved {
			g.add(p.Trial, strconv.Itoa(p.Ended), seconds(p.Seconds), number(p.Value))
		}
	}
	return g.write(cmd)
}
