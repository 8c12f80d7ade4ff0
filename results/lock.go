package results

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// BusyError is the error of what another process has locked.
type BusyError struct {
	What string // "run grid-1 is being worked on"
	PID  int    // 0: not known
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s by process %d: wait for it, or interrupt it", e.What, e.PID)
}

// lockDir locks a directory, which it makes, removes what a process that was killed left
// half-written, and leaves the number of this process in it. The error is a BusyError
// where another process has it.
func lockDir(dir, what string, take func(*flock.Flock) (bool, error)) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory to lock: %w%s", err, elsewhere(err))
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	held, err := take(lock)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !held {
		return nil, &BusyError{what, pidIn(dir)}
	}
	err = errors.Join(trialdir.Dir(dir).Tidy(), os.WriteFile(filepath.Join(dir, "pid"), fmt.Appendln(nil, os.Getpid()), 0o600))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), lock.Unlock())
	}
	return lock.Unlock, nil
}

// soon takes a lock that nobody holds but those who look whether somebody does.
func soon(l *flock.Flock) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	held, err := l.TryLockContext(ctx, 5*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return held, err
}

// pidIn is the process that has locked a directory, as it has said itself.
func pidIn(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// LockSchedule makes sure that one firing of a schedule goes on at a time. The error
// is a BusyError where one does.
func (db *DB) LockSchedule(name string) (release func() error, err error) {
	return lockDir(db.ScheduleDir(name), "schedule "+name+" is being run", soon)
}

// ScheduleProcess is the process that runs a schedule now; 0: none does.
func (db *DB) ScheduleProcess(name string) int { return holder(db.ScheduleDir(name)) }

func (db *DB) daemonDir() string { return filepath.Join(db.dir, "daemon") }

// LockDaemon makes sure that one daemon serves a workspace, and leaves word which
// process that is. The error is a BusyError where one does.
func (db *DB) LockDaemon(id process.ID) (release func() error, err error) {
	release, err = lockDir(db.daemonDir(), "workspace "+db.dir+" is served", soon)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(id)
	if err == nil {
		err = trialdir.WriteFile(db.daemonFile(), text)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock workspace: %w", err), release())
	}
	return release, nil
}

func (db *DB) daemonFile() string { return filepath.Join(db.daemonDir(), "process.json") }

// Daemon is the process that serves the workspace, as it has said itself: it may be in
// another container, or on another machine. Its number is 0 where none does.
func (db *DB) Daemon() (id process.ID) {
	if holder(db.daemonDir()) == 0 {
		return id
	}
	text, err := os.ReadFile(db.daemonFile())
	if err != nil {
		return id // it is about to say so
	}
	_ = json.Unmarshal(text, &id) // it was written whole, or is none of ours
	return id
}

// holder is the process that has locked a directory; 0: none has.
func holder(dir string) int {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); err != nil {
		return 0
	}
	lock := flock.New(path)
	if free, err := lock.TryRLock(); err != nil || free {
		_ = lock.Unlock() // closing the file is all it does
		return 0
	}
	return pidIn(dir)
}
