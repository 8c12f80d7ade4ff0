package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// command runs one of Slurm's programs and answers what it printed. What it read from
// standard input is no part of its arguments. The error is a *commandError where it
// ran.
type command func(ctx context.Context, stdin, name string, args ...string) (string, error)

// patience is how long a program of Slurm's may take: they wait for a controller that
// is busy, some for minutes.
const patience = 30 * time.Second

// commandError is a program of Slurm's that did not do its work.
type commandError struct {
	name  string
	words string // its own
	err   error
}

func (e *commandError) Error() string {
	if e.words == "" {
		return fmt.Sprintf("%s: %v", e.name, e.err)
	}
	return fmt.Sprintf("%s: %s", e.name, e.words)
}

func (e *commandError) Unwrap() error { return e.err }

// execute is the command of a real cluster.
func execute(ctx context.Context, stdin, name string, args ...string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = environment()
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	words := complaint{enough: cancel}
	cmd.Stdout, cmd.Stderr = &out, &words
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("run %s: there is no such program here: this runner needs the commands of Slurm: %w", name, err)
	case limited.Err() != nil && ctx.Err() == nil:
		err = fmt.Errorf("it did not answer in time: %w", context.DeadlineExceeded)
	}
	return out.String(), &commandError{name: name, words: tidy(words.String(), name), err: err}
}

// complaint is what a program says of its difficulties. One that is about to sleep on
// them has said enough: this runner has other jobs to look after meanwhile.
type complaint struct {
	bytes.Buffer
	enough func()
}

func (c *complaint) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if bytes.Contains(c.Bytes(), []byte("sleeping and retrying")) {
		c.enough()
	}
	return n, err
}

// tidy is what a program of Slurm's said, on one line, without its own name before
// every part.
func tidy(words, name string) string {
	var lines []string
	for line := range strings.Lines(words) {
		line = strings.TrimPrefix(strings.TrimSpace(line), name+": ")
		if line = strings.TrimPrefix(line, "error: "); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// environment is this process's, without what Slurm says of the job it may itself be:
// its programs would take that for wishes about the jobs they submit.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "SLURM_") && name != "SLURM_CONF" || strings.HasPrefix(name, "SLURMD_")
	})
}

// busy reports whether Slurm could not answer now, and may later.
func busy(err error) bool {
	e, ok := errors.AsType[*commandError](err)
	if !ok {
		return false
	}
	if errors.Is(e, context.DeadlineExceeded) {
		return true
	}
	return anyOf(e.words, "temporarily unable", "try again", "Unable to contact", "Connection refused", "Connection timed out", "Connection reset",
		"Socket timed out", "communication", "Zero Bytes", "Transport endpoint", "queue full", "Resource temporarily", "slurm_load_jobs error", "not responding", "backup controller")
}

// full reports whether a submission was refused since there are too many jobs.
func full(err error) bool {
	e, ok := errors.AsType[*commandError](err)
	return ok && anyOf(e.words, "MaxSubmit", "SubmitJobs", "job submit limit", "MaxJobs", "JobsLimit")
}

func anyOf(text string, parts ...string) bool {
	text = strings.ToLower(text)
	for _, p := range parts {
		if strings.Contains(text, strings.ToLower(p)) {
			return true
		}
	}
	return false
}
