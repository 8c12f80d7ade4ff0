package trialdir

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// LogWriter writes log.txt and keeps it below a size: of more, the first half and
// at least the last quarter are kept, in whole lines, and a line between them says
// how much is left out.
type LogWriter struct {
	limit int64 // bytes; 0: any

	mu   sync.Mutex
	file *os.File
	size int64 // of the file
	head int64 // where what is left out begins; 0: nothing is
	lost int64 // bytes left out
}

// OpenLog goes on with log.txt; limit is in bytes, 0 for any size.
func (d Dir) OpenLog(limit int64) (*LogWriter, error) {
	f, err := os.OpenFile(d.Log(), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open trial's log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open trial's log: %w", err)
	}
	return &LogWriter{limit: limit, file: f, size: info.Size()}, nil
}

// Write appends to the log.
func (w *LogWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.file.Write(p)
	w.size += int64(n)
	if err == nil && w.limit > 0 && w.size > w.limit {
		err = w.cut()
	}
	return n, err
}

// Close closes the file.
func (w *LogWriter) Close() error { return w.file.Close() }

// cut leaves out what is between the first half and the last quarter of the limit.
func (w *LogWriter) cut() error {
	if w.head == 0 {
		w.head = w.limit / 2
		if line, err := w.lineAt(w.head); err == nil {
			w.head = line
		}
	}
	from := max(w.size-w.limit/4, w.head)
	tail := make([]byte, w.size-from)
	if _, err := w.file.ReadAt(tail, from); err != nil {
		return fmt.Errorf("shorten log: %w", err)
	}
	if i := bytes.IndexByte(tail, '\n'); i >= 0 && i+1 < len(tail) {
		tail = tail[i+1:]
	}
	w.lost += w.size - w.head - int64(len(tail))
	kept := fmt.Appendf(nil, "[sweep: %d bytes are left out here: log_limit]\n", w.lost)
	w.lost -= int64(len(kept)) // which the next cut leaves out
	kept = append(kept, tail...)
	if err := w.file.Truncate(w.head); err != nil {
		return fmt.Errorf("shorten log: %w", err)
	}
	n, err := w.file.Write(kept)
	w.size = w.head + int64(n)
	if err != nil {
		return fmt.Errorf("shorten log: %w", err)
	}
	return nil
}

// lineAt is the end of the last whole line before an offset, within a page.
func (w *LogWriter) lineAt(at int64) (int64, error) {
	page := make([]byte, min(at, 4096))
	if _, err := w.file.ReadAt(page, at-int64(len(page))); err != nil {
		return 0, err
	}
	i := bytes.LastIndexByte(page, '\n')
	if i < 0 {
		return 0, io.EOF
	}
	return at - int64(len(page)) + int64(i) + 1, nil
}
