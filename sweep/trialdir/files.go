package trialdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const version = 1

// Create makes the directory, with its parent's checkpoint where the trial goes on
// from another and has none of its own yet, and writes trial.json, and takes back
// an earlier request to stop.
func (d Dir) Create(s Spec) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("make trial directory: %w", err)
	}
	if err := os.Remove(d.path("stop")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear stop request: %w", err)
	}
	if p := s.Trial.Parent; p != nil {
		if err := d.inherit(Dir(p.Dir)); err != nil {
			return err
		}
	}
	s.Version = version
	return d.writeJSON("trial.json", s)
}

// inherit copies another trial's checkpoint, whole or not at all. One that left
// none has nothing to give.
func (d Dir) inherit(from Dir) error {
	if _, err := os.Stat(d.Checkpoint()); err == nil {
		return nil
	}
	if _, err := os.Stat(from.Checkpoint()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	part := d.Checkpoint() + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("clear a copy that was cut off: %w", err)
	}
	if err := os.CopyFS(part, os.DirFS(from.Checkpoint())); err != nil {
		return fmt.Errorf("copy the checkpoint of trial directory %s: %w", from, err)
	}
	if err := os.Chmod(part, 0o700); err != nil {
		return fmt.Errorf("copy checkpoint: %w", err)
	}
	if err := os.Rename(part, d.Checkpoint()); err != nil {
		return fmt.Errorf("copy checkpoint: %w", err)
	}
	return SyncDir(string(d))
}

// Spec reads trial.json.
func (d Dir) Spec() (Spec, error) {
	var s Spec
	if err := d.readJSON("trial.json", &s); err != nil {
		return s, err
	}
	if s.Version != version {
		return s, fmt.Errorf("read %s: its version is %d, this program knows %d", d.path("trial.json"), s.Version, version)
	}
	return s, nil
}

// ending is the content of outcome.json.
type ending struct {
	sweep.Result
	Launch int `json:"launch,omitempty"` // as in trial.json
}

// WriteOutcome says how the trial ended. Nothing is written after it. A power cut may
// take it back whole: then the trial is launched again, if its end is not in the store.
func (d Dir) WriteOutcome(r sweep.Result) error { return d.WriteOutcomeOf(0, r) }

// WriteOutcomeOf says how a launch of the trial ended.
func (d Dir) WriteOutcomeOf(launch int, r sweep.Result) error {
	return d.writeJSON("outcome.json", ending{r, launch})
}

// AssumeOutcomeOf says how a launch of the trial ended that has not said so itself. A
// word of its own stays, also one that is not to be seen here yet: the file server has it.
func (d Dir) AssumeOutcomeOf(launch int, r sweep.Result) error {
	return d.putJSON("outcome.json", ending{r, launch}, adder(os.Link))
}

// Outcome is how the trial ended, by whichever launch; ok is false where it has not.
func (d Dir) Outcome() (r sweep.Result, ok bool, err error) {
	var e ending
	err = d.optional("outcome.json", &e, &ok)
	return e.Result, ok, err
}

// OutcomeOf is how a launch of the trial ended; ok is false where it has not.
func (d Dir) OutcomeOf(launch int) (r sweep.Result, ok bool, err error) {
	var e ending
	err = d.optional("outcome.json", &e, &ok)
	return e.Result, ok && e.Launch == launch, err
}

// ClearOutcome makes way for another attempt at a trial that did not succeed.
func (d Dir) ClearOutcome() error {
	if err := os.Remove(d.path("outcome.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear outcome: %w", err)
	}
	return nil
}

// RequestStop asks the trial to write a checkpoint and end.
func (d Dir) RequestStop() error {
	if err := os.WriteFile(d.path("stop"), nil, 0o600); err != nil {
		return fmt.Errorf("request stop: %w", err)
	}
	return nil
}

// StopRequested reports whether the trial is asked to end.
func (d Dir) StopRequested() bool {
	_, err := os.Stat(d.path("stop"))
	return err == nil
}

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }

func (d Dir) readJSON(name string, into any) error {
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		return fmt.Errorf("read trial directory: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", d.path(name), err)
	}
	return nil
}

func (d Dir) writeJSON(name string, v any) error { return d.putJSON(name, v, os.Rename) }

func (d Dir) putJSON(name string, v any, put func(part, path string) error) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return write(d.path(name), append(text, '\n'), put)
}

// WriteFile writes a file that is there whole, also after a power cut.
func WriteFile(path string, content []byte) error {
	if err := write(path, content, os.Rename); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// write writes a file that is there whole or, after a power cut, as it was before: a
// part, which put gives its name.
func write(path string, content []byte, put func(part, path string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), partial+"*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	if err := put(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// adder gives a file a name that no other has; where one has it, that stays.
func adder(link func(part, path string) error) func(part, path string) error {
	return func(part, path string) error {
		err := link(part, path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return os.Remove(part)
		}
		if _, err = os.Lstat(path); errors.Is(err, fs.ErrNotExist) { // no second names here: what is seen has to do
			return os.Rename(part, path)
		}
		return errors.Join(err, os.Remove(part))
	}
}

// Writable is the reason why nothing of any size can be written in the directory;
// nil: it can.
func (d Dir) Writable() error {
	const size = 1 << 20 // a disk with less room is full
	name := d.path(partial + "writable")
	err := os.WriteFile(name, make([]byte, size), 0o600)
	if rerr := os.Remove(name); err == nil {
		err = rerr
	}
	return err
}

// partial is how the names of files begin that are not whole yet.
const partial = ".tmp-"

// Tidy removes what a process that was killed left half-written. Whoever works in
// the directory calls it first.
func (d Dir) Tidy() error {
	for _, dir := range []string{string(d), d.Checkpoint(), d.Model()} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for half-written files: %w", err)
		}
		for _, f := range files {
			if !strings.HasPrefix(f.Name(), partial) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return fmt.Errorf("remove half-written file: %w", err)
			}
		}
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" { // which has no such thing, and needs none
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", path, err)
	}
	return nil
}
