//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

// nightly is a directory with a sweep file whose nights are seconds.
type nightly struct {
	*testing.T
	dir   string
	sweep string
	db    *results.DB
}

// newNightly adds a sweep whose one trial runs a shell script, at the times of a
// schedule block.
func newNightly(t *testing.T, script, block string) *nightly {
	t.Helper()
	n := &nightly{T: t, dir: t.TempDir()}
	var err error
	if n.sweep, err = exec.LookPath("sweep"); err != nil {
		t.Fatal(err)
	}
	if n.db, err = results.Open(filepath.Join(n.dir, ".sweep")); err != nil {
		t.Fatal(err)
	}
	n.write(script, block)
	if out, err := n.command("schedule", "add", "nightly.hcl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return n
}

// write writes the sweep file.
func (n *nightly) write(script, block string) {
	n.Helper()
	text := fmt.Sprintf(`
minimize = "loss"
params {
  x = [1]
}
command {
  argv = ["sh", "-c", %q, %q]
  dir  = %q
}
metric "loss" {
  pattern = "loss=([0-9]+)"
}
schedule {
  %s
}
`, script, n.dir, n.dir, block)
	if err := os.WriteFile(filepath.Join(n.dir, "nightly.hcl"), []byte(text), 0o600); err != nil {
		n.Fatal(err)
	}
}

func (n *nightly) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(n.Context(), n.sweep, args...)
	cmd.Dir = n.dir
	return cmd
}

// log is what a daemon has said so far.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *log) has(words string) func() bool {
	return func() bool { return strings.Contains(l.String(), words) }
}

// daemon starts one, and waits until it serves.
func (n *nightly) daemon(env ...string) (*exec.Cmd, *log) {
	n.Helper()
	cmd, said := n.command("daemon"), &log{}
	cmd.Stderr, cmd.Env = said, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() {
		if n.Failed() {
			n.Logf("the daemon has said\n%s", said)
		}
	})
	eventually(n.T, "the daemon serves", said.has(" schedules\n"))
	return cmd, said
}

// end asks a daemon to end, and has it end well.
func (n *nightly) end(cmd *exec.Cmd) {
	n.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		n.Errorf("the daemon ended with %v", err)
	}
}

func (n *nightly) firings() []schedule.Firing {
	n.Helper()
	firings, err := n.db.Firings("nightly", 10000)
	if err != nil {
		n.Fatal(err)
	}
	return firings
}

// last is the last firing of that status.
func (n *nightly) last(s schedule.Status) (f schedule.Firing, ok bool) {
	n.Helper()
	for _, f := range n.firings() {
		if f.Status == s {
			return f, true
		}
	}
	return f, false
}

func (n *nightly) comesTo(s schedule.Status) schedule.Firing {
	n.Helper()
	var f schedule.Firing
	eventually(n.T, "a firing is "+string(s), func() (ok bool) {
		f, ok = n.last(s)
		return ok
	})
	return f
}

// TestKilledDaemonDoublesNothingAndLosesNothing runs a daemon with a time every
// second, kills it with SIGKILL at random moments and starts it again: every second
// has its record, and every one that was fired is one run.
func TestKilledDaemonDoublesNothingAndLosesNothing(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 4
	}
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

// TestDaemonDrains ends a daemon while a run goes on: the next one goes on with it.
func TestDaemonDrains(t *testing.T) {
	for _, kind := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL} {
		t.Run(kind.String(), func(t *testing.T) {
			n := newNightly(t, "touch started; test -e again || exec sleep 60; echo loss=1", `cron = "* * * * * *"`)
			cmd, said := n.daemon()
			eventually(t, "the run goes on", func() bool { _, err := os.Stat(filepath.Join(n.dir, "started")); return err == nil })
			if err := cmd.Process.Signal(kind); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); (err == nil) != (kind != syscall.SIGKILL) {
				t.Errorf("the daemon ended with %v", err)
			}
			if kind != syscall.SIGKILL && !strings.Contains(said.String(), "ends: 1 runs keep a checkpoint") {
				t.Error("it does not say that it ends")
			}
			eventually(t, "its processes end", func() bool { return processesIn(t, n.dir) == "" })
			f, ok := n.last(schedule.Running)
			if !ok || f.Run == "" {
				t.Fatalf("the firing is not there to go on with: %v", n.firings())
			}
			if ls, err := n.command("schedule", "ls", "nightly").CombinedOutput(); err != nil || !strings.Contains(string(ls), "interrupted: the daemon, or sweep schedule run, goes on with it") {
				t.Errorf("schedule ls (%v): %s", err, ls)
			}
			if err := os.WriteFile(filepath.Join(n.dir, "again"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd, said = n.daemon()
			eventually(t, "the firing is done", func() bool {
				for _, other := range n.firings() {
					if other.Due.Equal(f.Due) {
						return other.Status == schedule.Finished && other.Run == f.Run
					}
				}
				return false
			})
			n.end(cmd)
			if !said.has("nightly of " + dueTime(f.Due) + ": goes on")() {
				t.Error("it does not say that it goes on")
			}
		})
	}
}

