package trialdir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Append adds a report to metrics.jsonl.
func (d Dir) Append(r sweep.Report) (err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	f, err := os.OpenFile(d.path("metrics.jsonl"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("append report: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("append report: %w", err)
	}
	return nil
}

// Truncate drops the reports after a step, for a trial that goes on from there.
// The file is another then, by which whoever reads it knows.
func (d Dir) Truncate(step int) error {
	reports, err := d.Reports()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, r := range reports {
		if r.Step > step {
			continue
		}
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode report: %w", err)
		}
		b.Write(append(line, '\n'))
	}
	return WriteFile(d.path("metrics.jsonl"), b.Bytes())
}

// Reports are all complete lines of metrics.jsonl.
func (d Dir) Reports() ([]sweep.Report, error) { return d.Tail().Next() }

// Tail reads metrics.jsonl as it grows. When a trial that is launched again has
// dropped what it does not go on from, it begins from the first report anew.
type Tail struct {
	path string
	file os.FileInfo // what was read so far
	at   int64
	step int // of the last report
}

// Tail starts before the first report.
func (d Dir) Tail() *Tail { return &Tail{path: d.path("metrics.jsonl")} }

// Next is the reports that have come since the last call; a line without its
// end waits for the next.
func (t *Tail) Next() ([]sweep.Report, error) {
	// Most often there is nothing new, and looking is all there is to do.
	if now, err := os.Stat(t.path); err == nil && t.file != nil && now.Size() == t.at && os.SameFile(t.file, now) {
		return nil, nil
	}
	f, err := os.Open(t.path)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	now, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	if t.file != nil && !os.SameFile(t.file, now) {
		t.at, t.step = 0, 0
	}
	t.file = now
	if _, err := f.Seek(t.at, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	var out []sweep.Report
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("read metrics: %w", err)
		}
		t.at += int64(len(line))
		r, ok, err := ParseReport(line)
		if err != nil {
			return out, fmt.Errorf("read %s: line %q: %w", t.path, bytes.TrimSpace(line), err)
		}
		if !ok {
			continue
		}
		if r.Step <= t.step {
			if r.Step != 0 { // again: a program that was started anew
				continue
			}
			r.Step = t.step + 1
		}
		t.step = r.Step
		out = append(out, r)
	}
}

// bare are the numbers that some programs write though JSON has no words for them.
var bare = regexp.MustCompile(`([:,\[]\s*)(NaN|-?Infinity)\b`)

// ParseReport reads a line of metrics.jsonl: a report as this program writes
// it, or a flat object of numbers, among them the step, as any other may. ok is
// false for an empty line; a step of 0 means the one after the last.
func ParseReport(line []byte) (r sweep.Report, ok bool, err error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return r, false, nil
	}
	line = bare.ReplaceAll(line, []byte(`$1"$2"`))
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return r, false, fmt.Errorf("it is no JSON object: %w", err)
	}
	for _, name := range []string{"step", "epoch"} {
		var step float64
		if raw, ok := fields[name]; ok && r.Step == 0 && json.Unmarshal(raw, &step) == nil && step >= 0 && step < 1e15 {
			r.Step = int(step)
		}
	}
	if raw, ok := fields["time"]; ok {
		var at time.Time
		if json.Unmarshal(raw, &at) == nil {
			r.Time = at
		}
	}
	if raw, ok := fields["metrics"]; ok {
		if err := json.Unmarshal(raw, &r.Metrics); err != nil {
			return r, false, err
		}
		return r, true, nil
	}
	r.Metrics = sweep.Metrics{}
	for name, raw := range fields {
		var one sweep.Metrics
		if name == "step" || name == "time" {
			continue
		}
		if json.Unmarshal(fmt.Appendf(nil, `{"x":%s}`, raw), &one) == nil { // other texts are no metrics
			r.Metrics[name] = one["x"]
		}
	}
	return r, true, nil
}
