package main

import (
	"os"
	"syscall"
)

// peakMemory is the largest resident size in bytes that the process or one of
// its children had.
func peakMemory(s *os.ProcessState) float64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return float64(u.Maxrss) * 1024
	}
	return 0
}
