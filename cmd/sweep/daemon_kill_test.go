//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// TestKilledDaemonDoublesNothingAndLosesNothing runs a daemon with a time every
// second, kills it with SIGKILL at random moments and starts it again: every second
// has its record, and every one that was fired is one run.
func TestKilledDaemonDoublesNothingAndLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it kills a daemon whose nights are seconds: a slow program misses them")
	}
	const kills = 12
	for _, overlap := range []string{"skip", "queue"} {
		t.Run(overlap, func(t *testing.T) {
			n := newNightly(t, "sleep 0.3; echo loss=1", fmt.Sprintf("cron = \"* * * * * *\"\n  fresh = true\n  overlap = %q", overlap))
			added, err := n.db.Schedule("nightly")
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(3, 4))
			for range kills {
				cmd, _ := n.daemon()
				timer := time.AfterFunc(time.Duration(r.Float64()*float64(1800*time.Millisecond)), func() {
					_ = cmd.Process.Kill() // nothing else ends it
				})
				if err := cmd.Wait(); err == nil {
					t.Error("the daemon ended by itself")
				}
				timer.Stop()
				check(t, n.db.Dir())
			}
			idle := func() bool {
				s, err := n.db.Schedule("nightly")
				return err == nil && len(s.Open) == 0
			}
			for cmd, said := n.daemon(); ; cmd, said = n.daemon() { // until it is ended between two runs
				eventually(t, "a run ends", said.has(": finished; "))
				eventually(t, "nothing is open", idle)
				if n.end(cmd); idle() {
					break
				}
			}
			n.everySecond(added)
			n.oneRunEach()
			if left := processesIn(t, n.dir); left != "" {
				t.Errorf("processes are left:\n%s", left)
			}
			check(t, n.db.Dir())
		})
	}
}

// TestFiringIsGoneOnWithFromAnyMoment has a daemon begin where another was cut off:
// after the firing was recorded, and after its run has ended.
func TestFiringIsGoneOnWithFromAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts many daemons")
	}
	const yearly = `cron = "0 0 1 1 *"`
	// open is a firing as it was before its end was recorded.
	open := func(n *nightly, f schedule.Firing) {
		n.Helper()
		f.Status, f.Finished, f.Note = schedule.Running, time.Time{}, ""
		if _, _, err := n.db.Decide("nightly", func(s schedule.State) (schedule.State, []schedule.Firing) {
			return s.With(f), []schedule.Firing{f}
		}); err != nil {
			n.Fatal(err)
		}
	}
	goOn := func(n *nightly) {
		n.Helper()
		cmd, said := n.daemon()
		eventually(n.T, "the firing is done", said.has(": finished"))
		n.end(cmd)
		if firings := n.firings(); len(firings) != 1 || firings[0].Status != schedule.Finished || firings[0].Run != "nightly-1" {
			n.Errorf("%+v", firings)
		}
		runs, err := n.db.Runs()
		if err != nil || len(runs) != 1 || runs[0].Status != results.Finished || runs[0].Counts["succeeded"] != 1 {
			n.Errorf("%+v (%v)", runs, err)
		}
		launched, err := os.ReadFile(filepath.Join(n.dir, "launched"))
		if err != nil || string(launched) != "once\n" {
			n.Errorf("launched %q (%v)", launched, err)
		}
	}
	const script = "echo once >> launched; echo loss=1"
	t.Run("before its process", func(t *testing.T) {
		n := newNightly(t, script, yearly)
		open(n, schedule.Firing{Due: time.Now().Truncate(time.Second), Started: time.Now()})
		goOn(n)
	})
	ended := func(t *testing.T) *nightly {
		t.Helper()
		n := newNightly(t, script, yearly+"\n  fresh = true")
		if out, err := n.command("schedule", "run", "nightly").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		open(n, n.firings()[0])
		return n
	}
	t.Run("after its run", func(t *testing.T) { goOn(ended(t)) })
	t.Run("after its run, and the file has changed", func(t *testing.T) {
		n := ended(t)
		n.write("exit 1", yearly)
		goOn(n)
	})
	t.Run("after its deadline", func(t *testing.T) {
		n := newNightly(t, script, yearly+"\n  deadline = \"1h\"")
		open(n, schedule.Firing{Due: time.Now().Add(-2 * time.Hour).Truncate(time.Second), Started: time.Now().Add(-2 * time.Hour)})
		cmd, said := n.daemon()
		n.end(cmd)
		if !said.has(": ended: it was not done by its deadline")() {
			t.Error("it is not ended")
		}
	})
	t.Run("its directory is gone", func(t *testing.T) {
		n := newNightly(t, script, yearly)
		away := filepath.Join(n.dir, "away")
		if err := os.Mkdir(away, 0o700); err != nil {
			t.Fatal(err)
		}
		add := n.command("--dir", n.db.Dir(), "schedule", "add", filepath.Join(n.dir, "nightly.hcl"))
		if add.Dir = away; add.Run() != nil || os.Remove(away) != nil {
			t.Fatal("it cannot be added from there")
		}
		open(n, schedule.Firing{Due: time.Now().Truncate(time.Second), Started: time.Now()})
		cmd, _ := n.daemon()
		f := n.comesTo(schedule.Failed)
		n.end(cmd)
		if !strings.Contains(f.Note, "no such file or directory") {
			t.Errorf("%+v", f)
		}
	})
}

// everySecond checks that each time since a schedule was added has its record, up to
// the last one that has.
func (n *nightly) everySecond(added results.Schedule) {
	n.Helper()
	firings := n.firings()
	count := map[schedule.Status]int{}
	due := firings[0].Due
	for _, f := range firings {
		if !f.Due.Equal(due) {
			n.Errorf("the time %v has no record: the next is %v", due, f.Due)
		}
		due = f.Due.Add(-time.Second)
		if count[f.Status]++; !f.Status.Final() {
			n.Errorf("the firing of %v is %s", f.Due, f.Status)
		}
	}
	if due.After(added.Added) {
		n.Errorf("the first time on record is %v, and it was added at %v", due.Add(time.Second), added.Added)
	}
	n.Logf("%d times: %v", len(firings), count)
	if count[schedule.Finished] < 5 || count[schedule.Failed] > 0 {
		n.Errorf("of the times, %v", count)
	}
}

// oneRunEach checks that firings and runs have each other, one to one, and that each
// run has its one trial.
func (n *nightly) oneRunEach() {
	n.Helper()
	runs, err := n.db.Runs()
	if err != nil {
		n.Fatal(err)
	}
	of := map[string]string{}
	for _, run := range runs {
		if other, ok := of[run.Firing]; ok {
			n.Errorf("runs %s and %s are both of the firing %s", other, run.ID, run.Firing)
		}
		if of[run.Firing] = run.ID; run.Status != results.Finished || run.Trials() != 1 || run.Cached != 0 {
			n.Errorf("run %s is %s, with %s", run.ID, run.Status, tally(run))
		}
	}
	fired := 0
	for _, f := range n.firings() {
		key := schedule.Key("nightly", f.Due)
		if f.Run != of[key] {
			n.Errorf("the firing %s says it is run %q, and run %q says so", key, f.Run, of[key])
		}
		if f.Status == schedule.Finished {
			fired++
		}
	}
	if fired != len(runs) {
		n.Errorf("%d times were fired, and there are %d runs", fired, len(runs))
	}
}
