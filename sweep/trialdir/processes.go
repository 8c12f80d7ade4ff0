package trialdir

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/inflame-deeplearning/sweep/sweep/process"
)

// SetProcesses records the processes that the trial consists of, in place of those
// recorded before. It need not outlast a power cut: they do not either.
func (d Dir) SetProcesses(ids []process.ID) error {
	var lines []byte
	for _, id := range ids {
		line, err := json.Marshal(id)
		if err != nil {
			return fmt.Errorf("encode process: %w", err)
		}
		lines = append(append(lines, line...), '\n')
	}
	part := d.path("processes.part")
	if err := os.WriteFile(part, lines, 0o600); err != nil {
		return fmt.Errorf("record processes: %w", err)
	}
	if err := os.Rename(part, d.path("processes")); err != nil {
		return fmt.Errorf("record processes: %w", err)
	}
	return nil
}

// Processes are those recorded; none where the trial has ended and left none. What
// a power cut has made of a line is not among them.
func (d Dir) Processes() ([]process.ID, error) {
	f, err := os.Open(d.path("processes"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read processes: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	var out []process.ID
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var id process.ID
		if json.Unmarshal(lines.Bytes(), &id) == nil && id.PID > 0 {
			out = append(out, id)
		}
	}
	return out, lines.Err()
}

// ClearProcesses says that none of those recorded is left.
func (d Dir) ClearProcesses() error {
	if err := os.Remove(d.path("processes")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear processes: %w", err)
	}
	return nil
}
