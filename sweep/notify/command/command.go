// Package command tells of runs by starting a program.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
)

// Config is the notify "command" block.
type Config struct {
	_       struct{}      `doc:"Runs a program, without a shell, with what docs/notify.md describes as JSON on its standard input, and the environment of sweep with SWEEP_NAME, SWEEP_RUN, SWEEP_FILE, SWEEP_OCCASIONS, SWEEP_REASON, SWEEP_BEST_TRIAL, SWEEP_BEST_VALUE and SWEEP_REPORT. It is not tried again."`
	Argv    []string      `hcl:"argv" doc:"The program and its arguments." required:"true"`
	Timeout time.Duration `hcl:"timeout" doc:"How long it may take; it is killed then, with all that it has started." default:"1m"`
}

type way struct{ Config }

// New runs a program.
func New(_ sweep.Spec, c Config) (sweep.Notifier, error) {
	switch {
	case len(c.Argv) == 0 || c.Argv[0] == "":
		return nil, errors.New("argv is empty: give a program and its arguments, as argv = [\"./tell.sh\"]")
	case c.Timeout <= 0:
		return nil, errors.New("timeout must be above 0")
	}
	return way{c}, nil
}

func (w way) Notify(ctx context.Context, n sweep.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.Argv[0], w.Argv[1:]...)
	process.Lead(cmd)
	cmd.Cancel = func() error { return process.Kill(cmd.Process.Pid) }
	cmd.WaitDelay = time.Second // what it has left behind may hold its output open
	cmd.Stdin = bytes.NewReader(body)
	cmd.Env = append(os.Environ(), environment(n)...)
	output := &tail{}
	cmd.Stdout, cmd.Stderr = output, output
	err = cmd.Run()
	switch last := output.line(); {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("run %s: it took longer than %v", w.Argv[0], w.Timeout)
	case last != "":
		return fmt.Errorf("run %s: %w: %s", w.Argv[0], err, last)
	default:
		return fmt.Errorf("run %s: %w", w.Argv[0], err)
	}
}

// environment is the notice for programs that do not read JSON.
func environment(n sweep.Notice) []string {
	occasions := make([]string, len(n.Occasions))
	for i, o := range n.Occasions {
		occasions[i] = string(o)
	}
	vars := []string{
		"SWEEP_NAME=" + n.Sweep, "SWEEP_RUN=" + n.Run, "SWEEP_FILE=" + n.File, "SWEEP_REASON=" + n.Reason,
		"SWEEP_OCCASIONS=" + strings.Join(occasions, " "), "SWEEP_REPORT=" + n.Report,
	}
	if n.Best != nil {
		vars = append(vars, "SWEEP_BEST_TRIAL="+n.Best.Trial, "SWEEP_BEST_VALUE="+strconv.FormatFloat(n.Best.Value, 'g', -1, 64))
	}
	for i, v := range vars {
		vars[i] = strings.ReplaceAll(v, "\x00", "") // with it nothing would be started
	}
	return vars
}

// tail keeps the end of what a program prints.
type tail struct{ text []byte }

const kept = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - kept; over > 0 {
		t.text = t.text[over:]
	}
	return len(p), nil
}

// line is the last one that is not empty.
func (t *tail) line() string {
	text := strings.ToValidUTF8(strings.TrimSpace(string(t.text)), "?")
	return text[strings.LastIndex(text, "\n")+1:]
}
