package trialdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Task is one launch of a trial by an engine, such as Slurm, that starts many at
// once: each of its processes finds its own in a list, by its index.
type Task struct {
	Dir    string `json:"dir"`
	ID     string `json:"id"`     // the trial's identity
	Launch int    `json:"launch"` // as in trial.json
}

// WriteTasks writes a list of launches.
func WriteTasks(path string, tasks []Task) error {
	text, err := json.Marshal(tasks)
	if err != nil {
		return fmt.Errorf("encode list of trials: %w", err)
	}
	return WriteFile(path, append(text, '\n'))
}

// ReadTasks reads a list of launches.
func ReadTasks(path string) (tasks []Task, err error) {
	err = Dir(filepath.Dir(path)).readJSON(filepath.Base(path), &tasks)
	return tasks, err
}

// Job is what a runner knows of a launch that it has handed to an engine.
type Job struct {
	Launch    int       `json:"launch"`
	Engine    string    `json:"engine"`
	ID        string    `json:"id"` // the engine's own
	Submitted time.Time `json:"submitted"`
}

// SetJob records which job the trial is.
func (d Dir) SetJob(j Job) error { return d.writeJSON("job.json", j) }

// Job is the last one recorded; ok is false where there is none.
func (d Dir) Job() (j Job, ok bool, err error) {
	err = d.optional("job.json", &j, &ok)
	return j, ok, err
}

// Claim is what the process of a job leaves when it begins. The last one to do so
// is the trial's: on a file system that machines share, locks do not hold, and an
// engine may start a trial again whose machine was only cut off.
type Claim struct {
	Launch int       `json:"launch"`
	Job    string    `json:"job"`
	Start  int       `json:"start"` // how often the engine had started it before
	Node   string    `json:"node"`
	Began  time.Time `json:"began"`
}

// SetClaim makes the trial that of a process.
func (d Dir) SetClaim(c Claim) error { return d.writeJSON("claim.json", c) }

// Claimed is whose the trial is; ok is false where nobody has claimed it.
func (d Dir) Claimed() (c Claim, ok bool, err error) {
	err = d.optional("claim.json", &c, &ok)
	return c, ok, err
}

// optional reads a file that need not be there.
func (d Dir) optional(name string, into any, ok *bool) error {
	err := d.readJSON(name, into)
	*ok = err == nil
	if absent(err) {
		return nil
	}
	return err
}

// absent reports whether a file is not there, or, on a file system that machines
// share, was replaced while it was looked at.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESTALE) }

// Refresh has what others have written seen now. NFS answers from a cache, for up to
// a minute, but asks the server when a file or a directory is opened.
func (d Dir) Refresh() {
	for _, name := range []string{"", "metrics.jsonl"} {
		if f, err := os.Open(d.path(name)); err == nil { // else there is nothing to see
			_ = f.Close() // nothing was written
		}
	}
}
