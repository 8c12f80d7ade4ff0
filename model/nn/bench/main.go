// Command bench races package nn against PyTorch on the same machine: matrix
// products, steps of training, whole processes and their memory, each on one
// thread, ours and theirs by turns in short slices. It knows nothing of how fast
// either ought to be. PyTorch runs in a Python process (peer.py), ours in a
// child of this program; both speak JSON, a line a request.
//
//	go run ./model/nn/bench -python python3 -data DIR
//
// Python needs `pip install torch numpy`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
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
	python, data, only string
	pairs              int
	seconds            float64
	markdown           bool
}

func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) (err error) {
	if len(args) == 1 && args[0] == serveCommand {
		return serve(in, out)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.python, "python", "python3", "a Python that has torch and numpy")
	flags.IntVar(&o.pairs, "pairs", 5, "slices of each side; the median counts")
	flags.Float64Var(&o.seconds, "seconds", 0.5, "length of a slice")
	flags.StringVar(&o.only, "only", "", "some of roofline,gemm,mlp,cnn,resnet,trials,whole,memory, with commas between")
	flags.StringVar(&o.data, "data", "", "folder of MNIST's idx files, for whole and memory; empty: those are left out")
	flags.BoolVar(&o.markdown, "markdown", false, "print a Markdown table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.pairs < 1 || flags.NArg() > 0 {
		return errors.New("there must be at least one pair, and no arguments")
	}
	s := newSides(o.python)
	defer func() { err = errors.Join(err, s.close()) }()
	theirs, err := s.theirs(ctx, 1, 0, active)
	if err != nil {
		return err
	}
	if load := load(); load > 0.5 {
		fmt.Fprintf(log, "bench: hint: the load was %.1f before the start: what else runs slows both sides, threads that wait for one another most\n", load)
	}
	w := newWholes(o, theirs.hello.Name)
	defer func() { err = errors.Join(err, w.close()) }()
	races := append(steps(s, o.seconds, theirs.hello), w.races()...)
	t := table{out: out, markdown: o.markdown}
	t.head()
	for _, r := range races {
		if !wanted(o.only, r.group) {
			continue
		}
		result, err := r.run(ctx, o.pairs)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		t.row(r, result)
	}
	t.foot()
	return nil
}

// load is how many programs ran of late, where the system tells.
func load() (load float64) {
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(text), &load) // else 0: only a hint depends on it
	}
	return load
}

func wanted(only, group string) bool {
	if only == "" {
		return true
	}
	for name := range strings.SplitSeq(only, ",") {
		if name == group {
			return true
		}
	}
	return false
}
