package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// isRun reports whether an argument names a run or a sweep, and not a trial.
func isRun(db *results.DB, name string) bool {
	if _, err := strconv.Atoi(name); err == nil || strings.Contains(name, "/") {
		return false
	}
	_, err := db.Find(name)
	return err == nil
}

// dataChange is what became of a run's data since another run. The JSON shape is stable.
type dataChange struct {
	Since string `json:"since"` // the other run
	From  string `json:"from"`  // fingerprints
	To    string `json:"to"`

	*artifact.Changes      // nil: what one of the two was made of is not known any more
	Unknown           bool `json:"unknown,omitempty"`
}

// changeOf is what became of the data of one run in another; nil: nothing. Of several
// data sets those count that only one of the two has.
func changeOf(db *results.DB, from, to results.Run) (*dataChange, error) {
	old := slices.DeleteFunc(slices.Clone(from.Data), func(f string) bool { return slices.Contains(to.Data, f) })
	now := slices.DeleteFunc(slices.Clone(to.Data), func(f string) bool { return slices.Contains(from.Data, f) })
	if len(old) == 0 || len(now) == 0 {
		return nil, nil //nolint:nilnil // nothing has changed
	}
	c := &dataChange{Since: from.ID, From: old[0], To: now[0], Unknown: true}
	var manifests [2]artifact.Manifest
	for i, fingerprint := range []string{c.From, c.To} {
		m, ok, err := artifact.ReadManifest(db.CacheDir(), fingerprint)
		if err != nil || !ok {
			return c, err
		}
		manifests[i] = m
	}
	changes := manifests[0].Changes(manifests[1])
	c.Changes, c.Unknown = &changes, false
	return c, nil
}

// dataSince is what became of a run's data since the run before it; nil: nothing, or
// there was none.
func dataSince(db *results.DB, run results.Run) (*dataChange, error) {
	before, ok, err := db.Before(run)
	if err != nil || !ok {
		return nil, err
	}
	return changeOf(db, before, run)
}

// describeData is a run's data in words.
func describeData(run results.Run, change *dataChange) string {
	text := strings.Join(run.Data, ", ")
	if change == nil {
		return text
	}
	what := "what was in it is not known any more"
	if change.Changes != nil {
		what = change.String()
	}
	return fmt.Sprintf("%s, changed since %s: %s", text, change.Since, what)
}

// compareRuns shows what differs between two runs.
func compareRuns(cmd *cobra.Command, db *results.DB, names []string, asJSON bool) error {
	var runs [2]results.Run
	var best [2][]results.Row
	for i, name := range names {
		var err error
		if runs[i], err = db.Find(name); err != nil {
			return err
		}
		if best[i], err = db.Best(runs[i].ID, 1); err != nil {
			return err
		}
	}
	data, err := changeOf(db, runs[0], runs[1])
	if err != nil {
		return err
	}
	rows := runDifferences(runs, best)
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), struct {
			Runs        [2]results.RunJSON `json:"runs"`
			Differences []difference       `json:"differences"`
			Data        *dataChange        `json:"data"` // null: it has not changed
		}{[2]results.RunJSON{runs[0].Summary(best[0]), runs[1].Summary(best[1])}, rows, data})
	}
	g := sheet{header: []string{"", runs[0].ID, runs[1].ID}}
	for _, d := range rows {
		g.add(d.Name, plain(d.A), plain(d.B))
	}
	if data != nil && data.Changes != nil {
		addShares(&g, data.Splits)
	}
	if err := g.write(cmd); err != nil || data == nil {
		return err
	}
	if data.Changes == nil {
		fmt.Fprintln(cmd.OutOrStdout(), "data changed: what was in it is not known any more")
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "data changed: %s\n", data)
	for _, list := range []struct {
		sign  string
		files []string
	}{{"+", data.Added}, {"-", data.Removed}, {"~", data.Changed}} {
		for i, file := range list.files {
			if i == listed {
				fmt.Fprintf(cmd.OutOrStdout(), "%s ... %d more, in --json\n", list.sign, len(list.files)-i)
				break
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", list.sign, file)
		}
	}
	return nil
}

