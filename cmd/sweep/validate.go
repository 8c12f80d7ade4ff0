package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

func newValidate(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	var asJSON bool
	var on string
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Find the mistakes in sweep files, without running anything",
		Example: `  sweep validate grid.hcl
  sweep validate --json *.hcl`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := []config.Diagnostic{}
			bad := 0
			for _, path := range args {
				file, _, err := readFile(path, vars, p, config.On(on))
				var diags config.Diagnostics
				if err == nil && len(file.Unset.List()) > 0 { // to run it would do, with nobody told
					err = file.Unset
				}
				switch {
				case err == nil:
					if !asJSON {
						o.say(cmd.ErrOrStderr(), "%s is good", path)
					}
				case errors.As(err, &diags):
					bad++
					found = append(found, diags.List()...)
					if !asJSON {
						if err := diags.Write(cmd.ErrOrStderr(), colored(cmd, cmd.ErrOrStderr()), width(cmd.ErrOrStderr())); err != nil {
							return err
						}
					}
				default:
					return err
				}
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), found); err != nil {
					return err
				}
			}
			if bad > 0 {
				return status{code: exitUsage}
			}
			return nil
		},
	}
	runnerFlag(cmd, &on, p)
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the files, NAME=VALUE")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the mistakes as JSON")
	return cmd
}

func newFmt() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Bring sweep files into the canonical layout",
		Example: `  sweep fmt grid.hcl
  sweep fmt --check *.hcl
  sweep fmt - < grid.hcl`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := 0
			for _, path := range args {
				src, err := os.ReadFile(path)
				if path == "-" {
					src, err = io.ReadAll(cmd.InOrStdin())
				}
				if err != nil {
					return status{exitUsage, fmt.Errorf("read sweep file: %w", err)}
				}
				out, err := config.Format(src, path)
				if err != nil {
					return err
				}
				if path == "-" {
					if _, err := cmd.OutOrStdout().Write(out); err != nil {
						return fmt.Errorf("write sweep file: %w", err)
					}
					continue
				}
				if string(out) == string(src) {
					continue
				}
				changed++
				fmt.Fprintln(cmd.OutOrStdout(), path)
				if !check {
					if err := rewrite(path, out); err != nil {
						return err
					}
				}
			}
			if check && changed > 0 {
				return status{code: exitError}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing; exit 1 if a file is not in the layout")
	return cmd
}

// rewrite replaces a file, keeping its mode.
func rewrite(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("rewrite %s: %w", path, err)
	}
	if err := trialdir.WriteFile(path, content); err != nil {
		return err
	}
	if err := os.Chmod(path, info.Mode().Perm()); err != nil {
		return fmt.Errorf("rewrite %s: %w", path, err)
	}
	return nil
}
