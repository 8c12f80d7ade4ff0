//go:build linux

package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// start runs a shell script that prints a line when it is ready. Nobody waits for
// it before the test ends.
func start(t *testing.T, script string, env ...string) (*exec.Cmd, ID) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", script)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	Lead(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = Kill(cmd.Process.Pid) // it may be gone
		_ = cmd.Wait()
	})
	if n, err := out.Read(make([]byte, 1)); n != 1 {
		t.Fatalf("the script is not ready: %v", err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, id
}

func TestIDIsOfOneProcess(t *testing.T) {
	_, id := start(t, "echo; exec sleep 1000")
	if !id.Alive() {
		t.Fatalf("%+v does not run", id)
	}
	stranger := ID{id.PID, id.Started + "0"} // who had that number earlier
	if stranger.Alive() {
		t.Errorf("%+v runs", stranger)
	}
	if err := End(t.Context(), []ID{stranger}, 0); err != nil || !id.Alive() {
		t.Fatalf("End of a process that is gone: %v, and the one that has its number now runs: %v", err, id.Alive())
	}
	if err := End(t.Context(), []ID{id}, 0); err != nil || id.Alive() {
		t.Errorf("End: %v, and it runs: %v", err, id.Alive())
	}
	if _, err := Identify(id.PID); err == nil {
		t.Error("one that was killed and not waited for is a process")
	}
}

func TestEndAsksBeforeItKills(t *testing.T) {
	said := filepath.Join(t.TempDir(), "said")
	_, gentle := start(t, "trap 'echo bye > "+said+"; exit' TERM; echo; while :; do sleep 0.01; done")
	_, stubborn := start(t, "trap '' TERM; echo; while :; do sleep 0.01; done")
	if err := End(t.Context(), []ID{gentle, stubborn}, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(said); string(text) != "bye\n" {
		t.Errorf("the gentle one said %q (%v)", text, err)
	}
	if gentle.Alive() || stubborn.Alive() {
		t.Error("one of them runs")
	}
	_, other := start(t, "trap '' TERM; echo; while :; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := End(ctx, []ID{other}, time.Hour); err != nil || other.Alive() {
		t.Errorf("End under a context that has ended: %v, and it runs: %v", err, other.Alive())
	}
}

func TestDescendantsOfASession(t *testing.T) {
	cmd, id := start(t, "setsid sh -c 'echo; sleep 1000; :' & wait", "SWEEP_TEST_NAME="+t.TempDir())
	below := Descendants(cmd.Process.Pid)
	found := func() (all []ID) { // one that is about to become another program has no environment
		for _, ids := range ByEnvironment("SWEEP_TEST_NAME") {
			all = append(all, ids...)
		}
		return all
	}
	for deadline := time.After(10 * time.Second); len(below) < 2 || len(found()) < 3; below = Descendants(cmd.Process.Pid) {
		select {
		case <-deadline:
			t.Fatalf("below are %v, by the environment %v; want the session's shell and what it runs", below, found())
		case <-time.After(again):
		}
	}
	for _, want := range append(below, id) {
		if all := found(); !slices.Contains(all, want) {
			t.Errorf("the environment gives %v, want %v among them", all, want)
		}
	}
	if Resident(append(below, id)) <= 0 || Peak(id.PID) <= 0 {
		t.Error("they hold no memory")
	}
	if err := KillBelow(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := End(t.Context(), below, 0); err != nil { // they went to another parent, where they may take a moment
		t.Error(err)
	}
}

func TestStartOn(t *testing.T) {
	before := Cores()
	last := before[len(before)-1]
	cmd := exec.CommandContext(t.Context(), "grep", "Cpus_allowed_list", "/proc/self/status")
	var out strings.Builder
	cmd.Stdout = &out
	if err := StartOn(cmd, []int{last}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, list, _ := strings.Cut(out.String(), "\t"); strings.TrimSpace(list) != fmt.Sprint(last) {
		t.Errorf("it may use cores %q, want %d", list, last)
	}
	if now := Cores(); !slices.Equal(now, before) {
		t.Errorf("this process may use cores %v, want %v as before", now, before)
	}
}

func TestAvailable(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  int64
		known bool
		kills int
	}{
		"nothing is told": {fstest.MapFS{}, 0, false, 0},
		"the machine": {fstest.MapFS{
			"proc/meminfo": file("MemTotal: 100 kB\nMemAvailable:   50 kB\n"), "proc/self/cgroup": file("0::/\n"),
			"proc/vmstat": file("nr_free_pages 1\noom_kill 7\n"),
		}, 50 << 10, true, 7},
		"a group above": {fstest.MapFS{
			"proc/meminfo": file("MemAvailable: 50 kB\n"), "proc/self/cgroup": file("0::/user/job\n"), "proc/vmstat": file("oom_kill 7\n"),
			"sys/fs/cgroup/user/memory.max": file("9000\n"), "sys/fs/cgroup/user/memory.current": file("4000\n"),
			"sys/fs/cgroup/user/memory.stat":    file("anon 3000\ninactive_file 500\n"),
			"sys/fs/cgroup/user/job/memory.max": file("max\n"), "sys/fs/cgroup/user/job/memory.current": file("4000\n"),
			"sys/fs/cgroup/user/job/memory.events": file("low 0\noom 2\noom_kill 1\n"),
		}, 5500, true, 1},
		"a group over its limit": {fstest.MapFS{
			"proc/meminfo": file("MemAvailable: 50 kB\n"), "proc/self/cgroup": file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("9000\n"), "sys/fs/cgroup/memory.current": file("9500\n"),
		}, 0, true, 0},
		"version 1": {fstest.MapFS{
			"proc/meminfo": file("MemAvailable: 50 kB\n"), "proc/self/cgroup": file("5:cpu:/\n4:memory:/box\n0::/\n"),
			"sys/fs/cgroup/memory/box/memory.limit_in_bytes": file("9000\n"), "sys/fs/cgroup/memory/box/memory.usage_in_bytes": file("8000\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"), "sys/fs/cgroup/memory/memory.usage_in_bytes": file("8000\n"),
			"sys/fs/cgroup/memory/box/memory.oom_control": file("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
		}, 1000, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			m := Memory{test.files}
			if got, known := m.Available(); got != test.want || known != test.known {
				t.Errorf("available are %d bytes (%v), want %d (%v)", got, known, test.want, test.known)
			}
			if got := m.OutOfMemoryKills(); got != test.kills {
				t.Errorf("%d out-of-memory kills, want %d", got, test.kills)
			}
		})
	}
}
