package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

func newTell(o *options, p *config.Plugins) *cobra.Command {
	var metrics []string
	var failed string
	var r request
	cmd := &cobra.Command{
		Use:   "tell TRIAL",
		Short: "Tell the result of a trial that was asked for",
		Long: `Tell the result of a trial that "sweep ask" gave out. The trial has then ended; with
--more it has not: the report is a step of its learning curve, and what is printed
says whether a stop rule ends it here.`,
		Example: `  sweep tell tune-1/0 --metric loss=0.3 --metric accuracy=0.9
  sweep tell tune-1/0 --metric loss=0.5 --step 3 --more
  sweep tell tune-1/0 --failed "out of memory"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if r.Metrics, err = parseMetrics(metrics); err != nil {
				return err
			}
			if cmd.Flags().Changed("failed") {
				r.Failed = &failed
			} else if len(r.Metrics) == 0 {
				return status{exitUsage, errors.New("tell what came out: --metric NAME=VALUE, or --failed WHY")}
			}
			db, t, run, err := o.trial(args[0])
			if err != nil {
				return err
			}
			file, err := fileOf(run, p)
			if err != nil {
				return err
			}
			s, err := attach(cmd.Context(), db, run, file)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			s.judge = func() error { return o.judgeAndTell(cmd, db, run, file, p) }
			v, err := s.tell(t.Number, r)
			if err != nil {
				return err
			}
			if err := s.ended(); err != nil {
				return err
			}
			if r.More {
				return writeJSON(cmd.OutOrStdout(), v)
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&metrics, "metric", nil, "a measured value, NAME=VALUE; may be given several times")
	cmd.Flags().IntVar(&r.Step, "step", 0, "the step that was reached; the next one where not given")
	cmd.Flags().BoolVar(&r.More, "more", false, "the trial goes on; print whether it should")
	cmd.Flags().StringVar(&failed, "failed", "", "the trial failed, and why")
	return cmd
}

func parseMetrics(given []string) (sweep.Metrics, error) {
	m := sweep.Metrics{}
	for _, text := range given {
		name, value, ok := strings.Cut(text, "=")
		f, err := strconv.ParseFloat(value, 64)
		if !ok || name == "" || err != nil {
			return nil, status{exitUsage, fmt.Errorf("--metric %s: write NAME=VALUE, the value a number", text)}
		}
		m[name] = f
	}
	return m, nil
}
