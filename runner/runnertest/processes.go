package runnertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Daemon are lines of a script that start a process of its own session, which
// ignores being asked to end, and wait until its number is in the file daemon of
// the trial directory. Where there is no setsid the process stays in its session.
const Daemon = `
daemon='trap "" TERM HUP INT; echo $$ > $SWEEP_TRIAL_DIR/daemon.part; mv $SWEEP_TRIAL_DIR/daemon.part $SWEEP_TRIAL_DIR/daemon; while :; do sleep 1000; done'
setsid=$(command -v setsid) || setsid=
( $setsid sh -c "$daemon" > /dev/null 2>&1 < /dev/null & )
while ! test -e $SWEEP_TRIAL_DIR/daemon; do sleep 0.01; done
`

// left tries that nothing a trial has started is left, however it ends.
func left(t *testing.T, run func(*testing.T, context.Context, sweep.Job, func(sweep.Report)) sweep.Result) {
	t.Helper()
	for name, test := range map[string]struct {
		script string
		cause  error // with which its context ends at its first report; nil: it does not
		want   sweep.Outcome
	}{
		"succeeded":              {"echo loss=1", nil, sweep.Succeeded},
		"failed":                 {"echo loss=1; exit 3", nil, sweep.Failed},
		"killed by a signal":     {"echo loss=1; kill -KILL $$", nil, sweep.Lost},
		"stopped":                {"echo loss=1; sleep 100", sweep.ErrStop, sweep.Stopped},
		"interrupted":            {"echo loss=1; sleep 100", sweep.ErrInterrupt, sweep.Cancelled},
		"cancelled at once":      {"echo loss=1; sleep 100", errors.New("the machine is on fire"), sweep.Cancelled},
		"stopped against a will": {"trap '' TERM; echo loss=1; sleep 100; sleep 100", sweep.ErrStop, sweep.Stopped},
	} {
		t.Run("nothing is left of a trial that has "+name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			j := Job(t, Daemon+test.script)
			result := run(t, ctx, j, func(sweep.Report) {
				if test.cause != nil {
					cancel(test.cause)
				}
			})
			if result.Outcome != test.want {
				t.Errorf("result %+v, want %s", result, test.want)
			}
			Gone(t, filepath.Join(j.Trial.Dir, "daemon"))
		})
	}
}

// Gone waits until the process has ended whose number is in a file, as Daemon has
// it; one that was killed may take a moment.
func Gone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for runs(t, pid) {
		select {
		case <-ticks.C:
		case <-deadline:
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // what is left of a failed test
			}
			t.Fatalf("process %d is left", pid)
		}
	}
}

// runs reports whether a process is there and no zombie.
func runs(t *testing.T, pid int) bool {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err != nil || p.Signal(syscall.Signal(0)) != nil {
		return false
	}
	state, err := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}
