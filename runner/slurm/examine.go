package slurm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
)

// trialRun is how long a job that only says that it runs may take, with its time in
// the queue.
const trialRun = time.Minute

// Examine looks at the commands, the controller, the partition and the shared
// directory, and has a job say from a node that it sees them.
func (r *slurm) Examine(ctx context.Context) []runner.Finding {
	var out []runner.Finding
	good := true
	look := func(what string, at func() (string, error)) {
		found, err := at()
		f := runner.Finding{What: what, Found: found}
		if err != nil {
			f.Problem, good = err.Error(), false
		}
		out = append(out, f)
	}
	look("commands", func() (string, error) { return r.version(ctx) })
	if !good {
		return out
	}
	look("controller", func() (string, error) { return r.said(ctx, "scontrol", "ping") })
	look("accounting", func() (string, error) { return r.accounting(ctx), nil })
	look("partition", func() (string, error) { return r.partition(ctx) })
	look("directory", func() (string, error) { return r.root, r.writable() })
	if good {
		look("a job on a node", func() (string, error) { return r.sample(ctx) })
	}
	return out
}

// said is what a command printed, on one line.
func (r *slurm) said(ctx context.Context, name string, args ...string) (string, error) {
	out, err := r.queue.run(ctx, "", name, args...)
	return strings.Join(strings.Fields(out), " "), err
}

// version is that of the commands, all of which have to be there.
func (r *slurm) version(ctx context.Context) (version string, err error) {
	for _, name := range []string{"sbatch", "squeue", "scancel", "sinfo", "scontrol"} {
		var missing error
		version, missing = r.said(ctx, name, "--version")
		err = errors.Join(err, missing)
	}
	return version, err
}

// accounting says whether there is any; without, a job that was forgotten by the
// controller is told by what it left in its directory alone.
func (r *slurm) accounting(ctx context.Context) string {
	if _, err := r.said(ctx, "sacct", "--noheader", "--allocations", "--starttime=now"); err != nil {
		return "none, which is well: " + err.Error()
	}
	return "there is"
}

// partition says what there is of the partition, or what is lacking.
func (r *slurm) partition(ctx context.Context) (string, error) {
	out, err := r.queue.run(ctx, "", "sinfo", "--noheader", "--format=%R|%a|%D|%G|%l")
	if err != nil {
		return "", err
	}
	wanted := strings.FieldsFunc(r.Partition, func(c rune) bool { return c == ',' })
	var names, found []string
	gres := r.Gres == ""
	for line := range strings.Lines(out) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			continue
		}
		names = append(names, cells[0])
		if len(wanted) > 0 && !slices.Contains(wanted, cells[0]) {
			continue
		}
		found = append(found, fmt.Sprintf("%s is %s, %s nodes with %s, up to %s", cells[0], cells[1], cells[2], cells[3], cells[4]))
		kind, _, _ := strings.Cut(r.Gres, ":")
		gres = gres || strings.Contains(cells[3], kind)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return "", fmt.Errorf("there is no partition %q: there are %s", name, strings.Join(names, ", "))
		}
	}
	text := strings.Join(found, "; ")
	if !gres {
		return text, fmt.Errorf("no node there has %q", r.Gres)
	}
	return text, nil
}

// writable tries to write in the shared directory.
func (r *slurm) writable() error {
	if err := os.MkdirAll(r.root, 0o700); err != nil {
		return fmt.Errorf("make %s: choose a dir that you may write in: %w", r.root, err)
	}
	f, err := os.CreateTemp(r.root, ".doctor-*")
	if err != nil {
		return fmt.Errorf("write in %s: choose a dir that you may write in: %w", r.root, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// sample submits a job as those of trials are, which runs this program and writes
// what it says into the shared directory.
func (r *slurm) sample(ctx context.Context) (found string, err error) {
	ctx, cancel := context.WithTimeout(ctx, trialRun)
	defer cancel()
	program, err := r.queue.binary()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.root, "doctor-")
	if err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	answer := filepath.Join(dir, "answer")
	text := preamble(r.Config) + fmt.Sprintf("%s version > %s.part\necho $SLURMD_NODENAME >> %[2]s.part\nmv %[2]s.part %[2]s\n", quoted(program), quoted(answer))
	batch := []*job{{name: "sweep-doctor"}}
	out, err := r.queue.run(ctx, text, "sbatch", r.queue.arguments(batch, filepath.Join(dir, "tasks.json"), "sweep-doctor")...)
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";")
	ticks := time.NewTicker(250 * time.Millisecond)
	defer ticks.Stop()
	for {
		text, err := os.ReadFile(answer)
		if err == nil {
			words := strings.Fields(string(text))
			return fmt.Sprintf("job %s ran this program on %s, which sees the directory", id, words[len(words)-1]), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read what the job says: %w", err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			ctx := context.WithoutCancel(ctx)
			state, _ := r.said(ctx, "squeue", "--noheader", "--jobs="+id, "--states=all", "--format=%T, %R") // for the message
			_, _ = r.queue.run(ctx, "", "scancel", "--quiet", id)                                            // it may be over
			words, _ := os.ReadFile(filepath.Join(dir, "0.out"))                                             // for the message
			return "", fmt.Errorf("job %s has left no word in %s within %v: it is %s. Is the directory there on every node, and does this program run there? %s", id, r.root, trialRun, state, strings.TrimSpace(string(words)))
		}
	}
}
