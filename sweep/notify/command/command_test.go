package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/notify/notifytest"
)

// TestMain makes this test program the one that is run: it does what SWEEP_TEST_ACT says.
func TestMain(m *testing.M) {
	switch act := os.Getenv("SWEEP_TEST_ACT"); act {
	case "":
		os.Exit(m.Run())
	case "fail":
		fmt.Fprintln(os.Stderr, "it begins\nthe printer is on fire")
		os.Exit(3)
	case "hang": // with a child that hangs too, and keeps a connection to the test
		if len(os.Args) > 1 {
			if err := exec.Command(os.Args[0]).Start(); err != nil { //nolint:noctx // it is to be killed
				os.Exit(1)
			}
		} else if _, err := net.Dial("tcp", os.Getenv("SWEEP_TEST_ADDR")); err != nil { //nolint:noctx // it is to be killed
			os.Exit(1)
		}
		time.Sleep(time.Hour)
	default: // the file to append a line to
		body, err := io.ReadAll(os.Stdin)
		if err == nil {
			var f *os.File
			if f, err = os.OpenFile(act, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
				_, err = fmt.Fprintf(f, "%s\x01%q\x01%s|%s|%s|%s|%s\x02", body, os.Args[1:], os.Getenv("SWEEP_RUN"), os.Getenv("SWEEP_OCCASIONS"), os.Getenv("SWEEP_BEST_TRIAL"), os.Getenv("SWEEP_BEST_VALUE"), os.Getenv("SWEEP_REPORT"))
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

func program(t *testing.T, act string, c Config) sweep.Notifier {
	t.Helper()
	t.Setenv("SWEEP_TEST_ACT", act)
	c.Argv = append([]string{os.Args[0]}, c.Argv...)
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	n, err := New(sweep.Spec{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func recorder(t *testing.T, args ...string) (sweep.Notifier, func() []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "told")
	return program(t, file, Config{Argv: args}), func() []string {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\x02"), "\x02")
	}
}

func TestContract(t *testing.T) {
	notifytest.Run(t, notifytest.Way{
		New: func(t *testing.T) (sweep.Notifier, func() []string) {
			t.Helper()
			return recorder(t)
		},
		Broken: func(t *testing.T) sweep.Notifier {
			t.Helper()
			return program(t, "fail", Config{Argv: []string{"s3cr3t"}})
		},
		Secrets: []string{"s3cr3t"},
	})
}

// The program gets its arguments as they are, the notice as JSON, and the most of it
// in its environment.
func TestProgram(t *testing.T) {
	n, received := recorder(t, "$HOME; rm -rf /", "*")
	if err := n.Notify(t.Context(), notifytest.Sample()); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(received()[0], "\x01")
	var got sweep.Notice
	if err := json.Unmarshal([]byte(parts[0]), &got); err != nil || got.Run != "grid-3" || got.Best.Params["hidden"] != sweep.Int(128) {
		t.Errorf("%v: %+v", err, got)
	}
	if parts[1] != `["$HOME; rm -rf /" "*"]` {
		t.Errorf("arguments %s", parts[1])
	}
	if parts[2] != "grid-3|finished|grid-3/7|0.98125|/srv/sweeps/.sweep/runs/grid-3/report.html" {
		t.Errorf("environment %s", parts[2])
	}
}

// A program that hangs is killed, with what it has started.
func TestHanging(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody uses it any more
	t.Setenv("SWEEP_TEST_ADDR", l.Addr().String())
	n := program(t, "hang", Config{Argv: []string{"with a child"}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- n.Notify(ctx, notifytest.Sample()) }()
	child, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("nobody was told, and there is no error")
	}
	if _, err := child.Read(make([]byte, 1)); err == nil { // until it has died
		t.Error("the child speaks")
	}
	err = program(t, "hang", Config{Argv: []string{"with a child"}, Timeout: 100 * time.Millisecond}).Notify(t.Context(), notifytest.Sample())
	if err == nil || !strings.HasSuffix(err.Error(), "it took longer than 100ms") {
		t.Error(err)
	}
}

// A program that fails says why.
func TestFailures(t *testing.T) {
	err := program(t, "fail", Config{}).Notify(t.Context(), notifytest.Sample())
	if err == nil || !strings.HasSuffix(err.Error(), "exit status 3: the printer is on fire") {
		t.Error(err)
	}
	n, err := New(sweep.Spec{}, Config{Argv: []string{"no-such-program-here"}, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Notify(t.Context(), notifytest.Sample()); err == nil || !strings.Contains(err.Error(), "no-such-program-here") {
		t.Error(err)
	}
}

func TestWrong(t *testing.T) {
	for want, c := range map[string]Config{"argv is empty": {Timeout: 1}, "timeout must be above 0": {Argv: []string{"x"}}} {
		if _, err := New(sweep.Spec{}, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Of what a program prints, the end is kept.
func TestTail(t *testing.T) {
	var out tail
	for range 100 {
		fmt.Fprintln(&out, strings.Repeat("x", 99))
	}
	fmt.Fprint(&out, "\nlast\n\n")
	if len(out.text) != kept || out.line() != "last" {
		t.Errorf("%d bytes, %q", len(out.text), out.line())
	}
}
