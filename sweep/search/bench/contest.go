package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/auto"
	"github.com/inflame-deeplearning/sweep/sweep/search/cmaes"
	"github.com/inflame-deeplearning/sweep/sweep/search/evolution"
	"github.com/inflame-deeplearning/sweep/sweep/search/gp"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
	"github.com/inflame-deeplearning/sweep/sweep/search/sobol"
	"github.com/inflame-deeplearning/sweep/sweep/search/tpe"
)

// workers is how many runs go on at a time.
const workers = 2

// optuna is how the names of Optuna's samplers begin.
const optuna = "optuna-"

// ours are our searchers with their defaults.
var ours = map[string]func(s sweep.Spec, seed uint64) (sweep.Searcher, error){
	"random": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) {
		return random.New(s, random.Config{Seed: seed})
	},
	"sobol": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) { return sobol.New(s, sobol.Config{Seed: seed}) },
	"tpe": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) {
		return tpe.New(s, tpe.Config{Seed: seed, Startup: 10, Candidates: 24})
	},
	"cmaes": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) { return cmaes.New(s, cmaes.Config{Seed: seed}) },
	"evolution": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) {
		return evolution.New(s, evolution.Config{Seed: seed, Population: 20})
	},
	"gp": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) { return gp.New(s, gp.Config{Seed: seed}) },
	"auto": func(s sweep.Spec, seed uint64) (sweep.Searcher, error) {
		return auto.New(chosen)(s, auto.Config{Seed: seed})
	},
}

// chosen builds the methods that auto chooses from.
func chosen(s sweep.Spec, b sweep.Block) (sweep.Searcher, error) {
	n, _ := b.Config.Fields()["seed"].AsInt()
	seed := uint64(n)
	switch b.Type {
	case "gp":
		return gp.New(s, gp.Config{Seed: seed})
	case "cmaes":
		return cmaes.New(s, cmaes.Config{Seed: seed})
	case "evolution":
		return evolution.New(s, evolution.Config{Seed: seed, Population: 20})
	case "sobol":
		return sobol.New(s, sobol.Config{Seed: seed})
	case "tpe":
		return tpe.New(s, tpe.Config{Seed: seed, Startup: 10, Candidates: 24})
	}
	return nil, fmt.Errorf("auto chose %s, which is not here", b.Type)
}

// methods are those for one loss, or for several; random comes first, the others are
// measured by it.
func methods(several bool) []string {
	if several {
		return []string{"random", "sobol", "tpe", "gp", "evolution", "auto", optuna + "random", optuna + "qmc", optuna + "tpe", optuna + "nsgaii", optuna + "gp"}
	}
	return []string{"random", "sobol", "tpe", "cmaes", "gp", "auto", optuna + "random", optuna + "qmc", optuna + "tpe", optuna + "cmaes", optuna + "gp"}
}

// player proposes points and learns their values.
type player interface {
	ask() (id int, at sweep.Params, err error)
	tell(id int, losses []float64) error
	close() error
}

// own is a searcher of ours as a player.
type own struct {
	searcher   sweep.Searcher
	objectives []sweep.Objective
	history    sweep.History
	ended      int
}

func (o *own) ask() (int, sweep.Params, error) {
	n := len(o.history)
	p, err := o.searcher.Next(n, o.history)
	o.history = append(o.history, sweep.Trial{Number: n, Variant: n, After: o.ended, Params: p})
	return n, p, err
}

func (o *own) tell(id int, losses []float64) error {
	o.ended++
	t := &o.history[id]
	t.Ended, t.Outcome, t.Steps = o.ended, sweep.Succeeded, 1
	t.Best = sweep.Report{Step: 1, Metrics: sweep.Metrics{}}
	for i, objective := range o.objectives {
		t.Best.Metrics[objective.Name] = losses[i]
	}
	return nil
}

func (*own) close() error { return nil }

// contest runs every method on every problem for every seed.
type contest struct {
	options
	log   io.Writer
	peers *peers
	mu    sync.Mutex
	known map[string][]float64 // the courses of Optuna's runs
}

