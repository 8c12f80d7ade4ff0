package process

import (
	"strconv"

	"golang.org/x/sys/windows"
)

func identify(pid int) (ID, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ID{}, errGone
	}
	defer windows.CloseHandle(h) //nolint:errcheck // it only frees the handle
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return ID{}, err
	}
	if exited.Nanoseconds() > 0 {
		return ID{}, errGone
	}
	return ID{pid, strconv.FormatInt(created.Nanoseconds(), 10)}, nil
}
