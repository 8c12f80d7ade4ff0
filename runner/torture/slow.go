package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// tracer is the program that has others' system calls wait.
const tracer = "strace"

// writes are the calls that a slow disk makes wait; what bbolt writes, it syncs.
const writes = "fsync,fdatasync,pwrite64,rename,renameat,renameat2,unlink,unlinkat,mkdirat"

func traced(*workspace) bool {
	_, err := exec.LookPath(tracer)
	return err == nil
}

// slowed makes the disk slow for a run and its trials, and kills the run after it has
// gone on like that for a while.
func slowed(ctx context.Context, w *workspace, p *program) error {
	r := w.random()
	pause := 10 + r.IntN(200) // milliseconds
	args := []string{"-qq", "-f", "-o", "/dev/null", "-e", "trace=" + writes, "-e", fmt.Sprintf("inject=%s:delay_enter=%dms", writes, pause)}
	for _, pid := range w.processes(p) {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	tracing, stop := context.WithCancel(ctx)
	defer stop()
	var words bytes.Buffer
	cmd := exec.CommandContext(tracing, tracer, args...)
	cmd.Stderr = &words
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to try what it may do, it starts others
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("slow the disk: %w", err), p.signal(syscall.SIGKILL))
	}
	ended := make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		err = cmd.Wait()
	}()
	select {
	case <-ended: // with all that it traced, or it could not
		if err != nil && !p.over() {
			return errors.Join(fmt.Errorf("slow the disk: %w\n%s", err, words.String()), p.signal(syscall.SIGKILL))
		}
	case <-p.ended:
	case <-time.After(w.moment(r, 1)):
	}
	kill := p.signal(syscall.SIGKILL)
	stop() // killed too, it lets go of what is still there
	<-ended
	return kill
}
