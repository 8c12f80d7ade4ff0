package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
)

func newLs(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List the runs, the newest first",
		Example: `  sweep ls
  sweep ls --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			runs, err := db.Runs()
			if err != nil {
				return err
			}
			list := make([]results.RunJSON, len(runs))
			g := sheet{header: []string{"run", "status", "started", "trials", "failed", "objective", "best"}, right: map[int]bool{3: true, 4: true, 6: true}}
			for i, run := range runs {
				rows, err := db.Best(run.ID, 1)
				if err != nil {
					return err
				}
				list[i] = run.Summary(rows)
				best := "-"
				if len(rows) > 0 {
					best = number(rows[0].Mean)
					if rows[0].Violation > 0 {
						best += " (infeasible)"
					}
				}
				failed := list[i].Trials["failed"] + list[i].Trials["out_of_memory"] + list[i].Trials["timed_out"] + list[i].Trials["lost"]
				g.add(run.ID, statusOf(run), when(run.Started), strconv.Itoa(run.Trials()), strconv.Itoa(failed), run.Objectives[0].Name, best)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), list)
			}
			if len(runs) == 0 {
				o.say(cmd.ErrOrStderr(), "there is no run in %s yet; sweep run FILE starts one", db.Dir())
				return nil
			}
			return g.write(cmd)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// completeRuns completes names of runs and sweeps.
func completeRuns(o *options) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		db, err := o.db()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		runs, err := db.Runs()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		seen := map[string]bool{}
		for _, run := range runs {
			if !seen[run.Sweep] {
				seen[run.Sweep] = true
				names = append(names, run.Sweep)
			}
			names = append(names, run.ID)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
