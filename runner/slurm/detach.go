package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/inflame-deeplearning/sweep/runner"
)

// Detach has this program run as a job of its own, with other arguments: a small one,
// of a core, that Slurm starts again where it is cut short. What it prints goes to log.
func (r *slurm) Detach(ctx context.Context, args []string, log string) (id string, err error) {
	program, err := r.queue.binary()
	if err != nil {
		return "", err
	}
	words := []string{"exec", quoted(program)}
	for _, a := range args {
		words = append(words, quoted(a))
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find working directory: %w", err)
	}
	options := []string{
		"--parsable", "--requeue", "--open-mode=append", "--nodes=1", "--ntasks=1", "--cpus-per-task=1",
		"--job-name=sweep-run", "--output=" + log, "--chdir=" + dir,
	}
	for name, value := range map[string]string{"--partition=": r.Partition, "--account=": r.Account, "--qos=": r.QOS} {
		if value != "" {
			options = append(options, name+value)
		}
	}
	out, err := r.queue.run(ctx, "#!/bin/bash\n"+strings.Join(words, " ")+"\n", "sbatch", options...)
	if e, ok := errors.AsType[*commandError](err); ok && !busy(err) {
		return "", &runner.RefusedError{By: e.name, Words: e.words}
	}
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";")
	return id, err
}