// key names a run.
func (c *contest) key(p problem, method string, seed int) string {
	return fmt.Sprintf("%s/%s/%d/%d/%d", p.name, method, c.trials, c.pending, seed)
}

// results are the courses of runs, by problem, method and seed.
type results map[string]map[string][][]float64

func (c *contest) run(ctx context.Context, all []problem, methods []string) (results, error) {
	out := results{}
	for _, p := range all {
		out[p.name] = map[string][][]float64{}
		for _, m := range methods {
			runs := make([][]float64, c.seeds)
			out[p.name][m] = runs
			var group errgroup.Group // peers outlive it: they take the contest's context
			group.SetLimit(workers)
			for seed := range c.seeds {
				group.Go(func() (err error) {
					runs[seed], err = c.one(ctx, p, m, seed)
					if err != nil {
						return fmt.Errorf("%s on %s, seed %d: %w", m, p.name, seed, err)
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				return nil, errors.Join(err, c.save())
			}
		}
		if err := c.save(); err != nil {
			return nil, err
		}
		fmt.Fprintf(c.log, "bench: %s done\n", p.name)
	}
	return out, nil
}

func (c *contest) one(ctx context.Context, p problem, method string, seed int) (course []float64, err error) {
	c.mu.Lock()
	course = c.known[c.key(p, method, seed)]
	c.mu.Unlock()
	if course != nil {
		return course, nil
	}
	var play player
	if name, theirs := strings.CutPrefix(method, optuna); theirs {
		if play, err = c.peers.study(ctx, name, p, seed); err != nil {
			return nil, err
		}
	} else {
		spec := sweep.Spec{Space: p.space(), Objectives: p.objectives(), Limits: sweep.Limits{Trials: c.trials}}
		searcher, err := ours[method](spec, uint64(seed)+1)
		if err != nil {
			return nil, err
		}
		play = &own{searcher: searcher, objectives: spec.Objectives}
	}
	defer func() { err = errors.Join(err, play.close()) }()
	losses, err := c.play(ctx, p, play, seed)
	if err != nil {
		return nil, err
	}
	course = p.course(losses)
	if strings.HasPrefix(method, optuna) {
		c.mu.Lock()
		c.known[c.key(p, method, seed)] = course
		c.mu.Unlock()
	}
	return course, nil
}

// play asks for points, so many under way at a time, which end in an order drawn
// by the seed, until the evaluations or the space are used up, and returns the losses
// of each.
func (c *contest) play(ctx context.Context, p problem, play player, seed int) ([][]float64, error) {
	type move struct {
		id int
		at sweep.Params
	}
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	var under []move
	var losses [][]float64
	for left := c.trials; left > 0 || len(under) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for left > 0 && len(under) < c.pending {
			id, at, err := play.ask()
			if errors.Is(err, sweep.ErrExhausted) {
				left = 0
				break
			}
			if err != nil {
				return nil, err
			}
			under = append(under, move{id, at})
			left--
		}
		if len(under) == 0 {
			break
		}
		i := r.IntN(len(under))
		m := under[i]
		under[i] = under[len(under)-1]
		under = under[:len(under)-1]
		row := p.f(m.at)
		if err := play.tell(m.id, row); err != nil {
			return nil, err
		}
		losses = append(losses, row)
	}
	return losses, nil
}

func (c *contest) load() error {
	if c.cache == "" {
		return nil
	}
	f, err := os.Open(c.cache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read results of earlier runs: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	in, err := gzip.NewReader(f)
	if err == nil {
		err = json.NewDecoder(in).Decode(&c.known)
	}
	if err != nil {
		return fmt.Errorf("read results of earlier runs: %w", err)
	}
	return nil
}

func (c *contest) save() error {
	if c.cache == "" {
		return nil
	}
	var text bytes.Buffer
	out := gzip.NewWriter(&text)
	err := errors.Join(json.NewEncoder(out).Encode(c.known), out.Close())
	if err == nil {
		err = os.WriteFile(c.cache, text.Bytes(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep results for later runs: %w", err)
	}
	return nil
}
