package sweep

import "strings"

// judge ends the run where trials fail too often.
func (s *state) judge(t Trial) {
	if failed(t.Outcome) {
		s.failures++
		if limit := s.Spec.Limits.Failures; limit > 0 && s.failures >= limit {
			s.end(interrupt{errFailures})
		}
	}
	if limit := s.Spec.Limits.Alike; limit > 0 && s.streak.add(t) >= limit {
		s.end(interrupt{errAlike})
	}
}

// GaveUp reports whether a run ended, for that reason, because trials failed too often.
func GaveUp(reason string) bool {
	return reason == errFailures.Error() || reason == errAlike.Error()
}

// failed reports whether an outcome counts against limits.failures.
func failed(o Outcome) bool {
	switch o {
	case Failed, OutOfMemory, TimedOut, Lost:
		return true
	default:
		return false
	}
}

// streak is how many of the first trials of an execution failed in the same way:
// what all of them run into, a hundred more will run into too.
type streak struct {
	how    string
	length int
	broken bool
}

// add counts a trial that has ended, and answers the length.
func (s *streak) add(t Trial) int {
	how := manner(t)
	s.broken = s.broken || !failed(t.Outcome) || s.length > 0 && how != s.how
	if s.broken || t.CachedAs != "" {
		return 0
	}
	s.how = how
	s.length++
	return s.length
}

// manner is how a trial failed: its outcome and the first line of its message, but
// for numbers, such as those of processes.
func manner(t Trial) string {
	line, _, _ := strings.Cut(t.Message, "\n")
	return string(t.Outcome) + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
}
