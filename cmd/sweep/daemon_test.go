//go:build unix

package main

import (
	"bytes"
	"fmt"
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