// TestDaemonEndsRuns has runs ended by their deadline, and by the next one.
func TestDaemonEndsRuns(t *testing.T) {
	t.Run("deadline", func(t *testing.T) {
		n := newNightly(t, "exec sleep 60", "cron = \"* * * * * *\"\n  deadline = \"1500ms\"")
		cmd, _ := n.daemon()
		f := n.comesTo(schedule.Ended)
		n.end(cmd)
		if took := f.Finished.Sub(f.Started); f.Reason != "it was not done by its deadline" || took < 1500*time.Millisecond {
			t.Errorf("after %v, %+v", took, f)
		}
		run, err := n.db.Find(f.Run)
		if err != nil || run.Status != results.Finished || run.Reason != f.Reason || run.Counts["cancelled"] != 1 {
			t.Errorf("its run is %+v (%v)", run, err)
		}
	})
	t.Run("replace", func(t *testing.T) {
		n := newNightly(t, "exec sleep 60", "cron = \"*/2 * * * * *\"\n  overlap = \"replace\"")
		cmd, _ := n.daemon()
		f := n.comesTo(schedule.Ended)
		if f.Reason != "a later one took its place" {
			t.Errorf("%+v", f)
		}
		eventually(t, "the next one runs", func() bool {
			next, ok := n.last(schedule.Running)
			return ok && next.Due.After(f.Due) && next.Run != "" && next.Run != f.Run
		})
		n.end(cmd)
	})
}

// TestDaemonReloads changes the file under a daemon: what is wrong is told, and the
// last good schedule goes on.
func TestDaemonReloads(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it was only read
	hear := func(want string) {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		k, err := conn.Read(b)
		if err != nil || string(b[:k]) != want {
			t.Errorf("systemd hears %q (%v), want %q", b[:k], err, want)
		}
	}
	n := newNightly(t, "echo loss=1", `cron = "0 0 1 1 *"`)
	cmd, said := n.daemon(notifySocket + "=" + socket)
	hear("READY=1")
	second := n.command("daemon")
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("is served by process %d: end that one first", cmd.Process.Pid)) {
		t.Errorf("a second daemon ended with %v, and said %s", err, out)
	}
	hup := func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		hear("RELOADING=1")
		hear("READY=1")
	}

	n.write("echo loss=1", `cron = "0 25 * * *"`)
	hup()
	eventually(t, "the mistake is told", said.has("end of range (25) above maximum (23)"))
	eventually(t, "the last good one goes on", said.has("its last good schedule goes on"))
	ls, err := n.command("schedule", "ls").CombinedOutput()
	if err != nil || !strings.Contains(string(ls), "01-01 00:00:00") || !strings.Contains(string(ls), "nightly cannot be read, and goes by what it was") {
		t.Errorf("schedule ls (%v): %s", err, ls)
	}

	n.write("echo loss=1", `cron = "* * * * * *"`)
	hup()
	eventually(t, "it is read again", said.has("nightly.hcl is read again"))
	n.comesTo(schedule.Finished)
	if ls, err = n.command("schedule", "ls").CombinedOutput(); err != nil || strings.Contains(string(ls), "cannot be read") {
		t.Errorf("schedule ls (%v): %s", err, ls)
	}

	// What is added is known at once.
	text, err := os.ReadFile(filepath.Join(n.dir, "nightly.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "other.hcl"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := n.command("schedule", "add", "other.hcl").CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("the daemon, process %d, knows", cmd.Process.Pid)) {
		t.Errorf("schedule add (%v): %s", err, out)
	}
	eventually(t, "the other one runs", said.has("other of "))
	hear("RELOADING=1")
	hear("READY=1")
	n.end(cmd)
	hear("STOPPING=1")
}

