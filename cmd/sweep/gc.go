package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// collection is what was removed, or would be. The JSON shape is stable.
type collection struct {
	DryRun bool `json:"dry_run"`
	results.Garbage
	Data    []artifact.Unused `json:"data"`    // prepared data that no run has learned from
	Bytes   int64             `json:"bytes"`   // of all together
	InUse   bool              `json:"in_use"`  // prepared data was left alone, as a run is in progress
	Unknown []string          `json:"unknown"` // sweeps whose files cannot be read: all of them stays
}

func newGC(o *options, p *config.Plugins) *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what sweep files do not keep, and prepared data that nothing uses",
		Long: `Remove what sweep files do not keep: of each sweep in the workspace whose file has a
keep block, the oldest runs and the models of the worst trials beyond it; and prepared
data that none of the runs that stay has learned from.

Files are read where the newest run of their sweep has read them. What a run that goes
on needs stays, and so does a run from which another has results. The store keeps its
size until sweep db compact.

With --dry-run nothing is removed, and what would be is listed.`,
		Example: `  sweep gc --dry-run
  sweep gc
  sweep gc --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			keep, unknown, err := keeps(db, p)
			if err != nil {
				return err
			}
			found, err := collect(db, keep, dry, "")
			if err != nil {
				return err
			}
			found.Unknown = unknown
			for _, name := range unknown {
				o.say(cmd.ErrOrStderr(), "the file of sweep %s cannot be read: all of it stays", name)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), found)
			}
			return found.write(cmd)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "remove nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// keeps are the keep blocks of the sweeps in a workspace, by their names, and the
// sweeps whose files cannot be read.
func keeps(db *results.DB, p *config.Plugins) (keep map[string]results.Keep, unknown []string, err error) {
	runs, err := db.Runs()
	if err != nil {
		return nil, nil, err
	}
	keep, unknown = map[string]results.Keep{}, []string{}
	seen := map[string]bool{}
	for _, run := range runs {
		if seen[run.Sweep] {
			continue
		}
		seen[run.Sweep] = true
		file, err := config.ReadSearch(run.File, run.Vars, p)
		switch {
		case err != nil:
			unknown = append(unknown, run.Sweep)
		case file.Spec.Name == run.Sweep && file.Keep != nil:
			keep[run.Sweep] = kept(*file.Keep)
		}
	}
	return keep, unknown, nil
}

func kept(k config.Keep) results.Keep {
	return results.Keep{Runs: k.Runs, Models: k.Models, Champions: k.Champions == "all"}
}

// collect removes what is not kept, or only looks for it. held is a run whose lock this
// process has.
func collect(db *results.DB, keep map[string]results.Keep, dry bool, held string) (collection, error) {
	c := collection{DryRun: dry, Data: []artifact.Unused{}, Unknown: []string{}}
	var err error
	if c.Garbage, err = db.Garbage(keep); err != nil {
		return c, err
	}
	if !dry {
		if c.Garbage, err = db.Remove(c.Garbage, held); err != nil {
			return c, err
		}
	}
	going := map[string]bool{}
	for _, r := range c.Runs {
		going[r.Run] = true
	}
	idle, err := db.WhileIdle(going, func(used map[string]bool) error {
		if c.Data, err = artifact.FindUnused(db.CacheDir(), used); err != nil || dry {
			return err
		}
		for _, u := range c.Data {
			if err := u.Remove(); err != nil {
				return err
			}
		}
		return nil
	})
	c.InUse = !idle
	c.Bytes = c.Garbage.Bytes()
	for _, u := range c.Data {
		c.Bytes += u.Bytes
	}
	return c, err
}

func (c collection) write(cmd *cobra.Command) error {
	g := sheet{header: []string{"", "what", "size"}, right: map[int]bool{2: true}}
	for _, r := range c.Runs {
		g.add("run", fmt.Sprintf("%s, %d trials", r.Run, r.Trials), size(r.Bytes))
	}
	for _, m := range c.Models {
		g.add("model", m.Trial, size(m.Bytes))
	}
	for _, m := range c.Champions {
		g.add("champion", m.Trial, size(m.Bytes))
	}
	for _, d := range c.Data {
		g.add("data", d.Data, size(d.Bytes))
	}
	if len(g.rows) > 0 {
		if err := g.write(cmd); err != nil {
			return err
		}
	}
	for _, n := range c.Needed {
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: run %s stays: run %s has results from it\n", n.Run, n.By)
	}
	if c.InUse {
		fmt.Fprintln(cmd.ErrOrStderr(), "sweep: a run is in progress: prepared data stays")
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), c)
	return err
}

// String is what was removed, in a line.
func (c collection) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{len(c.Runs), "runs"}, {len(c.Models), "models"}, {len(c.Champions), "models of former champions"}, {len(c.Data), "prepared data sets"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	did := "removed"
	if c.DryRun {
		did = "would remove"
	}
	if len(parts) == 0 {
		return did + " nothing"
	}
	return fmt.Sprintf("%s %s: %s", did, strings.Join(parts, ", "), size(c.Bytes))
}

// tidy removes what a sweep's file does not keep, after one of its runs. The run is
// over, so a fault is only told.
func tidy(cmd *cobra.Command, db *results.DB, run string, file *config.File) {
	if file.Keep == nil {
		return
	}
	c, err := collect(db, map[string]results.Keep{file.Spec.Name: kept(*file.Keep)}, false, run)
	switch {
	case err != nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: what is not kept was not removed: %v\n", err)
	case c.Bytes > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: %v\n", c)
	}
}
