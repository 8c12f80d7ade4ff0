package main

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
	"github.com/inflame-deeplearning/sweep/sweep/stop/asha"
	"github.com/inflame-deeplearning/sweep/sweep/stop/hyperband"
	"github.com/inflame-deeplearning/sweep/sweep/stop/median"
)

// method is a stop rule with its defaults under random search.
type method struct {
	name string
	rule func(s sweep.Spec, epochs int) (sweep.Stopper, error)
}

// methods are all of them; the first, without a rule, is what the others are measured by.
var methods = []method{
	{"no rule", func(sweep.Spec, int) (sweep.Stopper, error) { return nil, nil }},
	{"median", func(s sweep.Spec, _ int) (sweep.Stopper, error) { return median.New(s, median.Config{MinTrials: 5}) }},
	{"asha, stopping", func(s sweep.Spec, epochs int) (sweep.Stopper, error) {
		return asha.New(s, asha.Config{Type: "stopping", Eta: 3, MinEpochs: 1, MaxEpochs: epochs})
	}},
	{"asha, promotion", func(s sweep.Spec, epochs int) (sweep.Stopper, error) {
		return asha.New(s, asha.Config{Type: "promotion", Eta: 3, MinEpochs: 1, MaxEpochs: epochs})
	}},
	{"hyperband", func(s sweep.Spec, epochs int) (sweep.Stopper, error) {
		return hyperband.New(s, hyperband.Config{Eta: 3, MinEpochs: 1, MaxEpochs: epochs})
	}},
}

// variant is the one parameter of the simulated sweeps: which curve.
const variant = "variant"

// results are the seconds until the target, by method, size of the cluster and
// seed; infinite where the whole table was tried in vain.
type results [][][]float64

// contest runs every method on every cluster for every seed.
func contest(ctx context.Context, o options, t table) (results, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.runs)
	out := make(results, len(methods))
	for m, method := range methods {
		out[m] = make([][]float64, len(o.workers))
		for w, workers := range o.workers {
			times := make([]float64, o.seeds)
			out[m][w] = times
			for seed := range times {
				group.Go(func() (err error) {
					if times[seed], err = one(ctx, o, t, method, workers, uint64(seed)+1); err != nil {
						return fmt.Errorf("%s with %d workers, seed %d: %w", method.name, workers, seed, err)
					}
					return nil
				})
			}
		}
	}
	return out, group.Wait()
}

// one is how long a method takes to the target, in seconds. The same seed is the
// same order of variants, for every method and cluster.
func one(ctx context.Context, o options, t table, m method, workers int, seed uint64) (float64, error) {
	s := spec(t)
	target := t.best * (1 - o.within)
	s.Limits.Target = &target
	searcher, err := random.New(s, random.Config{Seed: seed})
	if err != nil {
		return 0, err
	}
	rule, err := m.rule(s, t.epochs)
	if err != nil {
		return 0, err
	}
	c := newCluster(t, workers)
	sum, err := loop(c, s, searcher, rule).Do(ctx)
	switch {
	case err != nil:
		return 0, err
	case sum.Interrupted:
		return 0, context.Cause(ctx)
	case sum.Reason == "complete":
		return math.Inf(1), nil
	}
	return c.seconds(), nil
}

// spec is a sweep whose space is the curves of t.
func spec(t table) sweep.Spec {
	d := sweep.Domain{Shape: sweep.Choice}
	for i := range t.curves {
		d.Choices = append(d.Choices, sweep.Int(int64(i)))
	}
	return sweep.Spec{
		Objectives: []sweep.Objective{{Name: metric, Goal: sweep.Maximize}},
		Space:      sweep.Space{Axes: []sweep.Axis{{Names: []string{variant}, Domain: func(sweep.Params) (sweep.Domain, error) { return d, nil }}}},
		Resolve:    func(sweep.Params) (sweep.Task, uint64, error) { return sweep.Task{}, 1, nil },
	}
}

// loop is a sweep on c; no rule is nil.
func loop(c *cluster, s sweep.Spec, searcher sweep.Searcher, rule sweep.Stopper) sweep.Loop {
	g := &gate{Searcher: searcher, rule: rule, cluster: c}
	return sweep.Loop{
		Spec: s, Run: "bench-1", Searcher: g, Stopper: g, Runner: c, Store: forgetful{}, Now: c.Now,
		Prepare:  func(context.Context, sweep.Task) (string, error) { return "", nil },
		TrialDir: func(sweep.Trial) string { return "" },
	}
}

// forgetful is a sweep.Store for runs that nobody goes on with.
type forgetful struct{}

func (forgetful) Put(sweep.Trial, ...sweep.Report) error { return nil }

func (forgetful) Sync() error { return nil }

func (forgetful) Trials() (sweep.History, error) { return nil, nil }

func (forgetful) Cached(string) (sweep.Trial, bool, error) { return sweep.Trial{}, false, nil }
