//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func lead(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func terminate(leader int) error { return signal(leader, syscall.SIGTERM) }

func kill(leader int) error { return signal(leader, syscall.SIGKILL) }

func signal(leader int, s syscall.Signal) error {
	if err := syscall.Kill(-leader, s); err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, syscall.EPERM) {
		return err // EPERM: what is left of the group is a zombie, on some systems
	}
	return nil
}

func halt(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func own() int {
	if pid := syscall.Getpid(); syscall.Getpgrp() == pid {
		return pid
	}
	return 0
}

func killed(state *os.ProcessState) bool {
	w, ok := state.Sys().(syscall.WaitStatus)
	return ok && w.Signaled() && (w.Signal() == syscall.SIGKILL || w.Signal() == syscall.SIGTERM)
}
