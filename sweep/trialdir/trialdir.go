// Package trialdir is the one contract between a runner and whatever trains a
// trial: a directory that both can reach, on this machine, a shared file system
// or a blob prefix. It knows the files' names and formats and nothing else.
//
//	trial.json     runner -> trial  what to do (Spec); written before the trial starts
//	metrics.jsonl  trial -> runner  one sweep.Report a line, appended and flushed
//	stop           runner -> trial  its presence asks the trial to write a checkpoint and end
//	checkpoint/    trial            what it needs to go on from where it was
//	model/         trial            the trained weights and model.json
//	log.txt        trial            everything it printed
//	outcome.json   trial -> runner  how it ended (sweep.Result), written last
//
// Files are written to a temporary name, synced and renamed; the directory is
// synced after.
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
	Feasible   string            `json:"feasible,omitempty"` // the constraint's text
	CacheDir   string            `json:"cache_dir"`          // prepared data sets
}

// Model is the directory of the trained model.
func (d Dir) Model() string { return filepath.Join(string(d), "model") }

// Checkpoint is the directory of the checkpoint.
func (d Dir) Checkpoint() string { return filepath.Join(string(d), "checkpoint") }

// Log is the path of the trial's log.
func (d Dir) Log() string { return filepath.Join(string(d), "log.txt") }
