package main

import (
	"bufio"
	"context"
	_ "embed" // peer.py
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/inflame-deeplearning/sweep/sweep"
)

//go:embed peer.py
var peerProgram string

// peers are Python processes with Optuna, started as they are needed: one is
// used for study after study.
type peers struct {
	python string
	idle   chan *peer
}

func newPeers(python string) *peers { return &peers{python: python, idle: make(chan *peer, workers)} }

// study starts a study in an idle process.
func (p *peers) study(ctx context.Context, sampler string, dims []dim, seed int) (*study, error) {
	var worker *peer
	select {
	case worker = <-p.idle:
	default:
		var err error
		if worker, err = startPeer(ctx, p.python); err != nil {
			return nil, err
		}
	}
	s := &study{peer: worker, dims: dims, home: p.idle}
	request := map[string]any{"sampler": sampler, "seed": seed, "dims": dims}
	if err := worker.call(request, &struct{}{}); err != nil {
		return nil, errors.Join(err, worker.stop())
	}
	return s, nil
}

func (p *peers) close() error {
	var errs []error
	for {
		select {
		case worker := <-p.idle:
			errs = append(errs, worker.stop())
		default:
			return errors.Join(errs...)
		}
	}
}

// peer is a Python process.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPeer(ctx context.Context, python string) (*peer, error) {
	cmd := exec.CommandContext(ctx, python, "-c", peerProgram)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", python, err)
	}
	return &peer{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

func (p *peer) stop() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }

// study is one of Optuna's as a player.
type study struct {
	*peer
	dims []dim
	home chan<- *peer
}

func (p *peer) call(request, answer any) error {
	if err := json.NewEncoder(p.in).Encode(request); err != nil {
		return fmt.Errorf("ask optuna: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read optuna's answer: %w", err)
	}
	return json.Unmarshal(line, answer)
}

func (s *study) ask() (int, sweep.Params, error) {
	var answer struct {
		ID     int          `json:"id"`
		Params sweep.Params `json:"params"`
	}
	err := s.call(map[string]any{"ask": true}, &answer)
	for _, d := range s.dims { // whole numbers may come back as floats, or the reverse
		for _, c := range d.Choices {
			v, numeric := answer.Params[d.Name].AsFloat()
			if w, ok := value(c).AsFloat(); ok && numeric && v == w {
				answer.Params[d.Name] = value(c)
			}
		}
	}
	return answer.ID, answer.Params, err
}

func (s *study) tell(id int, loss float64) error {
	return s.call(map[string]any{"tell": id, "loss": loss}, &struct{}{})
}

func (s *study) close() error {
	s.home <- s.peer
	return nil
}