// listed is how many files of a kind, and classes of a split, are listed for people.
const listed = 20

// plain is a value as people read it, a dash where there is none.
func plain(v sweep.Value) string {
	if v.IsNull() {
		return "-"
	}
	if f, ok := v.AsFloat(); ok && v.Kind() == sweep.FloatKind {
		return number(f)
	}
	return v.String()
}

// addShares adds how many examples the splits and their classes had and have.
func addShares(g *sheet, splits map[string]artifact.ShareChanges) {
	for _, name := range []string{artifact.Train, artifact.Val, artifact.Test} {
		s, ok := splits[name]
		if !ok {
			continue
		}
		g.add(name, strconv.Itoa(s.From.Examples), strconv.Itoa(s.To.Examples))
		classes := slices.DeleteFunc(union(s.From.Classes, s.To.Classes), func(c string) bool { return s.From.Classes[c] == s.To.Classes[c] })
		for i, class := range classes {
			if i == listed {
				g.add(fmt.Sprintf("%s: %d more, in --json", name, len(classes)-i), "", "")
				break
			}
			g.add(name+"."+class, share(s.From.Classes[class], s.From.Examples), share(s.To.Classes[class], s.To.Examples))
		}
		if a, b := s.From.Target, s.To.Target; a != nil && b != nil {
			g.add(name+".target", number(a.Mean)+" ± "+number(a.SD), number(b.Mean)+" ± "+number(b.SD))
		}
	}
}

func share(n, of int) string {
	if of == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%.1f %%)", n, 100*float64(n)/float64(of))
}

// runDifferences are the differences between two runs but for their data.
func runDifferences(runs [2]results.Run, best [2][]results.Row) []difference {
	var facts [2]map[string]sweep.Value
	for i, run := range runs {
		facts[i] = factsOf(run, best[i])
	}
	out := []difference{}
	for _, name := range union(facts[0], facts[1]) {
		if a, b := facts[0][name], facts[1][name]; !a.Equal(b) {
			out = append(out, difference{name, a, b})
		}
	}
	return out
}

// factsOf is what there is to compare of a run, by name.
func factsOf(run results.Run, best []results.Row) map[string]sweep.Value {
	f := map[string]sweep.Value{}
	text := func(name, value string) {
		if value != "" {
			f[name] = sweep.String(value)
		}
	}
	text("file", run.File)
	text("file.hash", run.Hash)
	text("search", run.Search)
	text("params", strings.Join(run.Params, ", "))
	text("feasible", run.Feasible)
	text("status", statusOf(run))
	text("data", strings.Join(run.Data, ", "))
	f["repeat"], f["trials"] = sweep.Int(int64(run.Repeat)), sweep.Int(int64(run.Trials()))
	for name, value := range run.Vars {
		text("var."+name, value)
	}
	for _, o := range run.Objectives {
		text("objective."+o.Name, string(o.Goal))
	}
	if o := run.Origin; o != nil {
		text("origin.commit", o.Commit)
		text("origin.host", o.Host)
		text("origin.system", o.System)
		text("origin.gpus", strings.Join(o.GPUs, ", "))
		text("origin.sweep", o.Sweep)
		text("origin.go", o.Go)
		text("origin.format", o.Format)
		f["origin.dirty"], f["origin.cores"] = sweep.Bool(o.Dirty), sweep.Int(int64(o.Cores))
	}
	if len(best) == 0 {
		return f
	}
	t := best[0].Trial
	f["best."+run.Objectives[0].Name] = sweep.Float(best[0].Mean)
	for name, value := range t.Params {
		f["best.param."+name] = value
	}
	task := map[string]sweep.Value{"model": t.Task.Model.Config, "train": t.Task.Train}
	text("best.model", t.Task.Model.Type)
	if d := t.Task.Data; d != nil {
		text("best.data", d.Type)
		task["data"] = d.Config
	}
	for block, config := range task {
		for name, value := range config.Fields() {
			f["best."+block+"."+name] = value
		}
	}
	return f
}