// TestRunByHandBesideADaemon has a time of the schedule come while somebody runs it.
func TestRunByHandBesideADaemon(t *testing.T) {
	n := newNightly(t, "touch started; while ! test -e done; do sleep 0.05; done; echo loss=1", `cron = "0 0 1 1 *"`)
	hand := n.command("schedule", "run", "-q", "nightly")
	if err := hand.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the run goes on", func() bool { _, err := os.Stat(filepath.Join(n.dir, "started")); return err == nil })
	n.write("touch started; while ! test -e done; do sleep 0.05; done; echo loss=1", `cron = "* * * * * *"`)
	cmd, said := n.daemon()
	f := n.comesTo(schedule.Skipped)
	if f.Reason != "the one before it was still running" {
		t.Errorf("%+v", f)
	}
	if out, err := n.command("schedule", "rm", "nightly").CombinedOutput(); err == nil || !strings.Contains(string(out), fmt.Sprintf("schedule nightly is being run by process %d", hand.Process.Pid)) {
		t.Errorf("schedule rm (%v): %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "done"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := hand.Wait(); err != nil {
		t.Errorf("the run by hand: %v", err)
	}
	eventually(t, "the daemon fires again", said.has(": finished; "))
	n.end(cmd)
}

// TestRunByHandIsGoneOnWith kills a run by hand: a daemon goes on with it.
func TestRunByHandIsGoneOnWith(t *testing.T) {
	n := newNightly(t, "touch started; test -e again || exec sleep 60; echo loss=1", `cron = "0 0 1 1 *"`)
	hand := n.command("schedule", "run", "-q", "nightly")
	if err := hand.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the run goes on", func() bool { _, err := os.Stat(filepath.Join(n.dir, "started")); return err == nil })
	if err := hand.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := hand.Wait(); err == nil {
		t.Error("it ended well")
	}
	if err := os.WriteFile(filepath.Join(n.dir, "again"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, _ := n.daemon()
	if f := n.comesTo(schedule.Finished); !f.Manual || f.Run != "nightly-1" {
		t.Errorf("%+v", f)
	}
	n.end(cmd)
}

// TestUnit has systemd itself check the unit, of a workspace whose name is a trial.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze to check the unit with")
	}
	sweep, err := exec.LookPath("sweep")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	dir := filepath.Join(home, `100% "odd" $HOME`)
	install := exec.CommandContext(t.Context(), sweep, "--dir", filepath.Join(dir, ".sweep"), "schedule", "install", "--with", "systemd")
	install.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"))
	out, err := install.Output()
	if err != nil {
		t.Fatal(err)
	}
	units, err := filepath.Glob(filepath.Join(home, ".config/systemd/user/sweep-100-odd-HOME-*.service"))
	if err != nil || len(units) != 1 {
		t.Fatalf("units %v (%v)", units, err)
	}
	if want := "systemctl --user daemon-reload\nsystemctl --user enable --now " + filepath.Base(units[0]) + "\n"; string(out) != want {
		t.Errorf("it says to type %q, want %q", out, want)
	}
	verify := exec.CommandContext(t.Context(), analyze, "verify", "--user", units[0])
	verify.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	uninstall := exec.CommandContext(t.Context(), install.Path, "--dir", filepath.Join(dir, ".sweep"), "schedule", "uninstall")
	uninstall.Env = install.Env
	if out, err = uninstall.Output(); err != nil || !strings.HasPrefix(string(out), "systemctl --user disable --now "+filepath.Base(units[0])) {
		t.Errorf("uninstall (%v): %s", err, out)
	}
	if _, err := os.Stat(units[0]); err == nil {
		t.Error("the unit is still there")
	}
}
