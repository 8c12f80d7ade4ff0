package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
)

func newDB(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Check, back up, compact or restore the store",
		Long: `Look after the store, results.db in the workspace.

Every run refreshes the backup beside it, results.db.bak, when it starts and when it
ends. A store that is found to be damaged is put right by restoring a backup and
running the sweep again: trials that have ended since are found in their directories,
and are not trained twice.`,
		Example: `  sweep db check
  sweep db backup -o results-monday.db
  sweep db compact
  sweep db restore .sweep/results.db.bak`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newDBCheck(o), newDBBackup(o), newDBCompact(o), newDBRestore(o)} {
		sub.Args = usage(sub.Args)
		cmd.AddCommand(sub)
	}
	return cmd
}

func newDBCheck(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at every page and record of the store, and at the trials' directories",
		Long: `Look at every page and record of the store, at what it says twice, and at the
directories of the trials that have ended. Name what is wrong and what to do.

A changed byte inside of a record that leaves it a valid one cannot be seen, if
nothing else says the same: the store has no checksums on records.

Exit code 1: something is wrong.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			found, err := db.Inspect()
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), found)
			} else {
				describeFound(cmd, found)
			}
			if err == nil && len(found.Faults) > 0 {
				err = status{code: exitError}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// describeFound prints what a check has found, each remedy once.
func describeFound(cmd *cobra.Command, found results.Inspection) {
	field(cmd, "store", "%s, %s", near(found.File), size(found.Bytes))
	field(cmd, "has", "%d runs, %d trials, %d reports in %d pages", found.Runs, found.Trials, found.Reports, found.Pages)
	if found.Backup != nil {
		field(cmd, "backup", "%s", describeCopy(*found.Backup))
	}
	if len(found.Faults) == 0 {
		field(cmd, "state", "good")
		return
	}
	field(cmd, "state", "%d faults", len(found.Faults))
	said := map[string]bool{}
	for _, f := range found.Faults {
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: error: %s: %s\n", near(f.Where), f.What)
	}
	for _, f := range found.Faults {
		if !said[f.Do] {
			fmt.Fprintf(cmd.ErrOrStderr(), "sweep: hint: %s\n", f.Do)
		}
		said[f.Do] = true
	}
}

func newDBBackup(o *options) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write a consistent copy of the store, also while a run writes to it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			to := out
			if to == "" {
				to = db.BackupFile()
			} else if _, err := os.Stat(to); err == nil {
				return fmt.Errorf("back up results to %s: it is there already; name another file with -o", to)
			}
			c, err := db.Backup(to)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d runs, %d trials, %s\n", near(c.File), c.Runs, c.Trials, size(c.Bytes))
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write it to this file instead of the store's own backup")
	return cmd
}

func newDBCompact(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "Rewrite the store without the pages it no longer needs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			before, after, err := db.Compact()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s before, %s after\n", size(before), size(after))
			return nil
		},
	}
}

func newDBRestore(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the store, which is kept under another name",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := o.db()
			if err != nil {
				return err
			}
			c, kept, err := db.Restore(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "restored %s\n", describeCopy(c))
			if kept != "" {
				o.say(cmd.ErrOrStderr(), "the store that was there is now %s", near(kept))
			}
			o.say(cmd.ErrOrStderr(), "run the sweep again: trials that have ended since are found in their directories")
			return nil
		},
	}
}

// describeCopy is a copy of the store in words, with its age.
func describeCopy(c results.Copy) string {
	age := time.Since(c.Taken).Round(time.Second)
	return fmt.Sprintf("%s, %v old: %d runs, %d trials", near(c.File), age, c.Runs, c.Trials)
}

// near is a path as it is written from the working directory, if it lies there.
func near(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// size is a number of bytes as people read it.
func size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f := float64(bytes)
	for f >= 1024 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + " " + units[0]
}
