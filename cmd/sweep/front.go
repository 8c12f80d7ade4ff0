package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
)

// standings prints how a run's variants rank, the first ten: its leaderboard, or with
// several objectives its front.
func (o *options) standings(cmd *cobra.Command, db *results.DB, run results.Run) error {
	const most = 10
	if len(run.Objectives) > 1 {
		variants, err := db.Variants(run)
		if err != nil {
			return err
		}
		return o.writeFront(cmd, run, run.Front(variants), most)
	}
	rows, err := db.Best(run.ID, most)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := leaderboard(cmd, run, rows); err != nil {
		return err
	}
	o.warnInfeasible(cmd, rows[0].Trial, rows[0].Violation)
	return nil
}

// bestFront answers best for a run with several objectives.
func (o *options) bestFront(cmd *cobra.Command, db *results.DB, run results.Run, most int, asJSON bool, out string) error {
	variants, err := db.Variants(run)
	if err != nil {
		return err
	}
	front := run.Front(variants)
	if len(front) == 0 {
		return fmt.Errorf("run %s has no result with all of its objectives yet: %s", run.ID, tally(run))
	}
	if err := o.copyOut(cmd, front[0].Trial, out); err != nil {
		return err
	}
	if !asJSON {
		return o.writeFront(cmd, run, front, most)
	}
	list := make([]results.TrialJSON, min(len(front), most))
	for i := range list {
		list[i] = front[i].JSON(run)
	}
	o.warnInfeasible(cmd, front[0].Trial, front[0].Violation)
	return writeJSON(cmd.OutOrStdout(), list)
}

// writeFront is the table of a front.
func (o *options) writeFront(cmd *cobra.Command, run results.Run, front []results.Variant, most int) error {
	if len(front) == 0 {
		return nil
	}
	g := sheet{header: []string{"trial"}, right: map[int]bool{}}
	for i, objective := range run.Objectives {
		name := objective.Name
		if run.Repeat > 1 {
			name += " (mean)"
		}
		g.header = append(g.header, name)
		g.right[i+1] = true
	}
	if run.Repeat > 1 {
		g.header = append(g.header, "seeds")
	}
	g.header = append(append(g.header, run.Params...), "time", "")
	for _, v := range front[:min(len(front), most)] {
		cells := []string{v.Trial.Name()}
		for _, value := range v.Values {
			cells = append(cells, number(value))
		}
		if run.Repeat > 1 {
			cells = append(cells, strconv.Itoa(v.Seeds))
		}
		cells = append(cells, values(v.Trial.Params, run.Params)...)
		g.add(append(cells, seconds(v.Trial.Seconds), remark(v.Trial, v.Violation))...)
	}
	if err := g.write(cmd); err != nil {
		return err
	}
	if left := len(front) - most; left > 0 && most > 0 {
		o.say(cmd.ErrOrStderr(), "%d more are on the front", left)
	}
	o.warnInfeasible(cmd, front[0].Trial, front[0].Violation)
	return nil
}

// frontOf measures a run's front; nil where the run has one objective.
func frontOf(db *results.DB, run results.Run, reference []float64) (*results.FrontJSON, error) {
	if len(run.Objectives) < 2 {
		if reference != nil {
			return nil, status{exitUsage, fmt.Errorf("--reference: run %s has one objective, and a hypervolume is of several", run.ID)}
		}
		return nil, nil //nolint:nilnil // there is none
	}
	variants, err := db.Variants(run)
	if err != nil {
		return nil, err
	}
	f := &results.FrontJSON{}
	for _, v := range variants {
		if v.Violation == 0 {
			f.Variants++
		}
	}
	if f.Variants > 0 {
		f.Size = len(run.Front(variants))
	}
	if f.Hypervolume, f.Reference, err = run.Hypervolume(variants, reference); err != nil {
		return nil, status{exitUsage, fmt.Errorf("--reference: %w", err)}
	}
	return f, nil
}

func describeFront(run results.Run, f results.FrontJSON) string {
	text := fmt.Sprintf("%d of %d variants", f.Size, f.Variants)
	if run.Feasible != "" {
		text = fmt.Sprintf("%d of %d feasible variants", f.Size, f.Variants)
	}
	if f.Reference == nil {
		return text
	}
	var parts []string
	for i, objective := range run.Objectives {
		parts = append(parts, objective.Name+" "+number(f.Reference[i]))
	}
	return text + fmt.Sprintf("; hypervolume %s up to %s", number(f.Hypervolume), strings.Join(parts, ", "))
}
