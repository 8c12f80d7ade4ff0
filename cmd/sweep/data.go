package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

func newData(o *options, p *config.Plugins) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "Split folders of data, look at data sets",
		Example: "  sweep data split photos --train 0.8 --val 0.2\n  sweep data show grid.hcl",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDataSplit(o), newDataShow(o, p))
	return cmd
}

func newDataSplit(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "split DIR --NAME FRACTION...",
		Short: "Divide a folder of files into split folders",
		Long: `Copy the files of a folder into a folder for each split, at random. Splits are
flags of any name, whose fractions sum to 1. The files of each sub-folder (a
class) are divided by the same fractions, rounded down; what is left over goes
to the first split. Hidden files are left out. The files of each split are
printed as JSON.

  -o, --output DIR  where the split folders are made (DIR-split where not given)
      --link        link the files instead of copying them
      --seed N      seed of the division (1)`,
		Example: `  sweep data split photos --train 0.8 --val 0.2
  sweep data split photos --train 0.7 --val 0.2 --holdout 0.1 --link -o parts`,
		DisableFlagParsing: true, // the names are the user's
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || slices.Contains(args, "--help") || slices.Contains(args, "-h") {
				return cmd.Help()
			}
			dir, out, s, err := splitFlags(args)
			if err != nil {
				return status{exitUsage, hint{err, "sweep data split --help"}}
			}
			if out == "" {
				out = strings.TrimRight(dir, "/") + "-split"
			}
			index, err := artifact.SplitFolder(dir, out, s)
			if err != nil {
				return err
			}
			for _, name := range s.Names {
				if len(index[name]) == 0 {
					o.say(cmd.ErrOrStderr(), "warning: split %s is empty: %g of so few files is none", name, s.Shares[name])
				}
			}
			return writeJSON(cmd.OutOrStdout(), index)
		},
	}
}

// splitFlags reads the arguments of data split.
func splitFlags(args []string) (dir, out string, s artifact.FolderSplit, err error) {
	s = artifact.FolderSplit{Shares: map[string]float64{}, Seed: 1}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, isFlag := strings.CutPrefix(arg, "-")
		if !isFlag {
			if dir != "" {
				return "", "", s, fmt.Errorf("two folders, %s and %s: split one at a time", dir, arg)
			}
			dir = arg
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if name == "link" {
			s.Link = true
			continue
		}
		if name == "quiet" || name == "q" {
			continue
		}
		if !given {
			if i++; i >= len(args) {
				return "", "", s, fmt.Errorf("%s needs a value", arg)
			}
			value = args[i]
		}
		switch name {
		case "o", "output":
			out = value
		case "seed":
			if s.Seed, err = strconv.ParseUint(value, 10, 64); err != nil {
				return "", "", s, fmt.Errorf("--seed %s: it is a whole number", value)
			}
		case "dir", "color":
		default:
			share, err := strconv.ParseFloat(value, 64)
			if err != nil || share < 0 || share > 1 {
				return "", "", s, fmt.Errorf("--%s %s: a split's share is a number from 0 to 1", name, value)
			}
			if slices.Contains(s.Names, name) {
				return "", "", s, fmt.Errorf("--%s is given twice", name)
			}
			s.Names = append(s.Names, name)
			s.Shares[name] = share
		}
	}
	switch {
	case dir == "":
		return "", "", s, fmt.Errorf("which folder? write sweep data split DIR --train 0.8 --val 0.2")
	case len(s.Names) == 0:
		return "", "", s, fmt.Errorf("no splits: write them as flags, --train 0.8 --val 0.2")
	}
	return dir, out, s, nil
}

// dataJSON describes a prepared data set. The JSON shape is stable.
type dataJSON struct {
	Source      string         `json:"source"`
	Fingerprint string         `json:"fingerprint"`
	Kind        artifact.Kind  `json:"kind"`
	Shape       []int          `json:"shape"`
	Classes     []string       `json:"classes,omitempty"`
	Splits      map[string]int `json:"splits"`
}

func newDataShow(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Prepare a sweep file's data, for its first variant, and describe it",
		Example: `  sweep data show examples/grid.hcl
  sweep data show examples/fashion.hcl -var dir=data/mnist --json`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, _, err := readFile(args[0], vars, p)
			if err != nil {
				return err
			}
			params, err := file.Searcher.Next(0, nil)
			if err != nil {
				return err
			}
			task, _, err := file.Spec.Resolve(params)
			if err != nil {
				return err
			}
			if task.Data == nil {
				return fmt.Errorf("%s has no data block", args[0])
			}
			db, err := o.db()
			if err != nil {
				return err
			}
			fingerprint, err := prepare(db, p, prefixed{cmd.ErrOrStderr()})(cmd.Context(), task)
			if err != nil {
				return err
			}
			d, err := artifact.Open(db.CacheDir(), fingerprint)
			if err != nil {
				return err
			}
			defer d.Close() //nolint:errcheck // it was only read
			out := dataJSON{task.Data.Type, fingerprint, d.Meta.Kind, d.Meta.Shape, d.Meta.Classes, map[string]int{}}
			for name, split := range d.Splits {
				out.Splits[name] = split.Len()
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), out)
			}
			field(cmd, "data", "%s (%s)", out.Source, out.Fingerprint)
			field(cmd, "task", "%s on examples of shape %v", out.Kind, out.Shape)
			if len(out.Classes) > 0 {
				field(cmd, "classes", "%s", strings.Join(out.Classes, ", "))
			}
			for _, name := range d.SplitNames() {
				field(cmd, name, "%d examples", out.Splits[name])
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the file, NAME=VALUE")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
