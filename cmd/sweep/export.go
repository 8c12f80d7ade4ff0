package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/export"
	"github.com/inflame-deeplearning/sweep/results/export/csv"
	"github.com/inflame-deeplearning/sweep/results/export/json"
	"github.com/inflame-deeplearning/sweep/results/export/parquet"
)

func newExport(o *options) *cobra.Command {
	var format, output string
	cmd := &cobra.Command{
		Use:   "export [RUN]",
		Short: "Write a run's trials as CSV, JSON or Parquet",
		Example: `  sweep export grid --format csv > grid.csv
  sweep export grid-3 --format parquet -o grid.parquet`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			db, run, err := o.run(argument(args))
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if output != "" {
				f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) //nolint:gosec // for other programs
				if err != nil {
					return fmt.Errorf("export: %w", err)
				}
				defer func() { err = errors.Join(err, f.Close()) }()
				out = f
			} else if _, tty := terminal(out); tty && format == "parquet" {
				return status{exitUsage, errors.New("a Parquet file is not for a terminal: name one with -o")}
			}
			return write(out, db, run, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "csv", "csv, json or parquet")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output where not given")
	return cmd
}

func write(out io.Writer, db *results.DB, run results.Run, format string) error {
	trials := db.Trials(run.ID)
	if format == "json" {
		return json.Write(out, run, trials)
	}
	columns, err := export.Columns(run, trials)
	if err != nil {
		return err
	}
	switch format {
	case "csv":
		return csv.Write(out, columns, trials)
	case "parquet":
		return parquet.Write(out, columns, trials)
	}
	return status{exitUsage, fmt.Errorf("--format %s: it is csv, json or parquet", format)}
}
