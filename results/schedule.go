package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// Schedule is a sweep that runs by itself.
type Schedule struct {
	Name   string            `json:"name"` // the sweep's
	File   string            `json:"file"` // absolute
	Vars   map[string]string `json:"vars,omitempty"`
	Dir    string            `json:"dir"`    // the directory it was added from, and runs in
	Config schedule.Config   `json:"config"` // of the file, when it was last good
	Fault  string            `json:"fault,omitempty"`
	Added  time.Time         `json:"added"`

	Decided time.Time   `json:"decided"` // the last due time that something was decided about
	Open    []time.Time `json:"open,omitempty"`
}

// Times are the times that it names.
func (s Schedule) Times() (*schedule.Schedule, error) {
	times, err := schedule.New(s.Name, s.Config)
	if err != nil {
		return nil, fmt.Errorf("read schedule %s: %w", s.Name, err)
	}
	return times, nil
}

// kept is how many firings of a schedule the store has, the last ones.
const kept = 1000

var schedulesBucket, firingsBucket = []byte("schedules"), []byte("firings")

// schedules is the bucket of schedules; nil: there is none yet. Stores that were
// made before there were schedules lack it.
func (t *tx) schedules() *bucket {
	t.look("", t.pages().meta.root)
	if b := t.Tx.Bucket(schedulesBucket); b != nil {
		return t.wrap(b, string(schedulesBucket))
	}
	return nil
}

// schedule is the bucket of a schedule; nil: there is no such schedule.
func (t *tx) schedule(name string) *bucket {
	all := t.schedules()
	if all == nil {
		return nil
	}
	b := all.boltBucket.Bucket([]byte(name))
	if b == nil {
		return nil
	}
	return t.wrap(b, all.path+"/"+name)
}

func dueKey(due time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(due.Unix())) }

// ScheduleDir is the directory of a schedule, with its lock and the logs of its firings.
func (db *DB) ScheduleDir(name string) string { return filepath.Join(db.dir, "schedules", name) }

// AddSchedule records a schedule, or what has changed about it. Another file with
// its name is refused.
func (db *DB) AddSchedule(s Schedule) (changed bool, err error) {
	err = db.update(func(t *tx) error {
		if _, err := t.CreateBucketIfNotExists(schedulesBucket); err != nil {
			return err
		}
		b := t.schedule(s.Name)
		if b == nil {
			inner, err := t.schedules().CreateBucket([]byte(s.Name))
			if err == nil {
				_, err = inner.CreateBucket(firingsBucket)
			}
			if err != nil {
				return err
			}
			return putJSON(t.schedule(s.Name), recordKey, s)
		}
		old, err := readSchedule(b)
		if err != nil {
			return err
		}
		if old.File != s.File {
			return fmt.Errorf("schedule %s: it is %s already: give one of the two files another name, or remove it", s.Name, old.File)
		}
		changed = true
		old.Vars, old.Dir = s.Vars, s.Dir
		return putJSON(b, recordKey, old.with(s.Config, s.Added))
	})
	return changed, err
}

// with is the schedule as its file has it now. Another one begins to count now.
func (s Schedule) with(c schedule.Config, now time.Time) Schedule {
	if s.Config.Cron != c.Cron || s.Config.Timezone != c.Timezone || s.Config.Jitter != c.Jitter {
		s.Decided = now
	}
	s.Config, s.Fault = c, ""
	return s
}

// Reschedule records what was read in a schedule's file: its schedule, or the fault
// for which the last good one goes on.
func (db *DB) Reschedule(name string, c *schedule.Config, fault string, now time.Time) error {
	return db.update(func(t *tx) error {
		b, s, err := t.readSchedule(name)
		if err != nil {
			return err
		}
		if s.Fault = fault; c != nil {
			s = s.with(*c, now)
		}
		return putJSON(b, recordKey, s)
	})
}

// RemoveSchedule forgets a schedule and its firings. Its runs stay.
func (db *DB) RemoveSchedule(name string) error {
	return db.update(func(t *tx) error {
		if _, _, err := t.readSchedule(name); err != nil {
			return err
		}
		return t.schedules().DeleteBucket([]byte(name))
	})
}

// Schedules are all schedules, by name.
func (db *DB) Schedules() (out []Schedule, err error) {
	err = db.view(func(t *tx) error {
		b := t.schedules()
		if b == nil {
			return nil
		}
		return b.ForEachBucket(func(name []byte) error {
			s, err := readSchedule(t.schedule(string(name)))
			out = append(out, s)
			return err
		})
	})
	return out, err
}

// Schedule is the schedule of that name.
func (db *DB) Schedule(name string) (s Schedule, err error) {
	err = db.view(func(t *tx) error {
		_, s, err = t.readSchedule(name)
		return err
	})
	if err == nil && s.Name == "" {
		err = fmt.Errorf("schedule %q: %w: there is none yet", name, ErrNotFound)
	}
	return s, err
}

