package runner_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
)

const silence = 300 * time.Millisecond

func nobody(t *testing.T) func(error) {
	t.Helper()
	return func(err error) { t.Errorf("the directory was lost: %v", err) }
}

// On one machine, a second process is refused while the first lives, and not after.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	quiet := func(string) {}
	release, err := runner.Hold(t.Context(), dir, silence, quiet, nobody(t))
	if err != nil {
		t.Fatal(err)
	}
	var held *runner.HeldError
	if _, err := runner.Hold(t.Context(), dir, silence, quiet, nobody(t)); !errors.As(err, &held) {
		t.Errorf("a second Hold = %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = runner.Hold(t.Context(), dir, silence, quiet, nobody(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v are left (%v)", left, err)
	}
}

// One on another machine is waited for: it is refused that gives a sign, and taken over
// from what is silent.
func TestHoldOfAnotherMachine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "runner.json")
	sign := func(n string) {
		if err := os.WriteFile(file, []byte(`{"host":"elsewhere","process":{"pid":7,"started":"then"},"sign":`+n+`}`), 0o600); err != nil {
			t.Error(err)
		}
	}
	sign("1")
	said := ""
	release, err := runner.Hold(t.Context(), dir, silence, func(text string) { said = text }, nobody(t))
	if err != nil || !strings.Contains(said, "process 7 on elsewhere") {
		t.Fatalf("Hold = %v, after %q", err, said)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	sign("1")
	var held *runner.HeldError
	if _, err := runner.Hold(t.Context(), dir, silence, func(string) { sign("2") }, nobody(t)); !errors.As(err, &held) || !strings.Contains(err.Error(), "process 7 on elsewhere") {
		t.Errorf("Hold = %v", err)
	}
}

// Who finds that another has taken over says so, and leaves the other's file.
func TestHoldIsLost(t *testing.T) {
	dir := t.TempDir()
	lost := make(chan error, 1)
	release, err := runner.Hold(t.Context(), dir, silence, func(string) {}, func(err error) { lost <- err })
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "runner.json")
	if err := os.WriteFile(file, []byte(`{"host":"elsewhere","process":{"pid":7,"started":"then"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-lost; !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("lost to %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the other's file is gone: %v", err)
	}
}
