package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// arrayMost is how many tasks an array of jobs has at most; Slurm's own default is a
// thousand.
const arrayMost = 500

// short is a text as a name.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:5])
}

// list is the file with the launches of a batch.
func (q *queue) list(batch string) string {
	return filepath.Join(q.root, "batches", batch, "tasks.json")
}

func (q *queue) submittable() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pending) > 0
}

// submit submits jobs that wait for it, as one array, and answers when to come again
// for more; 0: there are none.
func (q *queue) submit(ctx context.Context) time.Duration {
	if q.doubtful() { // what has come through is not submitted twice
		if wait := q.look(ctx); q.doubtful() {
			return wait
		}
	}
	q.mu.Lock()
	var batch []*job
	for _, j := range q.pending {
		if len(batch) < q.most && j.alone == q.pending[0].alone && j.name == q.pending[0].name {
			batch = append(batch, j)
		}
	}
	q.mu.Unlock()
	if len(batch) == 0 {
		return 0
	}
	id, label, err := q.sbatch(ctx, batch)
	q.mu.Lock()
	defer q.mu.Unlock()
	wait := time.Millisecond
	switch {
	case err == nil:
		q.accept(batch, id, label)
		q.most = min(2*q.most, arrayMost)
	case ctx.Err() != nil:
		return 0
	case busy(err):
		q.doubt, q.most = true, max(len(batch)/2, 1)
		q.failures++
		wait = min(q.Poll<<min(q.failures, 10), slowest)
	case full(err) && (len(batch) > 1 || q.occupied()):
		if q.most = max(len(batch)/2, 1); len(batch) == 1 {
			wait = max(q.Poll, 5*time.Second)
		}
	default:
		if e, ok := errors.AsType[*commandError](err); ok {
			err = &runner.RefusedError{By: e.name, Words: e.words}
		}
		for _, j := range q.pending { // they would fare no better
			j.refuse(err)
		}
		q.pending = nil
	}
	if len(q.pending) == 0 {
		return 0
	}
	return wait
}

func (q *queue) doubtful() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.doubt
}

// occupied reports whether this runner has jobs in the queue. It needs the lock.
func (q *queue) occupied() bool {
	for _, j := range q.jobs {
		if j.phase != ended && j.entry.id != "" {
			return true
		}
	}
	return false
}

// accept records that a batch is in Slurm's queue. It needs the lock.
func (q *queue) accept(batch []*job, id, label string) {
	gone := map[*job]bool{}
	tasks := make([]trialdir.Task, len(batch))
	for i, j := range batch {
		gone[j], tasks[i], j.label = true, j.task, label
		j.set(entry{id: fmt.Sprintf("%s_%d", id, i), state: "PENDING"}, waiting)
		if j.end != "" { // meanwhile
			q.doomed["KILL"] = append(q.doomed["KILL"], j.entry.id)
			q.nudge()
		}
	}
	q.batches[label] = tasks
	rest := q.pending[:0:0]
	for _, j := range q.pending {
		if !gone[j] {
			rest = append(rest, j)
		}
	}
	q.pending = rest
}

// sbatch submits a batch, and answers the array's ID and its label.
func (q *queue) sbatch(ctx context.Context, batch []*job) (id, label string, err error) {
	program, err := q.binary()
	if err != nil {
		return "", "", err
	}
	tasks := make([]trialdir.Task, len(batch))
	for i, j := range batch {
		tasks[i] = j.task
	}
	name, err := q.write(tasks)
	if err != nil {
		return "", "", err
	}
	label = q.label(name)
	list := q.list(name)
	out, err := q.run(ctx, script(q.Config, program, list), "sbatch", q.arguments(batch, list, label)...)
	if err != nil {
		return "", "", err
	}
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";") // 12;cluster
	if _, err := strconv.Atoi(id); err != nil {
		return "", "", fmt.Errorf("submit jobs: sbatch answered %q where the number of a job was expected", out)
	}
	return id, label, nil
}

// write makes the directory of a batch: the list that its tasks find their trials
// in, and, for what they print, links to the trials' logs.
func (q *queue) write(tasks []trialdir.Task) (name string, err error) {
	text, err := json.Marshal(tasks)
	if err != nil {
		return "", fmt.Errorf("encode list of trials: %w", err)
	}
	name = short(string(text))
	dir := filepath.Dir(q.list(name))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make directory of a batch: %w", err)
	}
	for i, t := range tasks {
		err := os.Symlink(trialdir.Dir(t.Dir).Log(), filepath.Join(dir, fmt.Sprintf("%d.out", i)))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("make directory of a batch: %w", err)
		}
	}
	return name, trialdir.WriteTasks(q.list(name), tasks)
}

// arguments are sbatch's. What the file says goes to it as it is: no shell reads it.
func (q *queue) arguments(batch []*job, list, label string) []string {
	c := q.Config
	first := batch[0]
	about := fmt.Sprintf("%s %s#%d", label, first.task.ID, first.task.Launch)
	if n := len(batch); n > 1 {
		about += fmt.Sprintf(" and %d more", n-1)
	}
	args := []string{
		"--parsable", "--requeue", "--open-mode=append", "--nodes=1", "--ntasks=1",
		"--job-name=" + first.name, "--comment=" + about, fmt.Sprintf("--array=0-%d", len(batch)-1),
		"--output=" + filepath.Join(filepath.Dir(list), "%a.out"), fmt.Sprintf("--signal=B:TERM@%d", int(c.lead().Seconds())),
		fmt.Sprintf("--cpus-per-task=%d", c.CPUs),
	}
	if dir, err := os.Getwd(); err == nil {
		args = append(args, "--chdir="+dir)
	}
	add := func(name, value string) {
		if value != "" {
			args = append(args, name+value)
		}
	}
	add("--partition=", c.Partition)
	add("--gres=", c.Gres)
	add("--account=", c.Account)
	add("--qos=", c.QOS)
	add("--constraint=", c.Constraint)
	if c.Time > 0 {
		add("--time=", slurmTime(c.Time))
	}
	if first.alone { // all that a node has
		args = append(args, "--exclusive", "--mem=0")
	} else {
		add("--mem=", c.Memory)
	}
	return append(args, c.Extra...)
}

// lead is how long before its time is over a job is told.
func (c Config) lead() time.Duration {
	if c.Time > 0 && c.Time < 10*time.Minute {
		return max(c.Time/10, time.Second)
	}
	return time.Minute
}

// slurmTime is a duration as Slurm has it: days-hours:minutes:seconds.
func slurmTime(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	return fmt.Sprintf("%d-%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
}

// preamble is how the scripts of jobs begin: with what the file says of setup, which
// is for a shell. The rest is fixed text.
func preamble(c Config) string {
	lines := append([]string{"#!/bin/bash", "set -e"}, runner.Threads(c.CPUs)...)
	for i := 2; i < len(lines); i++ {
		lines[i] = "export " + lines[i]
	}
	if c.Setup != "" {
		lines = append(lines, c.Setup)
	}
	return strings.Join(lines, "\n") + "\n"
}

// script is what the jobs of a batch run.
func script(c Config, program, list string) string {
	const who = ` --index "$SLURM_ARRAY_TASK_ID" --job "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" --start "${SLURM_RESTART_COUNT:-0}" --node "$SLURMD_NODENAME"`
	return preamble(c) + "exec " + quoted(program) + " trial --tasks " + quoted(list) + who + "\n"
}

// quoted is a text as one word of a shell's.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
