package main

import (
	"context"
	_ "embed" // peer.py
	"errors"
	"os"
	"os/exec"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
)

//go:embed peer.py
var peerProgram string

// peers are Python processes with Optuna, started as they are needed: one is
// used for study after study.
type peers struct {
	python string
	idle   chan *process.Peer
}

func newPeers(python string) *peers {
	return &peers{python: python, idle: make(chan *process.Peer, workers)}
}

// study starts a study in an idle process.
func (p *peers) study(ctx context.Context, sampler string, of problem, seed int) (*study, error) {
	var worker *process.Peer
	select {
	case worker = <-p.idle:
	default:
		var err error
		if worker, err = p.start(ctx); err != nil {
			return nil, err
		}
	}
	s := &study{Peer: worker, dims: of.dims, home: p.idle}
	request := map[string]any{"sampler": sampler, "seed": seed, "dims": of.dims, "losses": len(of.objectives())}
	if err := worker.Call(request, &struct{}{}); err != nil {
		return nil, errors.Join(err, worker.Close())
	}
	return s, nil
}

func (p *peers) close() error {
	var errs []error
	for {
		select {
		case worker := <-p.idle:
			errs = append(errs, worker.Close())
		default:
			return errors.Join(errs...)
		}
	}
}

// start starts a Python process, in which one thread computes.
func (p *peers) start(ctx context.Context) (*process.Peer, error) {
	cmd := exec.CommandContext(ctx, p.python, "-c", peerProgram)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1")
	return process.StartPeer(cmd)
}

// study is one of Optuna's as a player.
type study struct {
	*process.Peer
	dims []dim
	home chan<- *process.Peer
}

func (s *study) ask() (int, sweep.Params, error) {
	var answer struct {
		ID     int          `json:"id"`
		Params sweep.Params `json:"params"`
	}
	err := s.Call(map[string]any{"ask": true}, &answer)
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

func (s *study) tell(id int, losses []float64) error {
	return s.Call(map[string]any{"tell": id, "losses": losses}, &struct{}{})
}

func (s *study) close() error {
	s.home <- s.Peer
	return nil
}
