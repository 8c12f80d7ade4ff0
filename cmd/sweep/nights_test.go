//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// TestDaemonLivesThroughFourHundredNights has the daemon itself, with its store, live
// through 400 nights of a clock that is not real, with runs that are: two time
// changes, runs that fail, that are too long for a day or their deadline, and five
// times in which the daemon is ended in the middle of a run and is away for days.
func TestDaemonLivesThroughFourHundredNights(t *testing.T) {
	if testing.Short() {
		t.Skip("it lives through four hundred nights")
	}
	t.Chdir(t.TempDir()) // the daemon goes to where schedules were added, and this back
	synctest.Test(t, func(t *testing.T) {
		const nights = 400
		const usual = 3 * time.Hour
		away := map[int]int{30: 5, 100: 1, 200: 1, 310: 5, 355: 2} // nights in whose runs the daemon is ended, and for how many days
		work := func(night int) (took time.Duration, exit int) {
			took = usual
			switch night % 50 {
			case 20:
				took = 30 * time.Hour // into the next night
			case 40:
				took = 60 * time.Hour // beyond its deadline
			}
			if night%7 == 3 {
				exit = exitFailed
			}
			return took, exit
		}
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		due := func(night int) time.Time {
			if day := time.Date(2000, time.January, 1+night, 0, 0, 0, 0, berlin); day.Format(time.DateOnly) == "2000-03-26" {
				return day.Add(2 * time.Hour) // 02:30 is skipped: 01:59 is followed by 03:00
			} else if day.Format(time.DateOnly) == "2000-10-29" {
				return day.Add(150 * time.Minute) // the first of two
			}
			return time.Date(2000, time.January, 1+night, 2, 30, 0, 0, berlin)
		}

		db, err := results.Open(filepath.Join(t.TempDir(), ".sweep"))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "nightly.hcl")
		if err := os.WriteFile(file, []byte(`
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["true"]
}
metric "loss" {
  pattern = "loss=([0-9]+)"
}
schedule {
  cron     = "30 2 * * *"
  timezone = "Europe/Berlin"
  deadline = "40h"
  overlap  = "queue"
}
`), 0o600); err != nil {
			t.Fatal(err)
		}
		read, _, err := readFile(file, nil, plugins())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.AddSchedule(results.Schedule{Name: "nightly", File: file, Dir: t.TempDir(), Config: read.Schedule.Config, Added: now(), Decided: now()}); err != nil {
			t.Fatal(err)
		}

		number := map[int64]int{}
		for night := range nights {
			number[due(night).Unix()] = night
		}
		done := map[int64]time.Duration{} // of the work, by due time
		fire := func(db *results.DB, s results.Schedule, f schedule.Firing) (*child, error) {
			run, _, err := db.Start(results.Run{Sweep: s.Name, Hash: "h", Firing: schedule.Key(s.Name, f.Due), Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}, Started: now()})
			if err != nil {
				return nil, err
			}
			asked, began := make(chan struct{}), now()
			took, exit := work(number[f.Due.Unix()])
			return &child{due: f.Due, ask: func(string) { close(asked) }, wait: func() int {
				state := results.Finished
				select {
				case <-time.After(took - done[f.Due.Unix()]):
				case <-asked:
					state, exit = results.Interrupted, exitInterrupted
				}
				done[f.Due.Unix()] += now().Sub(began)
				if err := db.Finish(run.ID, state, "", now()); err != nil {
					t.Error(err)
				}
				return exit
			}}, nil
		}
		// serve has a daemon run until a time.
		var said bytes.Buffer
		serve := func(until time.Time) {
			d := newDaemonOf(db, plugins(), &said)
			d.recheck, d.fire = 6*time.Hour, fire
			ctx, cancel := context.WithDeadline(t.Context(), until)
			defer cancel()
			if err := d.serve(ctx, nil); err != nil {
				t.Error(err)
			}
		}
		for _, night := range slices.Sorted(maps.Keys(away)) {
			serve(due(night).Add(time.Hour))
			time.Sleep(time.Until(due(night + away[night]).Add(10 * time.Hour)))
		}
		serve(due(nights - 1).Add(10 * time.Hour))

		firings, err := db.Firings("nightly", 2*nights)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(firings)
		if len(firings) != nights {
			t.Fatalf("%d nights are on record", len(firings))
		}
		runs := 0
		for night, f := range firings {
			// What is promised of the night: when its run starts and ends, and how.
			starts, status := due(night), schedule.Finished
			took, exit := work(night)
			if exit != 0 {
				status = schedule.Failed
			}
			if night > 0 {
				before, _ := work(night - 1)
				starts = later(starts, due(night-1).Add(min(before, 40*time.Hour)))
			}
			ends := starts.Add(took)
			if took > 40*time.Hour {
				ends, status = starts.Add(40*time.Hour), schedule.Ended
			}
			for gone, days := range away {
				back := due(gone + days).Add(10 * time.Hour)
				free := back // its deadline was past when the daemon came back
				if back.Sub(due(gone)) < 40*time.Hour {
					free = back.Add(usual - time.Hour) // it went on
				}
				switch {
				case night == gone:
					if ends = free; free.Equal(back) {
						status = schedule.Ended
					}
				case night > gone && night < gone+days:
					status = schedule.Missed
				case night == gone+days: // it is made up for
					starts, ends = free, free.Add(usual)
				}
			}
			want := fmt.Sprintf("%v %s", due(night), status)
			if status != schedule.Missed {
				runs++
				want += fmt.Sprintf(" nightly-%d from %v to %v", runs, minute(starts), minute(ends))
			}
			got := fmt.Sprintf("%v %s", f.Due.In(berlin), f.Status)
			if f.Run != "" {
				got += fmt.Sprintf(" %s from %v to %v", f.Run, minute(f.Started), minute(f.Finished))
			}
			if got != want {
				t.Errorf("night %d\n got %s\nwant %s", night, got, want)
			}
		}
		if all, err := db.Runs(); err != nil || len(all) != runs {
			t.Errorf("%d runs (%v), want %d", len(all), err, runs)
		}
		check(t, db.Dir())
		if t.Failed() {
			t.Logf("the daemon has said\n%s", said.String())
		}
	})
}

// minute is a time without what it takes to wait for the store's lock.
func minute(t time.Time) string { return t.UTC().Truncate(time.Minute).Format(time.DateTime) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
