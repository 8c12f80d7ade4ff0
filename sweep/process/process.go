// Package process starts programs that do not outlive whoever started them,
// tells processes apart for good, ends what is left of them, keeps them to
// cores and says what memory they use. It knows nothing of trials. What only
// some systems can do does nothing on the others.
package process

import (
	"os"
	"os/exec"
)

// Lead sets cmd up, before it starts, to lead a process group of its own.
func Lead(cmd *exec.Cmd) { lead(cmd) }

// Detach sets cmd up, before it starts, to outlive this process and its terminal.
func Detach(cmd *exec.Cmd) { detach(cmd) }

// Follow sets cmd up, before it starts, to stay in this process's group and to
// be killed when this process dies (on Linux, where the kernel can). The
// goroutine that starts it must stay locked to its thread until the program has
// ended: the kernel watches the thread, not the process.
func Follow(cmd *exec.Cmd) { follow(cmd) }

// Terminate asks a group, by its leader's process ID, to end.
func Terminate(leader int) error {
	if leader <= 0 {
		return nil
	}
	return terminate(leader)
}

// Kill ends every process of a group at once. A group that is gone is no error.
func Kill(leader int) error {
	if leader <= 0 {
		return nil
	}
	return kill(leader)
}

// Halt keeps a process from doing anything more but be killed (not on Windows). One
// that is gone is no error.
func Halt(pid int) error { return halt(pid) }

// Own is the group that this process leads, 0 where it leads none.
func Own() int { return own() }

// Killed reports whether a program ended by a signal that others send to be rid of
// it, not by anything of its own.
func Killed(state *os.ProcessState) bool { return killed(state) }
