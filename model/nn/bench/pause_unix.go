//go:build unix

package main

import (
	"os"
	"syscall"
)

// pause stops a process until resume: threads of OpenMP's that wait for work may
// spin, and would take the core from whoever's turn it is.
func pause(p *os.Process) error  { return p.Signal(syscall.SIGSTOP) }
func resume(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
