package process

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

func (m Memory) available() (int64, bool) {
	left, known := m.field("proc/meminfo", "MemAvailable:")
	left <<= 10
	for _, dir := range m.groups() {
		limit, ok := m.number(path.Join(dir, "memory.max"))
		used, also := m.number(path.Join(dir, "memory.current"))
		cache, _ := m.field(path.Join(dir, "memory.stat"), "inactive_file")
		if !ok { // version 1
			limit, ok = m.number(path.Join(dir, "memory.limit_in_bytes"))
			used, also = m.number(path.Join(dir, "memory.usage_in_bytes"))
			cache, _ = m.field(path.Join(dir, "memory.stat"), "total_inactive_file")
		}
		if ok && also {
			if rest := limit - used + cache; !known || rest < left { // a file's pages are given back
				left, known = max(rest, 0), true
			}
		}
	}
	return left, known
}

func (m Memory) outOfMemoryKills() int {
	for _, dir := range m.groups() {
		for _, name := range []string{"memory.events", "memory.oom_control"} {
			if n, ok := m.field(path.Join(dir, name), "oom_kill"); ok {
				return int(n)
			}
		}
	}
	n, _ := m.field("proc/vmstat", "oom_kill")
	return int(n)
}

// groups are the directories of this process's control group and of those it is
// in, the innermost first, for both versions of control groups.
func (m Memory) groups() []string {
	text, err := fs.ReadFile(m.files, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		root := "sys/fs/cgroup"
		switch {
		case parts[1] == "memory":
			root += "/memory"
		case parts[1] != "":
			continue
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			out = append(out, path.Join(root, group))
			if group == "/" {
				break
			}
		}
	}
	return out
}

// number is a file's one number; "max" is none.
func (m Memory) number(name string) (int64, bool) {
	text, err := fs.ReadFile(m.files, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// field is the number after a key that begins a line of a file.
func (m Memory) field(name, key string) (int64, bool) {
	text, err := fs.ReadFile(m.files, name)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == key {
			n, err := strconv.ParseInt(words[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// kernel are the files that tell of processes.
var kernel = Memory{os.DirFS("/")}

func peak(pid int) int64 {
	kb, _ := kernel.field(fmt.Sprintf("proc/%d/status", pid), "VmHWM:")
	return kb << 10
}

func resident(ids []ID) int64 {
	var sum int64
	for _, id := range ids {
		kb, ok := int64(0), false
		if len(ids) > 1 { // what they share counts once: its cost is a walk through their pages
			kb, ok = kernel.field(fmt.Sprintf("proc/%d/smaps_rollup", id.PID), "Pss:")
		}
		if !ok {
			kb, _ = kernel.field(fmt.Sprintf("proc/%d/status", id.PID), "VmRSS:")
		}
		sum += kb << 10
	}
	return sum
}
