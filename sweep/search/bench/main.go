// Command bench races the searchers against Optuna's samplers: on functions whose
// optimum is known, on mixed and conditional spaces, and on a table of real
// trainings, one evaluation after the other and with eight under way; also on
// functions of several losses. It knows nothing of how good either ought to be.
// Optuna runs in a Python process (peer.py) that speaks JSON, a line a request.
//
//	go run ./sweep/search/bench -python python3 -table DIR/hpo/mnist-mlp.csv
//
// Python needs `pip install optuna cmaes scipy torch`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

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
	python, table, problems, methods, cache string
	seeds, trials, pending                  int
	several, markdown                       bool
}

func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.python, "python", "", "a Python that has optuna; empty: ours alone")
	flags.StringVar(&o.table, "table", "", "the table of real trainings, mnist-mlp.csv; empty: it is left out")
	flags.StringVar(&o.problems, "problems", "", "some of the problems, with commas between; empty: all")
	flags.StringVar(&o.methods, "methods", "", "some of the methods, ours as tpe and theirs as optuna-tpe; empty: all")
	flags.StringVar(&o.cache, "cache", "", "file (JSON, compressed) that keeps the results of Optuna's runs, which then need not be run again")
	flags.IntVar(&o.seeds, "seeds", 30, "runs of each method on each problem")
	flags.IntVar(&o.trials, "trials", 100, "evaluations a run")
	flags.IntVar(&o.pending, "pending", 1, "evaluations under way at a time")
	flags.BoolVar(&o.several, "several", false, "the problems of several losses in place of those of one")
	flags.BoolVar(&o.markdown, "markdown", false, "print a Markdown table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.seeds < 2 || o.trials < 2 || o.pending < 1 {
		return errors.New("there must be two seeds and trials at least, one pending, and no arguments")
	}
	all := problems()
	if o.several {
		all = tradeoffs()
	}
	if o.table != "" {
		table, err := readTable(o.table, o.several)
		if err != nil {
			return err
		}
		all = append(all, table)
	}
	c := &contest{options: o, log: log, peers: newPeers(o.python), known: map[string][]float64{}}
	defer func() { err = errors.Join(err, c.peers.close()) }()
	if err := c.load(); err != nil {
		return err
	}
	methods := slices.DeleteFunc(methods(o.several), func(m string) bool {
		return o.methods != "" && !wanted(o.methods, m) && m != "random" || strings.HasPrefix(m, optuna) && o.python == ""
	})
	all = slices.DeleteFunc(all, func(p problem) bool { return !wanted(o.problems, p.name) })
	results, err := c.run(ctx, all, methods)
	if err != nil {
		return err
	}
	report(out, o, all, methods, results)
	return nil
}

func wanted(only, name string) bool {
	return only == "" || slices.Contains(strings.Split(only, ","), name)
}
