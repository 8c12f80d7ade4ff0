package process

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

func cores() []int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil
	}
	var out []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			out = append(out, i)
		}
	}
	return out
}

// startOn starts cmd from a thread that is on the cores: what it starts inherits them.
func startOn(cmd *exec.Cmd, cores []int) error {
	runtime.LockOSThread()
	var before, set unix.CPUSet
	for _, i := range cores {
		set.Set(i)
	}
	err := unix.SchedGetaffinity(0, &before)
	if err == nil {
		err = unix.SchedSetaffinity(0, &set)
	}
	if err != nil { // the cores were taken away: any will do
		runtime.UnlockOSThread()
		return cmd.Start()
	}
	err = cmd.Start()
	if unix.SchedSetaffinity(0, &before) == nil {
		runtime.UnlockOSThread() // else the thread ends with the goroutine
	}
	return err
}
