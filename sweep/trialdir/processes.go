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

// AddProcesses records processes that the trial consists of, beside those recorded
// before, which may have ended. It need not outlast a power cut: they do not either.
func (d Dir) AddProcesses(ids ...process.ID) error {
	var lines []byte
	for _, id := range ids {
		line, err := json.Marshal(id)
		if err != nil {
			return fmt.Errorf("encode process: %w", err)
		}
		lines = append(append(lines, line...), '\n')
	}
	f, err := os.OpenFile(d.path("processes"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("record processes: %w", err)
	}
	_, err = f.Write(lines)
	if err := errors.Join(err, f.Close()); err != nil {
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
