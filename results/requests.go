package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Requests to a run are files in its directory: any process leaves them there, and
// the one that works on the run carries them out, in the order of their names, and
// removes them.
func (db *DB) requests(run string) string { return filepath.Join(db.dir, "runs", run, "requests") }

// Request asks the process that works on a run for something. The path is gone
// when it is done.
func (db *DB) Request(run string, c sweep.Command, at time.Time) (path string, err error) {
	dir := db.requests(run)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make directory of requests: %w", err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode request: %w", err)
	}
	path = filepath.Join(dir, fmt.Sprintf("%020d-%d.json", at.UnixNano(), os.Getpid()))
	if err := trialdir.WriteFile(path, text); err != nil {
		return "", fmt.Errorf("leave request: %w", err)
	}
	return path, nil
}

// Requested are the requests to a run, the oldest first; done removes one, once it
// is carried out.
func (db *DB) Requested(run string) (commands []sweep.Command, done func(i int) error, err error) {
	entries, err := os.ReadDir(db.requests(run)) // by name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("look for requests: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasSuffix(e.Name(), ".json") })
	var paths []string
	for _, e := range entries {
		path := filepath.Join(db.requests(run), e.Name())
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever left it took it back
		}
		var c sweep.Command
		if err == nil {
			err = json.Unmarshal(text, &c)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read request: %w", errors.Join(err, os.Remove(path)))
		}
		commands, paths = append(commands, c), append(paths, path)
	}
	return commands, func(i int) error {
		if err := os.Remove(paths[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove request: %w", err)
		}
		return nil
	}, nil
}
