package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// Exit codes, as the help text has them.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitFailed      = 3
	exitInterrupted = 130
)

// status is an error that ends the program with a code of its own. A nil err
// says that all was said.
type status struct {
	code int
	err  error
}

func (s status) Error() string {
	if s.err == nil {
		return fmt.Sprintf("exit code %d", s.code)
	}
	return s.err.Error()
}
func (s status) Unwrap() error { return s.err }

// hint is an error with something to type.
type hint struct {
	error
	text string
}

func (h hint) Unwrap() error { return h.error }

// run is the program: its exit code for its arguments. Answers go to standard
// output; everything else goes to standard error, in lines that begin with
// "sweep:", "sweep: error:" or "sweep: hint:".
func run(args []string) int {
	root := newRoot()
	root.SetArgs(dashed(args))
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-signals:
			signal.Stop(signals) // a second one ends the program at once
			cancel(sweep.ErrInterrupt)
		case <-done:
		}
	}()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	stderr := root.ErrOrStderr()
	s, _ := errors.AsType[status](err)
	code := codeOf(err)
	if text := err.Error(); strings.HasPrefix(text, "unknown command") { // cobra has no type for it
		what, suggestions, ok := strings.Cut(text, "\n\nDid you mean this?")
		if code, err = exitUsage, errors.New(what); ok {
			err = hint{err, "sweep " + strings.Join(strings.Fields(suggestions), ", sweep ")}
		}
	}
	var diags config.Diagnostics
	switch {
	case errors.As(err, &diags):
		if werr := diags.Write(stderr, colored(root, stderr), width(stderr)); werr != nil {
			fmt.Fprintf(stderr, "sweep: error: %v\n", diags)
		}
	case s.err != nil || s.code == 0:
		for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
			fmt.Fprintf(stderr, "sweep: error: %s\n", line)
		}
	}
	if d, ok := errors.AsType[*results.DamagedError](err); ok && d.Backup != nil {
		fmt.Fprintf(stderr, "sweep: the backup is %s\n", describeCopy(*d.Backup))
		fmt.Fprintf(stderr, "sweep: hint: sweep db restore %s\n", near(d.Backup.File))
	}
	if h, ok := errors.AsType[hint](err); ok {
		fmt.Fprintf(stderr, "sweep: hint: %s\n", h.text)
	}
	return code
}

// codeOf is the exit code of a command that has answered err.
func codeOf(err error) int {
	if err == nil {
		return exitOK
	}
	if _, wrong := errors.AsType[config.Diagnostics](err); wrong {
		return exitUsage
	}
	if s, ok := errors.AsType[status](err); ok {
		return s.code
	}
	return exitError
}

// dashed takes -var as HCL's own tools have it for --var.
func dashed(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if arg == "-var" || strings.HasPrefix(arg, "-var=") {
			out[i] = "-" + arg
		}
	}
	return out
}

// options are the flags that all commands share.
type options struct {
	dir   string
	color string
	quiet bool
}

func (o *options) db() (*results.DB, error) { return results.Open(o.dir) }

// trial is the trial that a command's argument names, and its run.
func (o *options) trial(name string) (*results.DB, sweep.Trial, results.Run, error) {
	db, err := o.db()
	if err != nil {
		return nil, sweep.Trial{}, results.Run{}, err
	}
	t, run, err := db.FindTrial(name)
	return db, t, run, err
}

// run is the run that a command's argument names; the newest where it names none.
func (o *options) run(name string) (*results.DB, results.Run, error) {
	db, err := o.db()
	if err != nil {
		return nil, results.Run{}, err
	}
	run, err := db.Find(name)
	return db, run, err
}

// say writes a line for the person who watches.
func (o *options) say(w io.Writer, format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(w, "sweep: "+format+"\n", args...)
	}
}

func newRoot() *cobra.Command {
	o := &options{}
	p := plugins()
	root := &cobra.Command{
		Use:   "sweep",
		Short: "A hyperparameter factory: run variations, rank them, use the winner",
		Long: `sweep runs the variations that a sweep file lists on the cores and GPUs of this
machine, keeps a leaderboard that survives any crash, and uses the winning model.

Results are kept in .sweep in the working directory, or where --dir or
SWEEP_DIR say.

Exit codes: 0 all well, 1 error, 2 the sweep file or the flags are wrong,
3 the run ended with failed trials or is a regression, 130 interrupted (run it again to go on).`,
		Example: `  sweep run examples/grid.hcl
  sweep best grid
  sweep predict --run grid photo.png`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	dir := os.Getenv("SWEEP_DIR")
	if dir == "" {
		dir = ".sweep"
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.dir, "dir", dir, "workspace with the store, trials and prepared data")
	flags.StringVar(&o.color, "color", "auto", "colour: auto, always or never")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but answers and errors")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return status{exitUsage, hint{err, cmd.CommandPath() + " --help"}}
	})
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run sweeps:"},
		&cobra.Group{ID: "steer", Title: "Watch and steer a run in progress:"},
		&cobra.Group{ID: "look", Title: "Look at results:"},
		&cobra.Group{ID: "use", Title: "Use models and data:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			if c.Args != nil {
				c.Args = usage(c.Args)
			}
			root.AddCommand(c)
		}
	}
	add("run", newRun(o, p), newPlan(o, p), newValidate(o, p), newFmt(), newRerun(o, p))
	add("run", newSchedule(o, p), newDaemon(o, p))
	add("steer", newWatch(o), newPause(o), newResume(o), newStop(o), newSet(o), newKill(o))
	add("look", newLs(o), newShow(o), newTrials(o), newBest(o), newChampion(o), newCurve(o), newImportance(o, p), newCompare(o), newLogs(o), newExport(o), newExplain(o, p), newReport(o, p))
	add("use", newPredict(o, p), newAsk(o, p), newTell(o, p), newData(o, p), newNotify(o, p))
	add("", newDocs(p), newDoctor(o, p), newDB(o), newGC(o, p), newVersion(), newTrial(p))
	return root
}

// usage makes a wrong number of arguments a mistake of use.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return status{exitUsage, hint{err, cmd.CommandPath() + " --help"}}
		}
		return nil
	}
}
