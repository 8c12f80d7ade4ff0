// Command torture kills real sweeps at random moments and checks after each kill
// that nothing was lost, nothing is there twice, and nothing was left behind; and
// at the end of each sweep that it came out as one that nobody disturbed.
//
//	go run ./runner/torture -kills 1000
//
// It knows the program by its command line alone. The same seed gives the same
// faults at the same delays; where these hit depends on the machine.
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
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "torture: error: %v\n", err)
		os.Exit(1) //nolint:forbidigo // main alone exits
	}
}

// options are the command's flags.
type options struct {
	kills   int
	seed    uint64
	binary  string
	only    string
	verbose bool
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.IntVar(&o.kills, "kills", 100, "faults to inflict at least")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the faults")
	flags.StringVar(&o.binary, "binary", "", "the sweep program; empty: it is built")
	flags.StringVar(&o.only, "only", "", "one of the sweeps; empty: all in turn")
	flags.BoolVar(&o.verbose, "v", false, "tell of every fault")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.kills < 1 {
		return errors.New("there must be one kill at least, and no arguments")
	}
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	if o.binary == "" {
		o.binary = filepath.Join(dir, "sweep")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/sweep")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build sweep: %w", err)
		}
	}
	t := &torture{options: o, dir: dir, out: out, began: time.Now(), faults: map[string]int{}} //nolint:forbidigo // it measures
	if err := t.run(ctx); err != nil {
		return fmt.Errorf("%w (seed %d, fault %d; what is left is in %s)", err, o.seed, t.inflicted, dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear up: %w", err)
	}
	return nil
}
