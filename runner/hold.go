package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Silence is how long the process that holds a directory may give no sign of life.
const Silence = time.Minute

// holder is the content of the file runner.json in a directory that is held.
type holder struct {
	Host string     `json:"host"`
	ID   process.ID `json:"process"`
	Sign int        `json:"sign"` // of life; the next is another
}

// HeldError is the answer for a directory that another process works in.
type HeldError struct{ holder }

func (e *HeldError) Error() string {
	return fmt.Sprintf("it is being worked on by process %d on %s: wait for it, or interrupt it", e.ID.PID, e.Host)
}

// Hold keeps others from working in a directory until release is called, where the
// file system is one that machines share and locks may not hold: by a file with signs
// of life. Of a process on this machine that is gone, it is taken over at once; of one
// on another, after a silence, of which say is told. lost is called when another has
// taken it over from this process, which it has not heard of for so long.
func Hold(ctx context.Context, dir string, silence time.Duration, say func(string), lost func(error)) (release func() error, err error) {
	me := holder{Host: host()}
	if me.ID, err = process.Identify(os.Getpid()); err != nil {
		me.ID = process.ID{PID: os.Getpid()} // then all are taken for alive
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	path := filepath.Join(dir, "runner.json")
	if err := await(ctx, path, me.Host, silence, say); err != nil {
		return nil, err
	}
	if err := me.write(path); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticks := time.NewTicker(silence / 6)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
			case <-ctx.Done():
				return
			}
			now, ok, err := readHolder(path)
			if err == nil && ok && (now.Host != me.Host || now.ID != me.ID) {
				lost(&HeldError{now})
				return
			}
			if me.Sign++; err == nil {
				_ = me.write(path) // the next may come through
			}
		}
	}()
	return func() error {
		cancel()
		<-ended
		if now, ok, err := readHolder(path); err != nil || !ok || now.Host != me.Host || now.ID != me.ID {
			return err
		}
		return os.Remove(path)
	}, nil
}

// await waits until nobody else holds a directory.
func await(ctx context.Context, path, host string, silence time.Duration, say func(string)) error {
	was, ok, err := readHolder(path)
	if err != nil || !ok {
		return err
	}
	if was.Host == host {
		if was.ID.Alive() {
			return &HeldError{was}
		}
		return nil
	}
	say(fmt.Sprintf("process %d on %s has worked here; it is given %v to show that it still does", was.ID.PID, was.Host, silence))
	ticks, over := time.NewTicker(silence/12), time.After(silence)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			now, ok, err := readHolder(path)
			switch {
			case err != nil || !ok:
				return err
			case now != was:
				return &HeldError{now}
			}
		case <-over:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (h holder) write(path string) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode sign of life: %w", err)
	}
	return trialdir.WriteFile(path, text)
}

// readHolder is who holds a directory; false: nobody.
func readHolder(path string) (h holder, ok bool, err error) {
	trialdir.Dir(filepath.Dir(path)).Refresh()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("read sign of life: %w", err)
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, false, fmt.Errorf("read %s: %w", path, err)
	}
	return h, true, nil
}

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unknown machine"
	}
	return name
}
