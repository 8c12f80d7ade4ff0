package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become subreaper: %w", err)
	}
	return nil
}

// childless reports whether this process has no child at all, ended ones among
// them: one call in place of a look at every thread.
func childless() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return errors.Is(err, unix.ECHILD)
}

func descendants(pid int) []ID {
	if pid == os.Getpid() && childless() {
		return nil
	}
	var out []ID
	known := map[int]bool{pid: true}
	for parents := []int{pid}; len(parents) > 0; parents = parents[1:] {
		for _, child := range children(parents[0]) {
			if id, err := identify(child); err == nil && !known[child] {
				known[child] = true
				out = append(out, id)
				parents = append(parents, child)
			}
		}
	}
	return out
}

// children are the numbers of a process's children, each with the thread that
// started it.
func children(pid int) []int {
	task := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(task)
	if err != nil {
		return nil
	}
	var out []int
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join(task, thread.Name(), "children"))
		if err != nil {
			if _, err := os.Stat(filepath.Join(task, thread.Name())); err != nil {
				continue // the thread has ended
			}
			return childrenByParent(pid) // a kernel without such lists
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

func childrenByParent(pid int) []int {
	var out []int
	for _, candidate := range running() {
		if s, err := stat(candidate); err == nil && s.parent == strconv.Itoa(pid) {
			out = append(out, candidate)
		}
	}
	return out
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
