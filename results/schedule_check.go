package results

import (
	"bytes"
	"fmt"

	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// schedules checks the records of all schedules.
func (i *inspector) schedules(t *tx) error {
	all := t.schedules()
	if all == nil {
		return nil
	}
	return all.ForEachBucket(func(name []byte) error {
		if err := i.schedule(t, string(name)); err != nil {
			i.damaged(fmt.Sprintf("schedule %s: %v", name, err))
		}
		return nil
	})
}

// schedule checks the records of a schedule.
func (i *inspector) schedule(t *tx, name string) error {
	b := t.schedule(name)
	s, err := readSchedule(b)
	if err != nil {
		return err
	}
	if s.Name != name {
		i.damaged(fmt.Sprintf("schedule %s says it is %s", name, s.Name))
	}
	open := map[int64]bool{}
	for _, due := range s.Open {
		open[due.Unix()] = true
	}
	err = b.Bucket(firingsBucket).ForEach(func(key, text []byte) error {
		var f schedule.Firing
		if err := readJSON(text, &f); err != nil {
			return err
		}
		if !bytes.Equal(key, dueKey(f.Due)) {
			i.damaged(fmt.Sprintf("schedule %s: the firing of %x says it is of %v", name, key, f.Due))
		}
		if open[f.Due.Unix()] == f.Status.Final() {
			i.damaged(fmt.Sprintf("firing %s is %s, and its schedule says that it is not", schedule.Key(name, f.Due), f.Status))
		}
		delete(open, f.Due.Unix())
		if f.Run == "" || t.run(f.Run) == nil {
			return nil
		}
		run, err := readRun(t, f.Run)
		if err == nil && run.Firing != schedule.Key(name, f.Due) {
			i.damaged(fmt.Sprintf("firing %s says it is run %s, which says it is of firing %q", schedule.Key(name, f.Due), f.Run, run.Firing))
		}
		return err
	})
	if err == nil && len(open) > 0 {
		i.damaged(fmt.Sprintf("schedule %s: %d open firings have no record", name, len(open)))
	}
	return err
}
