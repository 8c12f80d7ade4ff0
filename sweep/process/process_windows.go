package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func lead(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func detach(cmd *exec.Cmd) { lead(cmd) }

// terminate has no gentle form here: the stop file is.
func terminate(int) error { return nil }

func kill(leader int) error {
	p, err := os.FindProcess(leader)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func halt(int) error { return nil }

func own() int { return 0 }

func killed(*os.ProcessState) bool { return false }
