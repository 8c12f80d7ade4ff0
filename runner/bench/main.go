// Command bench measures what the runner and the store cost beside the trials: real
// sweeps of programs that sleep and report, and a loop whose trials are nothing at
// all. It prints a table of docs/benchmarks.md. Linux only: what the runner itself
// used is read in /proc.
//
//	go run ./runner/bench
//	go run ./runner/bench -only sleepers -sleepers 10000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	switch args := os.Args[1:]; {
	case len(args) > 0 && args[0] == childWord:
		err = child(args[1:])
	case len(args) > 0 && args[0] == nothingWord:
		err = nothing(ctx, args[1:], os.Stdout)
	default:
		err = run(ctx, args, os.Stdout, os.Stderr)
	}
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1) //nolint:forbidigo // main alone exits
	}
}

// options are the command's flags.
type options struct {
	only      string
	sleepers  int
	reporters int
	seconds   int
	trials    int
}

// figure is a line of the table.
type figure struct{ name, value, ideal string }

// bench is a workplace for measurements.
type bench struct {
	options
	self  string // this program
	sweep string // the program that is measured
	dir   string
}

func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	b := bench{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&b.only, "only", "", "some of the measurements, with commas between: sleepers, reporters, nothing; empty: all")
	flags.IntVar(&b.sleepers, "sleepers", 640, "trials that sleep for a second, 16 at a time")
	flags.IntVar(&b.reporters, "reporters", 96, "trials at a time that report ten times a second")
	flags.IntVar(&b.seconds, "seconds", 100, "how long each of these takes")
	flags.IntVar(&b.trials, "trials", 100_000, "trials that do nothing, in this process")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || min(b.sleepers, b.reporters, b.seconds, b.trials) < 1 {
		return errors.New("numbers are 1 at least, and there are no arguments")
	}
	if b.self, err = os.Executable(); err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	if b.dir, err = os.MkdirTemp("", "sweep-bench-"); err != nil {
		return fmt.Errorf("make a workplace: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.sweep = filepath.Join(b.dir, "sweep")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", b.sweep, "github.com/inflame-deeplearning/sweep/cmd/sweep").CombinedOutput(); err != nil {
		return fmt.Errorf("build sweep: %w\n%s", err, text)
	}
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(table, "| figure\t| measured\t| ideal\t|\n| ---\t| ---\t| ---\t|")
	for _, m := range []struct {
		name string
		take func(context.Context) ([]figure, error)
	}{{"sleepers", b.sleep}, {"reporters", b.report}, {"nothing", b.nothing}} {
		if b.only != "" && !slices.Contains(strings.Split(b.only, ","), m.name) {
			continue
		}
		fmt.Fprintf(log, "bench: %s\n", m.name)
		figures, err := m.take(ctx)
		if err != nil {
			return fmt.Errorf("measure %s: %w", m.name, err)
		}
		for _, f := range figures {
			fmt.Fprintf(table, "| %s\t| %s\t| %s\t|\n", f.name, f.value, f.ideal)
		}
	}
	return table.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
