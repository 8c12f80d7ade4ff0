//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep/schedule"
)

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
