package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

type runOptions struct {
	*options
	vars  []string
	fresh bool
	json  bool
	plain bool

	firing string // the time of a schedule that the run is of; "": somebody wants it now
	on     string // the runner that was chosen

	detached string // how the run goes on without this terminal; "": it does not
}

func newRun(o *options, p *config.Plugins) *cobra.Command {
	r := &runOptions{options: o}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a sweep, or go on with it where it was interrupted",
		Long: `Run a sweep: train every variant that its file asks for, and print the leaderboard.

A run that was interrupted, by Ctrl-C, a crash or kill -9, goes on where it was.
After a complete run a new one begins, in which trials whose identity has a
result already are taken over (--fresh trains them again).

Ctrl-C once lets the running trials write a checkpoint; twice ends at once.`,
		Example: `  sweep run examples/grid.hcl
  sweep run examples/fashion.hcl -var dir=data/mnist -var epochs=3
  sweep run grid.hcl --json | jq .event`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.firing != "" {
				defer attend(cmd)()
			}
			return r.run(cmd, args[0], p)
		},
	}
	r.firingFlag(cmd)
	cmd.Flags().StringArrayVar(&r.vars, "var", nil, "set a variable of the file, NAME=VALUE; may be given several times")
	runnerFlag(cmd, &r.on, p)
	cmd.Flags().StringVar(&r.detached, "detach", "", "go on in the background: as a process, or, with --detach=job, as a small job of a cluster")
	cmd.Flags().Lookup("detach").NoOptDefVal = asProcess
	cmd.Flags().BoolVar(&r.fresh, "fresh", false, "start a new run and take nothing from earlier ones")
	r.displayFlags(cmd)
	return cmd
}

func (r *runOptions) displayFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.json, "json", false, "print events, one JSON object a line")
	cmd.Flags().BoolVar(&r.plain, "plain", false, "print a line an event, also in a terminal")
}

// readFile reads a sweep file with the variables that flags set.
func readFile(path string, vars []string, p *config.Plugins, opts ...config.Option) (*config.File, map[string]string, error) {
	values, err := variables(vars)
	if err != nil {
		return nil, nil, err
	}
	file, err := config.Read(path, values, p, opts...)
	if errors.Is(err, os.ErrNotExist) {
		err = status{exitUsage, err}
	}
	return file, values, err
}

// variables are the values that -var flags set.
func variables(flags []string) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range flags {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			return nil, status{exitUsage, fmt.Errorf("-var %s: write NAME=VALUE", v)}
		}
		values[name] = value
	}
	return values, nil
}

// garbage is how much of it, in percent of what is in use, a run lets gather: it
// lives for days beside trials that need the memory, and makes little.
const garbage = 50

