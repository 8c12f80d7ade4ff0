// Command bench measures what stop rules save: the real loop, searchers and rules
// on recorded learning curves, on a simulated cluster of 1, 8 and 64 workers. How
// long each takes to find a model as good as the best, within 1 %, is shown as a
// speed-up over random search that trains everything to the end.
//
//	go run ./sweep/stop/bench
//	go run ./sweep/stop/bench -table DIR/hpo/mnist-mlp.csv
//
// The curves beside it were recorded with curves.hcl; so they are recorded again:
//
//	sweep run sweep/stop/bench/curves.hcl -var data=DIR
//	go run ./sweep/stop/bench -record .sweep/runs/curves-1 -table sweep/stop/bench/curves.csv.gz
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
)

//go:embed curves.csv.gz
var recorded []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1) //nolint:forbidigo // main alone exits
	}
}

// options are the command's flags.
type options struct {
	table, record string
	seeds, runs   int
	within        float64
	launch        float64
	workers       []int
	markdown      bool
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	o := options{workers: []int{1, 8, 64}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.table, "table", "", "a table of learning curves, .csv or .csv.gz; empty: the one recorded with curves.hcl")
	flags.StringVar(&o.record, "record", "", "folder of a run's trials, from which -table is written")
	flags.IntVar(&o.seeds, "seeds", 200, "orders of the variants")
	flags.IntVar(&o.runs, "runs", runtime.GOMAXPROCS(0), "runs to simulate at a time")
	flags.Float64Var(&o.within, "within", 0.01, "how far from the best accuracy the target is, as a part of it")
	flags.Float64Var(&o.launch, "launch", 1, "how long a launch takes, as a part of what it took when it was recorded")
	flags.BoolVar(&o.markdown, "markdown", false, "print Markdown tables")
	flags.Func("workers", "sizes of the cluster, with commas between (default 1,8,64)", func(s string) error {
		o.workers = nil
		for field := range strings.SplitSeq(s, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a number of workers", field)
			}
			o.workers = append(o.workers, n)
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.seeds < 2 || o.runs < 1 || o.within < 0 || o.within >= 1 {
		return errors.New("there must be two seeds at least, one run at a time, -within from 0 to below 1, and no arguments")
	}
	if o.record != "" {
		return record(o.record, o.table)
	}
	t, err := open(o.table)
	if err != nil {
		return err
	}
	for i := range t.curves {
		t.curves[i].launch *= o.launch
	}
	results, err := contest(ctx, o, t)
	if err != nil {
		return err
	}
	report(out, o, t, results)
	return nil
}
