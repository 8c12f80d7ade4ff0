//go:build unix && !solaris && !aix && !android

package results

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// hasten takes the lock on a file that bbolt is about to take, who then has it
// already: where others have it, bbolt only looks again every 50 ms, and most
// transactions last one. What takes longer is left to it.
func hasten(f *os.File, exclusive bool) {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	const most = 5 * time.Millisecond
	waited := time.Duration(0)
	for pause := 100 * time.Microsecond; waited < time.Second; pause = min(2*pause, most) {
		if !errors.Is(unix.Flock(int(f.Fd()), how), unix.EWOULDBLOCK) {
			return
		}
		time.Sleep(pause)
		waited += pause
	}
}