func (r *runOptions) run(cmd *cobra.Command, path string, p *config.Plugins) error {
	debug.SetGCPercent(garbage)
	file, vars, err := readFile(path, r.vars, p, config.On(r.on))
	if err != nil {
		return err
	}
	warnUnset(cmd, file)
	if r.detached != "" {
		return r.detach(cmd, path, file)
	}
	db, err := r.db()
	if err != nil {
		return err
	}
	if kind := networked(db.Dir()); kind != "" {
		r.say(cmd.ErrOrStderr(), "the workspace %s lies on %s, where locks may not hold: a local one is safer (--dir, SWEEP_DIR)", db.Dir(), kind)
	}
	if err := late(cmd, db, file); err != nil {
		return err
	}
	total, err := planned(file)
	if err != nil {
		return err
	}
	from, err := sources(db, file)
	if err != nil {
		return err
	}
	run, resumed, release, err := r.start(cmd.Context(), db, results.Run{
		WarmStart: from,
		Sweep:     file.Spec.Name, File: path, Hash: file.Hash, Vars: vars, Objectives: file.Spec.Objectives, Feasible: file.Spec.Feasible.String(),
		Params: file.Spec.Space.Names(), Repeat: file.Spec.Repeat, Search: file.SearchName, Total: total,
		Fresh: r.fresh || r.firing != "" && file.Schedule != nil && file.Schedule.Fresh, Firing: r.firing,
		Started: time.Now(), //nolint:forbidigo // the program's own clock
		Origin:  origin(cmd.Context(), path),
	})
	if err != nil {
		return err
	}
	defer release()            //nolint:errcheck // the lock ends with the process
	if run.Hash != file.Hash { // its firing was cut off after the run, and the file has changed since
		r.say(cmd.ErrOrStderr(), "run %s has ended already; %s has changed since", run.ID, path)
		return nil
	}
	if err := r.keepBackup(cmd, db); err != nil {
		return err
	}
	if err := db.Owe(run.ID); err != nil {
		return err
	}
	if resumed {
		r.say(cmd.ErrOrStderr(), "going on with run %s", run.ID)
		if err := endOrphans(cmd.Context(), db, run.ID); err != nil {
			return err
		}
	} else {
		r.say(cmd.ErrOrStderr(), "run %s: %s search over %s", run.ID, file.SearchName, strings.Join(run.Params, ", "))
	}
	if file.Choice != "" {
		r.say(cmd.ErrOrStderr(), "searching by %s", file.Choice)
	}
	text, err := setOut(db, file, run)
	if err != nil {
		return err
	}
	if text != "" {
		r.say(cmd.ErrOrStderr(), "%s", text)
	}
	summary, err := r.loop(cmd, db, run, file, p)
	if err != nil {
		err = refused(err, file)
		finish(db, run.ID, results.Failed, err.Error())
		return errors.Join(err, after(cmd, db, run.ID, file))
	}
	state := results.Finished
	switch {
	case summary.Interrupted:
		state = results.Interrupted
	case !summary.Complete && summary.Reason == "complete": // trials were cancelled one by one
		state = results.Interrupted
	}
	if state == results.Finished { // before the end is recorded: a run killed in between is gone on with
		if err := r.judge(cmd, db, run, file, p); err != nil {
			finish(db, run.ID, results.Interrupted, "not judged: "+err.Error())
			if summary.Interrupted = cmd.Context().Err() != nil; summary.Interrupted {
				return r.report(cmd, db, run.ID, path, summary)
			}
			return err
		}
	}
	finish(db, run.ID, state, summary.Reason)
	if err := errors.Join(r.keepBackup(cmd, db), after(cmd, db, run.ID, file)); err != nil {
		return err
	}
	return r.report(cmd, db, run.ID, path, summary)
}

