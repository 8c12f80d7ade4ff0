package process

import (
	"io/fs"
	"os"
	"regexp"
)

// Memory is what the machine says of memory, by its files; tests have their own.
type Memory struct{ files fs.FS }

// System is this machine's memory.
func System() Memory { return Memory{os.DirFS("/")} }

// Available is the memory, in bytes, that programs started now can have: what the
// machine has left, or this process's control group where that is less. It is
// false where the system does not say.
func (m Memory) Available() (int64, bool) { return m.available() }

// OutOfMemoryKills is how many processes of this one's control group, or of the
// machine where there is none, the kernel has killed for want of memory so far;
// 0 where it does not say.
func (m Memory) OutOfMemoryKills() int { return m.outOfMemoryKills() }

// Resident is the memory, in bytes, that processes hold together, what they share
// counted once; 0 where the system does not say.
func Resident(ids []ID) int64 { return resident(ids) }

// Peak is the most memory, in bytes, that one process has held so far; 0 where
// the system does not say.
func Peak(pid int) int64 { return peak(pid) }

// PeakBelow is the most memory, in bytes, that any one of the processes has held
// that this one has waited for; 0 where the system does not say.
func PeakBelow() int64 { return peakBelow() }

// PeakOf is the most memory, in bytes, that a process which has ended, or any one
// that it had waited for, held. It is at least what whoever started it held then.
func PeakOf(s *os.ProcessState) int64 {
	if s == nil {
		return 0
	}
	return peakOf(s)
}

var noMemory = regexp.MustCompile(`(?i)\bMemoryError\b|\bout of memory\b|OutOfMemory|std::bad_alloc|cannot allocate memory`)

// OutOfMemory reports whether a program that failed says in a line that it could
// not get memory, or its device's: as Python, PyTorch, C++, Go and the C library do.
func OutOfMemory(line string) bool { return noMemory.MatchString(line) }
