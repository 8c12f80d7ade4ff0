// Package trialdir is the one contract between a runner and whatever trains a
// trial: a directory that both can reach, on this machine, a shared file system
// or a blob prefix. It knows the files' names and formats and nothing else.
//
//	trial.json     runner -> trial  what to do (Spec); written before the trial starts
//	metrics.jsonl  trial -> runner  one sweep.Report a line, appended and flushed
//	stop           runner -> trial  its presence asks the trial to write a checkpoint and end
//	checkpoint/    trial            what it needs to go on from where it was
//	model/         trial            the trained weights and model.json
//	log.txt        trial            everything it printed; of very much, the beginning and the end
//	lock           trial            locked by the trial's process for as long as it lives
//	processes      trial            the processes that it consists of (process.ID), a line each;
//	                                gone when it has ended and left none
//	outcome.json   trial -> runner  how it ended (sweep.Result), written last
//
// Where an engine launches the trial on another machine, there is neither lock nor
// processes, but
//
//	job.json       runner           which job of the engine it is (Job)
//	claim.json     trial            whose the trial is (Claim): who sees that it is another's ends
//
// and of a trial that was asked to end and left no word the runner writes outcome.json.
//
// Files are written to a temporary name, synced and renamed. Where more depends on
// them than on the store's record, as on weights, the directory is synced after.
package trialdir

import (
	"path/filepath"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Dir is the path of a trial directory.
type Dir string

// Spec is the content of trial.json.
type Spec struct {
	Version    int               `json:"version"` // of this format: 1
	Trial      sweep.Trial       `json:"trial"`
	Objectives []sweep.Objective `json:"objectives"`
	Feasible   string            `json:"feasible,omitempty"`  // the constraint's text
	CacheDir   string            `json:"cache_dir"`           // prepared data sets
	LogLimit   int64             `json:"log_limit,omitempty"` // bytes of log.txt; 0: any
	Launch     int               `json:"launch,omitempty"`    // counts launches by an engine, from 1; 0: a child process
}

// Model is the directory of the trained model.
func (d Dir) Model() string { return filepath.Join(string(d), "model") }

// Checkpoint is the directory of the checkpoint.
func (d Dir) Checkpoint() string { return filepath.Join(string(d), "checkpoint") }

// Log is the path of the trial's log.
func (d Dir) Log() string { return filepath.Join(string(d), "log.txt") }

// Lock is the path of the file that the trial's process locks.
func (d Dir) Lock() string { return filepath.Join(string(d), "lock") }

// Variable is the environment variable that tells a trial's processes their
// directory's full path. By it those are found that nobody has recorded.
const Variable = "SWEEP_TRIAL_DIR"