// State is what has become of a schedule so far.
func (db *DB) State(name string) (state schedule.State, err error) {
	err = db.view(func(t *tx) error {
		b, s, err := t.readSchedule(name)
		if err == nil {
			state, err = stateOf(b, s)
		}
		return err
	})
	return state, err
}

// Firings are the last n firings of a schedule, the last first.
func (db *DB) Firings(name string, n int) (out []schedule.Firing, err error) {
	err = db.view(func(t *tx) error {
		b, _, err := t.readSchedule(name)
		if err != nil {
			return err
		}
		c := b.Bucket(firingsBucket).Cursor()
		for key, text := c.Last(); key != nil && len(out) < n; key, text = c.Prev() {
			var f schedule.Firing
			if err := readJSON(text, &f); err != nil {
				return err
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

// Decide records what decide makes of a schedule's state, all or nothing, and
// answers it. Of the firings it forgets those that are too old.
func (db *DB) Decide(name string, decide func(schedule.State) (schedule.State, []schedule.Firing)) (made, forgotten []schedule.Firing, err error) {
	err = db.update(func(t *tx) error {
		b, s, err := t.readSchedule(name)
		if err != nil {
			return err
		}
		state, err := stateOf(b, s)
		if err != nil {
			return err
		}
		state, made = decide(state)
		if len(made) == 0 {
			return nil
		}
		firings := b.Bucket(firingsBucket)
		for _, f := range made {
			if err := putJSON(firings, dueKey(f.Due), f); err != nil {
				return err
			}
		}
		s.Decided, s.Open = state.Decided, nil
		for _, f := range []*schedule.Firing{state.Running, state.Waiting} {
			if f != nil {
				s.Open = append(s.Open, f.Due)
			}
		}
		if forgotten, err = forget(firings); err != nil {
			return err
		}
		return putJSON(b, recordKey, s)
	})
	return made, forgotten, err
}

// forget removes the oldest firings of too many, but for those that are open.
func forget(firings *bucket) (out []schedule.Firing, err error) {
	c, left := firings.Cursor(), -kept
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		left++
	}
	for ; left > 0; left-- {
		_, text := c.First()
		var f schedule.Firing
		if err := readJSON(text, &f); err != nil {
			return nil, err
		}
		if !f.Status.Final() {
			break
		}
		if err := c.Delete(); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// fired is the run of a firing, if it has one that is still there, and records
// another as its run.
func (t *tx) fired(key string) (run Run, ok bool, record func(run string) error, err error) {
	name, due, err := schedule.ParseKey(key)
	if err != nil {
		return run, false, nil, err
	}
	b, _, err := t.readSchedule(name)
	if err != nil {
		return run, false, nil, err
	}
	firings := b.Bucket(firingsBucket)
	text := firings.Get(dueKey(due))
	if text == nil {
		return run, false, nil, fmt.Errorf("firing %s: %w", key, ErrNotFound)
	}
	var f schedule.Firing
	if err := readJSON(text, &f); err != nil {
		return run, false, nil, err
	}
	if f.Run != "" {
		run, err = readRun(t, f.Run)
		if ok = err == nil; errors.Is(err, ErrNotFound) {
			err = nil
		}
	}
	return run, ok, func(run string) error {
		f.Run = run
		return putJSON(firings, dueKey(due), f)
	}, err
}

func stateOf(b *bucket, s Schedule) (schedule.State, error) {
	state := schedule.State{Decided: s.Decided}
	for _, due := range s.Open {
		var f schedule.Firing
		if err := readJSON(b.Bucket(firingsBucket).Get(dueKey(due)), &f); err != nil {
			return state, err
		}
		state = state.With(f)
	}
	return state, nil
}

func (t *tx) readSchedule(name string) (*bucket, Schedule, error) {
	b := t.schedule(name)
	if b == nil {
		return nil, Schedule{}, fmt.Errorf("schedule %q: %w%s", name, ErrNotFound, t.nearSchedule(name))
	}
	s, err := readSchedule(b)
	return b, s, err
}

// nearSchedule names the schedule that was probably meant.
func (t *tx) nearSchedule(name string) string {
	known := map[string]bool{}
	if all := t.schedules(); all != nil {
		_ = all.ForEachBucket(func(k []byte) error { known[string(k)] = true; return nil }) // it has no error of its own
	}
	if len(known) == 0 {
		return ": there is none yet"
	}
	return suggestion(name, slices.Sorted(maps.Keys(known)))
}

func readSchedule(b *bucket) (s Schedule, err error) {
	return s, readJSON(b.Get(recordKey), &s)
}
