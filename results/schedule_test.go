package results

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

var monday = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func daily(name string) Schedule {
	return Schedule{
		Name: name, File: "/sweeps/" + name + ".hcl", Dir: "/sweeps", Added: monday, Decided: monday,
		Config: schedule.Config{Cron: "0 2 * * *", Timezone: "UTC", Overlap: schedule.Queue, CatchUp: true},
	}
}

// scheduled is a workspace with a schedule.
func scheduled(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Check(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.AddSchedule(daily("nightly")); err != nil {
		t.Fatal(err)
	}
	return db
}

// decide lets the schedule decide at a time.
func decide(t *testing.T, db *DB, now time.Time) (made, forgotten []schedule.Firing) {
	t.Helper()
	s, err := db.Schedule("nightly")
	if err != nil {
		t.Fatal(err)
	}
	times, err := s.Times()
	if err != nil {
		t.Fatal(err)
	}
	made, forgotten, err = db.Decide("nightly", func(state schedule.State) (schedule.State, []schedule.Firing) {
		return times.Decide(state, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return made, forgotten
}

func TestDecisionsAreKept(t *testing.T) {
	db := scheduled(t)
	tuesday := monday.AddDate(0, 0, 1)
	if made, _ := decide(t, db, tuesday); len(made) != 1 || made[0].Status != schedule.Running {
		t.Fatalf("%+v", made)
	}
	if made, _ := decide(t, db, tuesday.Add(time.Hour)); len(made) != 0 {
		t.Errorf("decided twice: %+v", made)
	}
	decide(t, db, tuesday.AddDate(0, 0, 1))
	state, err := db.State("nightly")
	if err != nil {
		t.Fatal(err)
	}
	if state.Running == nil || !state.Running.Due.Equal(tuesday) || state.Waiting == nil || !state.Waiting.Due.Equal(tuesday.AddDate(0, 0, 1)) {
		t.Errorf("%+v", state)
	}
	firings, err := db.Firings("nightly", 10)
	if err != nil || len(firings) != 2 || firings[0].Status != schedule.Waiting {
		t.Errorf("%+v, %v", firings, err)
	}
}

// TestOldFiringsAreForgotten has more of them than are kept, and the oldest still open.
func TestOldFiringsAreForgotten(t *testing.T) {
	db := scheduled(t)
	past := func(from, n int, s schedule.Status) (forgotten []schedule.Firing) {
		t.Helper()
		_, forgotten, err := db.Decide("nightly", func(state schedule.State) (schedule.State, []schedule.Firing) {
			var out []schedule.Firing
			for i := range n {
				f := schedule.Firing{Due: monday.Add(time.Duration(from+i) * time.Minute), Status: s}
				out, state = append(out, f), state.With(f)
			}
			return state, out
		})
		if err != nil {
			t.Fatal(err)
		}
		return forgotten
	}
	if old := past(0, kept, schedule.Finished); len(old) != 0 {
		t.Errorf("%d are forgotten, and there are not too many", len(old))
	}
	if old := past(kept, 3, schedule.Skipped); len(old) != 3 || !old[0].Due.Equal(monday) {
		t.Errorf("forgotten: %+v", old)
	}
	past(3, 1, schedule.Running) // the oldest that is left
	if old := past(kept+3, 5, schedule.Skipped); len(old) != 0 {
		t.Errorf("forgotten with one that is older and open: %+v", old)
	}
}

func TestSchedulesByName(t *testing.T) {
	db := scheduled(t)
	other := daily("nightly")
	other.File = "/elsewhere/nightly.hcl"
	if _, err := db.AddSchedule(other); err == nil || !strings.Contains(err.Error(), "it is /sweeps/nightly.hcl already") {
		t.Errorf("another file of that name: %v", err)
	}
	again := daily("nightly")
	again.Config.Cron, again.Added = "0 3 * * *", monday.AddDate(0, 0, 9)
	changed, err := db.AddSchedule(again)
	s, rerr := db.Schedule("nightly")
	if err := errors.Join(err, rerr); err != nil || !changed || s.Config.Cron != "0 3 * * *" || !s.Decided.Equal(again.Added) || !s.Added.Equal(monday) {
		t.Errorf("added again: %v, %+v, %v", changed, s, err)
	}
	if err := db.Reschedule("nightly", nil, "it is wrong", monday); err != nil {
		t.Fatal(err)
	}
	if s, err = db.Schedule("nightly"); err != nil || s.Fault != "it is wrong" || s.Config.Cron != "0 3 * * *" {
		t.Errorf("with a fault: %+v, %v", s, err)
	}
	if _, err := db.Schedule("nighty"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), `did you mean "nightly"`) {
		t.Errorf("an unknown one: %v", err)
	}
	if err := db.RemoveSchedule("nightly"); err != nil {
		t.Fatal(err)
	}
	if all, err := db.Schedules(); err != nil || len(all) != 0 {
		t.Errorf("after it was removed: %+v, %v", all, err)
	}
	if _, err := db.Schedule("nightly"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "there is none yet") {
		t.Errorf("a removed one: %v", err)
	}
}

// TestRunsOfFirings has runs of the same file by people and by firings apart.
func TestRunsOfFirings(t *testing.T) {
	db := scheduled(t)
	tuesday := monday.AddDate(0, 0, 1)
	decide(t, db, tuesday)
	key := schedule.Key("nightly", tuesday)
	start := func(r Run) (Run, bool) {
		t.Helper()
		r.Sweep, r.Objectives = "nightly", []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}
		run, resumed, err := db.Start(r)
		if err != nil {
			t.Fatal(err)
		}
		return run, resumed
	}
	expect := func(what string, r Run, id string, resumed bool) Run {
		t.Helper()
		run, was := start(r)
		if run.ID != id || was != resumed {
			t.Errorf("%s is run %s, gone on with: %v; want %s, %v", what, run.ID, was, id, resumed)
		}
		return run
	}
	expect("somebody's", Run{Hash: "a"}, "nightly-1", false)
	expect("the firing's", Run{Hash: "a", Firing: key, Fresh: true}, "nightly-2", false)
	expect("that again, fresh or not", Run{Hash: "a", Firing: key, Fresh: true}, "nightly-2", true)
	if f, err := db.Firings("nightly", 1); err != nil || f[0].Run != "nightly-2" {
		t.Errorf("the firing's run is %+v (%v)", f, err)
	}
	expect("somebody goes on with it", Run{Hash: "a"}, "nightly-2", true)
	expect("somebody else's", Run{Hash: "b"}, "nightly-3", false)
	expect("the firing's, though another is newer", Run{Hash: "a", Firing: key}, "nightly-2", true)
	expect("with a file that has changed", Run{Hash: "c", Firing: key}, "nightly-4", false)
	if err := db.Finish("nightly-4", Finished, "complete", tuesday); err != nil {
		t.Fatal(err)
	}
	expect("when it has finished", Run{Hash: "c", Firing: key}, "nightly-4", true)
	if err := db.Finish("nightly-4", Finished, "complete", tuesday); err != nil {
		t.Fatal(err)
	}
	if run := expect("and the file has changed", Run{Hash: "d", Firing: key}, "nightly-4", true); run.Status != Finished {
		t.Errorf("it is %s again", run.Status)
	}
	if _, _, err := db.Start(Run{Sweep: "nightly", Firing: schedule.Key("nightly", monday)}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a firing that is not there: %v", err)
	}
	if _, _, err := db.Start(Run{Sweep: "nightly", Firing: "nightly"}); err == nil {
		t.Error("a firing without a time")
	}
}

// TestDamagedSchedules has the check find what does not fit together.
func TestDamagedSchedules(t *testing.T) {
	db := scheduled(t)
	decide(t, db, monday.AddDate(0, 0, 1))
	good := []byte(nil)
	set := func(text []byte) {
		t.Helper()
		err := db.update(func(tx *tx) error {
			b := tx.schedule("nightly")
			if good == nil {
				good = append(good, b.Get(recordKey)...)
			}
			return b.Put(recordKey, text)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		`{"name":"nightly"}`: "its schedule says that it is not",
		`{"name":"weekly","open":["2026-11-24T02:00:00Z"]}`:                         "schedule nightly says it is weekly",
		`{"name":"nightly","open":["2026-11-24T02:00:00Z","2026-11-25T02:00:00Z"]}`: "1 open firings have no record",
		`{`: "decode record",
	} {
		set([]byte(text))
		if err := db.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s the check says %v, want %s", text, err, want)
		}
	}
	set(good)
}

func TestOneDaemon(t *testing.T) {
	db := scheduled(t)
	if id := db.Daemon(); id.PID != 0 {
		t.Errorf("%v serves, and none does", id)
	}
	self := process.ID{PID: 17, Started: "once"}
	release, err := db.LockDaemon(self)
	if err != nil {
		t.Fatal(err)
	}
	if id := db.Daemon(); id != self {
		t.Errorf("%v serves, and this does", id)
	}
	if _, err := db.LockDaemon(self); err == nil || !strings.Contains(err.Error(), "is served by process") {
		t.Errorf("a second one: %v", err)
	}
	if err := release(); err != nil || db.Daemon().PID != 0 {
		t.Errorf("it was released, and %v serves (%v)", db.Daemon(), err)
	}
}
