package exec

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// scanner copies what a program prints to the log and finds the metrics in it.
// The metrics found since the last report are reported together, as a step,
// when one of them comes again and at the end.
type scanner struct {
	patterns []pattern
	log      io.Writer
	report   func(step int, m sweep.Metrics) error

	mu      sync.Mutex
	rest    []byte // of standard output: a line without its end yet
	step    int
	metrics sweep.Metrics
	last    []string // lines printed last
	err     error
}

// keptLines is how many of a failed program's last lines are told.
const keptLines = 5

// maxLine bounds a line that is looked through.
const maxLine = 1 << 16

func (s *scanner) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.log.Write(p)
	s.rest = s.lines(append(s.rest, p...))
	return n, err
}

func (t *tee) Write(p []byte) (int, error) {
	t.scan.mu.Lock()
	defer t.scan.mu.Unlock()
	n, err := t.log.Write(p)
	t.rest = t.scan.lines(append(t.rest, p...))
	return n, err
}

// lines looks through the complete lines of text and returns what is left. A
// carriage return ends a line too: progress bars use it.
func (s *scanner) lines(text []byte) []byte {
	for {
		i := bytes.IndexAny(text, "\n\r")
		if i < 0 {
			if len(text) > maxLine {
				return nil
			}
			return bytes.Clone(text)
		}
		s.line(text[:i])
		text = text[i+1:]
	}
}

func (s *scanner) line(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	if s.last = append(s.last, string(line)); len(s.last) > keptLines {
		s.last = s.last[1:]
	}
	for _, p := range s.patterns {
		for _, m := range p.re.FindAllSubmatch(line, -1) {
			value, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				continue // the pattern found something else
			}
			if _, again := s.metrics[p.name]; again {
				s.flush()
			}
			if s.metrics == nil {
				s.metrics = sweep.Metrics{}
			}
			s.metrics[p.name] = value
		}
	}
	if len(s.metrics) == len(s.patterns) && len(s.patterns) > 0 {
		s.flush()
	}
}

func (s *scanner) flush() {
	if len(s.metrics) == 0 || s.err != nil {
		return
	}
	s.step++
	s.err = s.report(s.step, s.metrics)
	s.metrics = nil
}

// end reports what is left when the program has ended.
func (s *scanner) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line(s.rest)
	s.flush()
}
