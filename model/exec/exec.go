// Package exec is the trial that runs any program: a script, a compiled
// trainer in another language. It starts it, finds the metrics in what it
// prints, and ends it when asked to. No shell is involved.
package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Config is the command block.
type Config struct {
	_       struct{}          `doc:"Any program as a trial, in place of model, data and train."`
	Argv    []string          `hcl:"argv" doc:"The program and its arguments, each as it is." required:"true"`
	Env     map[string]string `hcl:"env" doc:"Further environment variables." default:"{}"`
	Dir     string            `hcl:"dir" doc:"Working directory; that of sweep itself where not given."`
	Metrics []Metric          `hcl:"metrics" doc:"How metrics are found in what it prints; written as metric blocks." default:"[]"`
}

// Metric is a number to be found in what a program prints.
type Metric struct {
	Name    string `hcl:"name" doc:"Name of the metric." required:"true"`
	Pattern string `hcl:"pattern" doc:"Regular expression with one group, which holds the number." required:"true"`
}

// New is a trainer that runs the command.
func New(_ sweep.Spec, c Config) (model.Trainer, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return nil, errors.New("argv needs a program: write argv = [\"python3\", \"train.py\"]")
	}
	t := &trainer{Config: c}
	for _, m := range c.Metrics {
		re, err := regexp.Compile(m.Pattern)
		if err != nil {
			return nil, fmt.Errorf("metric %s: pattern %q: %w", m.Name, m.Pattern, err)
		}
		if re.NumSubexp() != 1 {
			return nil, fmt.Errorf("metric %s: pattern %q has %d groups; put the number, and it alone, in parentheses", m.Name, m.Pattern, re.NumSubexp())
		}
		t.patterns = append(t.patterns, pattern{m.Name, re})
	}
	return t, nil
}

type trainer struct {
	Config
	patterns []pattern
}

type pattern struct {
	name string
	re   *regexp.Regexp
}

// Metrics are those that patterns find; a command without patterns may report
// anything.
func (t *trainer) Metrics() []string {
	names := make([]string, len(t.patterns))
	for i, p := range t.patterns {
		names[i] = p.name
	}
	return names
}

const (
	poll = 50 * time.Millisecond
	// grace is what a program has after SIGTERM; the runner's own grace ends it
	// with us where that is shorter.
	grace = time.Minute
	// killedBelow is how a shell ends whose program got SIGKILL.
	killedBelow = 128 + 9
)

// Train runs the program to its end.
func (t *trainer) Train(ctx context.Context, r *model.Run) (sweep.Result, error) {
	start := r.Now()
	cmd := exec.CommandContext(ctx, t.Argv[0], t.Argv[1:]...)
	cmd.Dir = t.Dir
	env, err := environment(r)
	if err != nil {
		return sweep.Result{}, err
	}
	cmd.Env = append(os.Environ(), env...)
	for _, name := range slices.Sorted(keys(t.Env)) {
		cmd.Env = append(cmd.Env, name+"="+t.Env[name])
	}
	if len(t.patterns) > 0 { // what it prints is counted from the start again
		if err := r.Dir.Truncate(0); err != nil {
			return sweep.Result{}, err
		}
	}
	scan := &scanner{patterns: t.patterns, log: r.Log, report: r.Report}
	cmd.Stdout = scan
	cmd.Stderr = &tee{log: r.Log, scan: scan}
	cmd.WaitDelay = time.Second // a grandchild may hold the pipe
	process.Follow(cmd)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	memory := process.System()
	kills := memory.OutOfMemoryKills()
	if err := cmd.Start(); err != nil {
		return sweep.Result{}, t.startError(err)
	}
	stopped, err := t.wait(ctx, cmd, r)
	scan.end()
	result := sweep.Result{Outcome: sweep.Succeeded, Seconds: r.Now().Sub(start).Seconds()}
	var exit *exec.ExitError
	switch {
	case scan.err != nil:
		return result, scan.err
	case stopped:
		result.Outcome, result.Message = sweep.Cancelled, "interrupted"
	case errors.As(err, &exit):
		result.Outcome, result.ExitCode = sweep.Failed, exit.ExitCode()
		result.Message = fmt.Sprintf("%s ended with %v", t.Argv[0], exit)
		if scan.last != nil {
			result.Message += "; its last words:\n" + strings.Join(scan.last, "\n")
		}
		switch {
		case (exit.ExitCode() < 0 || exit.ExitCode() == killedBelow) && memory.OutOfMemoryKills() > kills:
			result.Outcome = sweep.OutOfMemory
			result.Message = "the kernel killed it for want of memory: " + result.Message
		case slices.ContainsFunc(scan.last, process.OutOfMemory):
			result.Outcome = sweep.OutOfMemory
		case process.Killed(exit.ProcessState): // by somebody else: it did nothing wrong
			result.Outcome, result.ExitCode = sweep.Lost, 0
		}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return result, fmt.Errorf("run %s: %w", t.Argv[0], err)
	}
	if result.Outcome == sweep.Succeeded {
		if reports, err := r.Dir.Reports(); err == nil && len(reports) == 0 {
			return sweep.Result{Outcome: sweep.Failed, Message: "it reported no metric: print one that a metric block's pattern finds, or append lines such as {\"step\": 1, \"val_loss\": 0.3} to $SWEEP_TRIAL_DIR/metrics.jsonl"}, nil
		}
	}
	return result, nil
}

