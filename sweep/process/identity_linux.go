package process

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
)

// boot tells this start of the machine from others, and this machine too: ticks
// alone count from its start.
var boot = sync.OnceValue(func() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
})

func identify(pid int) (ID, error) {
	s, err := stat(pid)
	if err != nil {
		return ID{}, err
	}
	return ID{pid, boot() + "/" + s.started}, nil
}

// status is what /proc/PID/stat says.
type status struct {
	parent  string
	started string // clock ticks since the machine's start
}

// Fields of /proc/PID/stat after the program's name, which may hold anything.
const (
	stateField   = 0
	parentField  = 1
	startedField = 19
)

// stat reads what the kernel says of a process that runs.
func stat(pid int) (status, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, errGone
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= startedField {
		return status{}, fmt.Errorf("read /proc/%d/stat: %d fields are too few", pid, len(fields))
	}
	if s := fields[stateField]; s[0] == 'Z' || s[0] == 'X' {
		return status{}, errGone
	}
	return status{string(fields[parentField]), string(fields[startedField])}, nil
}
