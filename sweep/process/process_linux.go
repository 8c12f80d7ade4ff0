package process

import (
	"os/exec"
	"syscall"
)

func prepare(cmd *exec.Cmd, lead bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: lead, Pdeathsig: syscall.SIGKILL}
}
