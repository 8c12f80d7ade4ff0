package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become subreaper: %w", err)
	}
	return nil
}

// childless reports whether this process has no child at all, ended ones among
// them: one call in place of a look at all processes.
func childless() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return errors.Is(err, unix.ECHILD)
}

func descendants(pid int) []ID {
	if pid == os.Getpid() && childless() {
		return nil
	}
	children := byParent()
	var out []ID
	known := map[int]bool{pid: true}
	for parents := []int{pid}; len(parents) > 0; parents = parents[1:] {
		for _, child := range children[parents[0]] {
			if id, err := identify(child); err == nil && !known[child] {
				known[child] = true
				out = append(out, id)
				parents = append(parents, child)
			}
		}
	}
	return out
}

// byParent tells children by asking all processes for their parents, once. The lists
// that the kernel has (/proc/PID/task/TID/children) are by thread, and looking into
// them makes the end of each thread cost a fraction of a millisecond.
func byParent() map[int][]int {
	children := map[int][]int{}
	for _, pid := range running() {
		if s, err := stat(pid); err == nil {
			if parent, err := strconv.Atoi(s.parent); err == nil {
				children[parent] = append(children[parent], pid)
			}
		}
	}
	return children
}

// running are the numbers of all processes.
func running() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

func byEnvironment(name string) map[string][]ID {
	above := map[int]bool{}
	for pid := os.Getpid(); pid > 0 && !above[pid]; {
		above[pid] = true
		s, err := stat(pid)
		if err != nil {
			break
		}
		pid, _ = strconv.Atoi(s.parent)
	}
	out := map[string][]ID{}
	prefix := []byte(name + "=")
	for _, pid := range running() {
		if above[pid] {
			continue
		}
		id, err := identify(pid)
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)) // others' cannot be read
		if err != nil {
			continue
		}
		for line := range bytes.SplitSeq(text, []byte{0}) {
			if value, ok := bytes.CutPrefix(line, prefix); ok {
				out[string(value)] = append(out[string(value)], id)
				break
			}
		}
	}
	return out
}
