package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const zombie = 5 // SZOMB of sys/proc.h

func identify(pid int) (ID, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || info.Proc.P_stat == zombie {
		return ID{}, errGone
	}
	start := info.Proc.P_starttime
	return ID{pid, fmt.Sprintf("%d.%06d", start.Sec, start.Usec)}, nil
}
