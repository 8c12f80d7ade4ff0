// Package looptest is what tests of the loop, and of what plugs into it, run it
// with: a store in memory and a machine whose trials only count epochs.
package looptest

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// ErrDisk is the failure of a Store.
var ErrDisk = errors.New("disk full")

// Store is a sweep.Store in memory that can fail from its n-th write on, as a disk
// that fills up or a process that dies would: what was not synced is then lost.
type Store struct {
	Kept    map[int]sweep.Trial    // what is durable, by number
	Earlier map[string]sweep.Trial // of earlier runs, by identity
	Ends    map[int]int            // how many times a trial has ended, by number
	FailAt  int                    // 0: never
	Slow    time.Duration          // what a Sync takes

	mu      sync.Mutex
	writes  int
	pending []change
}

// change is a record that is not durable yet.
type change struct {
	trial   sweep.Trial
	reports []sweep.Report
}

// NewStore is empty.
func NewStore() *Store {
	return &Store{Kept: map[int]sweep.Trial{}, Earlier: map[string]sweep.Trial{}, Ends: map[int]int{}}
}

// Put is a sweep.Store's.
func (s *Store) Put(t sweep.Trial, reports ...sweep.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.failed() {
		return ErrDisk
	}
	s.pending = append(s.pending, change{t, slices.Clone(reports)})
	return nil
}

// Sync is a sweep.Store's.
func (s *Store) Sync() error {
	time.Sleep(s.Slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed() {
		return ErrDisk
	}
	for _, c := range s.pending {
		s.keep(c.trial, c.reports)
	}
	s.pending = nil
	return nil
}

func (s *Store) failed() bool {
	if s.FailAt == 0 || s.writes < s.FailAt {
		return false
	}
	s.pending = nil
	return true
}

func (s *Store) keep(t sweep.Trial, reports []sweep.Report) {
	old := s.Kept[t.Number]
	t.Reports = slices.Clone(old.Reports)
	for _, r := range reports {
		t.Reports = slices.DeleteFunc(t.Reports, func(o sweep.Report) bool { return o.Step >= r.Step })
		t.Reports = append(t.Reports, r)
	}
	if t.Outcome.Final() && !old.Outcome.Final() {
		s.Ends[t.Number]++
	}
	s.Kept[t.Number] = t
}

// Trials is a sweep.Store's.
func (s *Store) Trials() (sweep.History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var h sweep.History
	for _, n := range slices.Sorted(maps.Keys(s.Kept)) {
		h = append(h, s.Kept[n])
	}
	return h, nil
}

// Cached is a sweep.Store's.
func (s *Store) Cached(id string) (sweep.Trial, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.Earlier[id]
	return t, ok, nil
}
