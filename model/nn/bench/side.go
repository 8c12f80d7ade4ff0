package main

import (
	"context"
	_ "embed" // peer.py
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/inflame-deeplearning/sweep/sweep/process"
)

//go:embed peer.py
var peer string

// hello is what a child says first.
type hello struct {
	Name     string `json:"name"`
	OpenBLAS string `json:"openblas"` // that numpy calls; empty: it calls another
	Threads  int    `json:"threads"`
	Error    string `json:"error"`
}

type request struct {
	Work    string  `json:"work"`
	Seconds float64 `json:"seconds"`
}

type answer struct {
	Rate  float64 `json:"rate"`
	Note  string  `json:"note,omitempty"`
	Error string  `json:"error,omitempty"`
}

// side is a child that works on request and is stopped in between.
type side struct {
	*process.Peer
	hello hello
}

// limits are the variables that give a program so many threads.
func limits(threads int) []string {
	n := strconv.Itoa(threads)
	return []string{"OMP_NUM_THREADS=" + n, "OPENBLAS_NUM_THREADS=" + n, "MKL_NUM_THREADS=" + n, "GOMAXPROCS=" + n}
}

func start(cmd *exec.Cmd, threads int) (*side, error) {
	cmd.Env = append(cmd.Environ(), limits(threads)...)
	peer, err := process.StartPeer(cmd)
	if err != nil {
		return nil, err
	}
	s := &side{Peer: peer}
	if err := s.Read(&s.hello); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	switch {
	case s.hello.Error != "":
		return nil, errors.Join(errors.New(s.hello.Error), s.Close())
	case s.hello.Threads != threads:
		return nil, errors.Join(fmt.Errorf("%s runs on %d threads, not %d", s.hello.Name, s.hello.Threads, threads), s.Close())
	}
	return s, nil
}

// rate works for about so many seconds.
func (s *side) rate(work string, seconds float64) (a answer, err error) {
	if err := resume(s.Process()); err != nil {
		return answer{}, fmt.Errorf("wake %s: %w", s.hello.Name, err)
	}
	defer func() { err = errors.Join(err, pause(s.Process())) }()
	if err := s.Call(request{work, seconds}, &a); err != nil {
		return answer{}, err
	}
	if a.Error != "" {
		return answer{}, errors.New(a.Error)
	}
	return a, nil
}

func (s *side) close() error { return errors.Join(resume(s.Process()), s.Close()) }

// sides are the children, started when they are first needed.
type sides struct {
	python  string
	started map[string]*side
}

func newSides(python string) *sides { return &sides{python: python, started: map[string]*side{}} }

// ours is the i-th process of ours.
func (s *sides) ours(ctx context.Context, i int) (*side, error) {
	return s.get(fmt.Sprint("ours ", i), 1, func() (*exec.Cmd, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return exec.CommandContext(ctx, self, serveCommand), nil
	})
}

// theirs is the i-th process of PyTorch with so many threads, which wait for one
// another as policy says: active, spinning, or passive, asleep.
func (s *sides) theirs(ctx context.Context, threads, i int, policy string) (*side, error) {
	return s.get(fmt.Sprint("theirs ", threads, " ", i, policy), threads, func() (*exec.Cmd, error) {
		path, err := exec.LookPath(s.python)
		if err != nil {
			return nil, fmt.Errorf("the race is against PyTorch, and there is no Python: %w: name one that has torch and numpy with -python", err)
		}
		cmd := exec.CommandContext(ctx, path, "-c", peer)
		cmd.Env = append(os.Environ(), "OMP_WAIT_POLICY="+policy)
		return cmd, nil
	})
}

func (s *sides) get(key string, threads int, command func() (*exec.Cmd, error)) (*side, error) {
	if s.started[key] != nil {
		return s.started[key], nil
	}
	cmd, err := command()
	if err != nil {
		return nil, err
	}
	started, err := start(cmd, threads)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	s.started[key] = started
	return started, nil
}

func (s *sides) close() error {
	var errs []error
	for _, child := range s.started {
		errs = append(errs, child.close())
	}
	return errors.Join(errs...)
}