// keepBackup refreshes the store's backup: when a run starts, its record is in it,
// and what ends later is found in the trials' directories. The error is for a
// damaged store; a backup that cannot be written is only told.
func (o *options) keepBackup(cmd *cobra.Command, db *results.DB) error {
	err := db.KeepBackup(0)
	if _, damaged := errors.AsType[*results.DamagedError](err); err == nil || damaged {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sweep: the store was not backed up: %v\n", err)
	return nil
}

// finish records a run's end; the run is over, so a fault is only told.
func finish(db *results.DB, id string, s results.Status, reason string) {
	if err := db.Finish(id, s, reason, time.Now()); err != nil { //nolint:forbidigo // the program's own clock
		fmt.Fprintf(os.Stderr, "sweep: error: %v\n", err)
	}
}

// planned is the number of trials the run will have; 0 where that is not known.
func planned(file *config.File) (int, error) {
	n := file.Trials
	if file.Finite && !file.Breeds {
		size, err := file.Spec.Space.Size(math.MaxInt32)
		if err != nil {
			return 0, err
		}
		if n == 0 || size < n {
			n = size
		}
	}
	n *= file.Spec.Repeat
	if limit := file.Spec.Limits.Trials; limit > 0 && (n == 0 || limit < n) {
		n = limit
	}
	if limits := file.Spec.Limits; n > 0 && limits.Confirm > 0 {
		n += min(limits.Confirm, (n+file.Spec.Repeat-1)/file.Spec.Repeat) * limits.ConfirmSeeds
	}
	return n, nil
}

// loop runs the sweep under a display of its progress.
func (r *runOptions) loop(cmd *cobra.Command, db *results.DB, run results.Run, file *config.File, p *config.Plugins) (summary sweep.Summary, err error) {
	at := placeOf(db, run, file.Runner)
	ctx, release, err := at.hold(cmd.Context(), db, func(text string) { r.say(cmd.ErrOrStderr(), "%s", text) })
	if err != nil {
		return summary, fmt.Errorf("work on run %s: %w", run.ID, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	recorder := db.Record(run)
	defer func() { err = errors.Join(err, recorder.Close()) }()
	show := r.display(cmd, run)
	defer show.close()
	notices := show.log()
	if t, ok := runner.As[runner.Telling](file.Runner); ok {
		t.Tell(func(text string) { fmt.Fprintln(notices, text) })
	}
	commands, deaf := hear(ctx, db, run.ID, notices)
	defer deaf()
	return sweep.Loop{
		Commands: commands,
		Spec:     file.Spec, Run: run.ID, Searcher: file.Searcher, Stopper: file.Stopper, Runner: file.Runner, Store: recorder,
		Prepare: noted(db, run.ID, at.prepare(prepare(db, p, notices))), CacheDir: at.cache, Fresh: run.Fresh, Total: run.Total,
		TrialDir: at.trial,
		Now:      time.Now, //nolint:forbidigo // the program's own clock
		Observe:  show.event,
	}.Do(ctx)
}

// prepare makes data sets ready, each once.
func prepare(db *results.DB, p *config.Plugins, log io.Writer) func(context.Context, sweep.Task) (string, error) {
	type answer struct {
		fingerprint string
		err         error
	}
	known := map[string]answer{}
	turn := make(chan struct{}, 1) // one data set at a time
	return func(ctx context.Context, task sweep.Task) (string, error) {
		if task.Data == nil {
			return "", nil
		}
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return "", ctx.Err()
		}
		key := task.Data.Type + sweep.Params{"": task.Data.Config}.Key()
		if a, ok := known[key]; ok {
			return a.fingerprint, a.err
		}
		source, err := p.Data.New(sweep.Spec{}, *task.Data)
		if err != nil {
			return "", err
		}
		fingerprint, err := artifact.Prepare(ctx, db.CacheDir(), *task.Data, source, log)
		if ctx.Err() == nil {
			known[key] = answer{fingerprint, err}
		}
		return fingerprint, err
	}
}

// report prints the leaderboard and what to do next.
func (r *runOptions) report(cmd *cobra.Command, db *results.DB, id, path string, summary sweep.Summary) error {
	run, err := db.Find(id)
	if err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	if !r.json {
		if err := r.standings(cmd, db, run); err != nil {
			return err
		}
	}
	r.say(stderr, "run %s: %s; %s", id, summary.Reason, tally(run))
	if err := r.sayUnchanged(cmd, db, run); err != nil {
		return err
	}
	r.judged(cmd, run)
	failed := 0
	for _, o := range []sweep.Outcome{sweep.Failed, sweep.OutOfMemory, sweep.TimedOut, sweep.Lost} {
		failed += summary.Counts[o]
	}
	if failed > 0 {
		if err := firstFailure(cmd, db, id); err != nil {
			return err
		}
	}
	switch {
	case summary.Interrupted:
		fmt.Fprintf(stderr, "sweep: hint: everything is safe; %s goes on\n", again(path, r.vars, r.on))
		return status{code: exitInterrupted}
	case failed > 0 || run.Judged != nil && run.Judged.Regression:
		return status{code: exitFailed}
	case run.Trials() > 0 && !r.quiet:
		fmt.Fprintf(stderr, "sweep: hint: sweep best %s\n", run.Sweep)
	}
	return nil
}

func again(path string, vars []string, on string) string {
	words := []string{"sweep run", path}
	if on != "" {
		words = append(words, "--runner", on)
	}
	for _, v := range vars {
		words = append(words, "-var", v)
	}
	return strings.Join(words, " ")
}

// tally is a run's trials in words: 12 trials: 11 succeeded, 1 failed.
func tally(run results.Run) string {
	var parts []string
	for _, o := range append([]sweep.Outcome{sweep.Running}, sweep.Outcomes...) {
		if n := run.Counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, results.OutcomeName(o)))
		}
	}
	text := fmt.Sprintf("%d trials", run.Trials())
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if run.Cached > 0 {
		text += fmt.Sprintf(" (%d from cache)", run.Cached)
	}
	return text
}

// firstFailure shows why trials failed, by the first of them.
func firstFailure(cmd *cobra.Command, db *results.DB, id string) error {
	for t, err := range db.Trials(id) {
		if err != nil {
			return err
		}
		if !t.Outcome.Final() || t.Outcome.Ranked() || t.Outcome == sweep.Diverged {
			continue
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: error: trial %s %s: %s\n", t.Name(), t.Outcome, t.Message)
		fmt.Fprintf(cmd.ErrOrStderr(), "sweep: hint: sweep logs %s\n", t.Name())
		return nil
	}
	return nil
}
