// Package process starts programs that do not outlive whoever started them. It
// knows nothing of trials.
package process

import "os/exec"

// Prepare sets cmd up, before it starts, to be killed when its parent dies
// (on Linux, where the kernel can), and to lead a process group of its own if
// lead is true. The goroutine that starts it must stay locked to its thread
// until the program has ended: the kernel watches the thread, not the process.
func Prepare(cmd *exec.Cmd, lead bool) { prepare(cmd, lead) }

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

// Own is the group that this process leads, 0 where it leads none.
func Own() int { return own() }
