//go:build unix

package process

import (
	"os"
	"runtime"
	"syscall"
)

func peakBelow() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		return 0
	}
	return maxRSS(u)
}

func peakOf(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return maxRSS(*u)
}

// maxRSS is ru_maxrss in bytes; only Apple's systems count it so.
func maxRSS(u syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss) //nolint:unconvert // it has 32 bits on some machines
	}
	return int64(u.Maxrss) << 10 //nolint:unconvert // as above
}
