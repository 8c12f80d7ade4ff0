package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// ticking has this program tell the time, again and again.
const ticking = "TORTURE_TICKING"

func TestMain(m *testing.M) {
	if os.Getenv(ticking) == "" {
		os.Exit(m.Run())
	}
	for start := time.Now(); ; {
		fmt.Println(time.Now().Unix(), time.Since(start))
	}
}

// The wall clock of a process jumps, to where it was told from the true time; its
// monotonic clock goes on.
func TestJump(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), ticking+"=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, by := range []time.Duration{-furthest, furthest, 0} {
		if err := jump(cmd.Process.Pid, by); err != nil {
			t.Fatal(err)
		}
		want := time.Now().Add(by).Unix()
		near := false
		for tries := 0; !near && tries < 1_000_000 && lines.Scan(); tries++ { // what was told before comes first
			var unix int64
			var word string
			if _, err := fmt.Sscan(lines.Text(), &unix, &word); err != nil {
				t.Fatal(err)
			}
			passed, err := time.ParseDuration(word)
			if err != nil || passed < 0 || passed > time.Hour {
				t.Fatalf("%s have passed (%v)", word, err)
			}
			near = unix >= want-60 && unix <= want+60
		}
		if !near {
			t.Errorf("the clock never came to be %v ahead", by)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if err := jump(cmd.Process.Pid, furthest); err != nil {
		t.Errorf("a process that has ended: %v", err)
	}
}