// startError says why the program could not be started.
func (t *trainer) startError(err error) error {
	what := t.Argv[0]
	switch {
	case t.Dir != "" && !isDir(t.Dir):
		return fmt.Errorf("start %s: there is no directory %s to start it in: correct dir in the command block", what, t.Dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("start %s: the file may not be executed: chmod +x it, or name its interpreter first in argv, as in [\"python3\", \"train.py\"]: %w", what, err)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("start %s: there is no such program in PATH: install it, or write its path: %w", what, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("start %s: there is no such file, or not the interpreter that its first line names: correct argv: %w", what, err)
	default:
		return fmt.Errorf("start %s: %w", what, err)
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// wait waits for the program, and asks it to end when the trial is asked to.
func (t *trainer) wait(ctx context.Context, cmd *exec.Cmd, r *model.Run) (stopped bool, err error) {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	var kill <-chan time.Time
	for {
		select {
		case err := <-done: // a program may look for the request itself, and be quicker
			return stopped || r.Stopping() || r.Dir.StopRequested(), err
		case <-kill:
			_ = cmd.Process.Kill() // it may have ended this moment
		case <-ticks.C:
			if !stopped && (r.Stopping() || ctx.Err() != nil) {
				stopped, kill = true, time.After(grace)
				if group := process.Own(); group != 0 {
					_ = process.Terminate(group) // this process minds SIGTERM too, as a request to stop
				}
			}
		}
	}
}

// environment is what a program is told of its trial.
func environment(r *model.Run) ([]string, error) {
	params, err := json.Marshal(r.Trial.Params)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	dir, err := filepath.Abs(string(r.Dir))
	if err != nil {
		return nil, fmt.Errorf("find trial directory: %w", err)
	}
	env := []string{
		trialdir.Variable + "=" + dir, "SWEEP_PARAMS=" + string(params), "SWEEP_SEED=" + strconv.FormatUint(r.Trial.Seed, 10),
		"SWEEP_CHECKPOINT_DIR=" + filepath.Join(dir, "checkpoint"),
	}
	for name, value := range r.Trial.Params {
		env = append(env, "SWEEP_PARAM_"+variable(name)+"="+text(value))
	}
	slices.Sort(env)
	return env, nil
}

// text is a value as a program reads it: numbers in full.
func text(v sweep.Value) string {
	if s, ok := v.AsString(); ok {
		return s
	}
	if v.Kind() == sweep.FloatKind {
		f, _ := v.AsFloat()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return v.String()
}

// variable is a parameter's name as environment variables have it.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToUpper(r)
		}
		return '_'
	}, name)
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// tee passes standard error through the same scanner as standard output, line
// by line of its own.
type tee struct {
	log  io.Writer
	scan *scanner
	rest []byte
}
