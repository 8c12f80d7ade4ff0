package gp

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

const (
	listed    = 1000 // variants of a finite space that are all looked at
	spreads   = 300  // candidates from all over a larger space
	incumbent = 4    // good points whose neighbours are looked at
	nearby    = 50   // neighbours of each
	climbs    = 4    // candidates that are improved
	ascent    = 30   // steps of an improvement
	rounds    = 4    // of numbers, then categories
	few       = 16   // values of an axis that are all tried
)

// acquisition is the hunt for the variant of which most improvement is to be
// expected.
type acquisition struct {
	*search
	model *model
	best  float64 // what is to be improved on
	r     *rand.Rand
}

func (a *acquisition) score(c *candidate) {
	mean, sd := a.model.predict(c.x)
	c.score, _, _ = logEI(a.best, mean, sd)
}

// maximise is the best candidate; false: there is none. good are the best points
// so far.
func (a *acquisition) maximise(good []past.Point) (candidate, bool, error) {
	pool, complete, err := a.pool(good)
	if err != nil {
		return candidate{}, false, err
	}
	starts := a.starts(pool)
	if len(starts) == 0 {
		return candidate{}, false, nil
	}
	best := starts[0]
	if complete {
		return best, true, nil
	}
	for _, c := range starts {
		if c, err = a.climb(c); err != nil {
			return candidate{}, false, err
		}
		if c.score > best.score {
			best = c
		}
	}
	return best, true, nil
}

// pool is the candidates to begin with: all there are in a small space.
func (a *acquisition) pool(good []past.Point) (pool []candidate, complete bool, err error) {
	if a.space.Size > 0 && a.space.Size <= listed {
		for p, err := range a.space.Variants() {
			if err != nil {
				return nil, false, err
			}
			if a.reader.Seen(p) {
				continue
			}
			point, err := past.Place(a.space.Space, p)
			if err != nil {
				return nil, false, err
			}
			pool = append(pool, candidate{Point: point, x: a.model.warp.bend(a.layout.encode(point.Units, point.Domains))})
		}
		return pool, true, nil
	}
	for _, p := range good {
		if pool, err = a.near(a.r, p, nearby, pool); err != nil {
			return nil, false, err
		}
	}
	pool, err = a.spread(a.r, spreads, pool)
	return pool, false, err
}

// starts is the most promising candidates, the best first; near ones of better
// ones are left out where others are left, and those that were tried: near a minimum
// of whole numbers the model would ask for the same variant again and again. A prediction from some of the points has
// a larger deviation, and thus an improvement to be expected that is no smaller,
// than one from all of them: most candidates drop out before theirs is complete.
func (a *acquisition) starts(pool []candidate) []candidate {
	queue := make(promises, len(pool))
	for i := range pool {
		c := &pool[i]
		queue[i] = promise{candidate: c, order: i, part: a.model.begin(c.x)}
		a.judge(&queue[i])
	}
	heap.Init(&queue)
	var starts []candidate
	for len(queue) > 0 && len(starts) < climbs {
		first := &queue[0]
		if a.model.goOn(&first.part) {
			a.judge(first)
			heap.Fix(&queue, 0)
			continue
		}
		c := *first.candidate
		near := func(s candidate) bool { return a.model.kernel.distance(s.x, c.x) < 0.01 }
		if !slices.ContainsFunc(starts, near) && !a.reader.Seen(c.Params) {
			starts = append(starts, c)
		}
		heap.Pop(&queue)
	}
	return starts
}

// judge is score by the part of the prediction that is there.
func (a *acquisition) judge(p *promise) {
	p.score, _, _ = logEI(a.best, p.part.mean, a.model.deviation(p.part.k[:p.part.solved]))
}

// climb improves a candidate: its numbers along the gradient and its other axes
// value by value, in turn.
func (a *acquisition) climb(c candidate) (candidate, error) {
	for range rounds {
		before := c.score
		up, err := a.slide(c)
		if err != nil {
			return c, err
		}
		c = up
		if c, err = a.switches(c); err != nil {
			return c, err
		}
		if c.score <= before+1e-3 {
			break
		}
	}
	return c, nil
}

// slide moves the axes with many values in order along the gradient.
func (a *acquisition) slide(c candidate) (candidate, error) {
	var axes, places []int
	for i, d := range c.Domains {
		if place := a.layout.columns[i].place; place >= 0 && d.Ordered() && (d.Len() == 0 || d.Len() > few) {
			axes, places = append(axes, i), append(places, place)
		}
	}
	if len(axes) == 0 {
		return c, nil
	}
	x := slices.Clone(c.x)
	byMean, bySD := make([]float64, a.layout.numbers), make([]float64, a.layout.numbers)
	// In length scales, the slopes of all coordinates are alike.
	to, unit := make([]float64, len(axes)), make([]float64, len(axes))
	for k, place := range places {
		unit[k] = 1 / math.Sqrt(a.model.kernel.weights[place])
		to[k] = x[place] / unit[k]
	}
	minimize(func(u, g []float64) float64 {
		for k, place := range places {
			x[place] = u[k] * unit[k]
		}
		mean, sd := a.model.slopes(x, byMean, bySD)
		value, byM, byS := logEI(a.best, mean, sd)
		for k, place := range places {
			g[k] = -(byM*byMean[place] + byS*bySD[place]) * unit[k]
		}
		return -value
	}, to, func(int) float64 { return 0 }, func(k int) float64 { return 1 / unit[k] }, ascent)
	return a.better(c, func(i int, _ sweep.Domain) float64 {
		if k := slices.Index(axes, i); k >= 0 {
			return a.model.warp.unbend(places[k], min(max(to[k]*unit[k], 0), 1))
		}
		return c.Units[i]
	})
}

// switches tries other values of the axes that have a finite number of them: all
// of few, else those one, two, four, ... to either side.
func (a *acquisition) switches(c candidate) (candidate, error) {
	for i := range c.Domains {
		count := c.Domains[i].Len()
		if c.Domains[i].Shape == sweep.Absent || count < 2 {
			continue
		}
		units := c.Units
		at := c.Units[i]
		for _, u := range alternatives(c.Domains[i], at) {
			var err error
			if c, err = a.better(c, func(k int, _ sweep.Domain) float64 {
				if k == i {
					return u
				}
				return units[k]
			}); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// alternatives are the places of other values of a finite domain than the one at.
func alternatives(d sweep.Domain, at float64) []float64 {
	count := d.Len()
	var out []float64
	if count <= few || !d.Ordered() {
		for k := range count {
			if u := d.Unit(d.Value(k)); u != at {
				out = append(out, u)
			}
		}
		return out
	}
	here := 0
	for lo, hi := 0, count-1; lo < hi; here = lo { // values rise with their places
		if mid := (lo + hi) / 2; d.Unit(d.Value(mid)) < at-1e-12 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for step := 1; step < count; step *= 2 {
		for _, k := range []int{here - step, here + step} {
			if k >= 0 && k < count {
				out = append(out, d.Unit(d.Value(k)))
			}
		}
	}
	return out
}

// better is the variant that choose leads to if it may be proposed and promises
// more than c, else c. An axis that comes into being gets a place at random.
func (a *acquisition) better(c candidate, choose func(int, sweep.Domain) float64) (candidate, error) {
	d, err := a.place(func(i int, d sweep.Domain) float64 {
		if u := choose(i, d); !math.IsNaN(u) {
			return u
		}
		return a.r.Float64()
	})
	if err != nil {
		return c, err
	}
	if a.score(&d); d.score <= c.score || a.reader.Seen(d.Params) {
		return c, nil
	}
	if ok, err := a.space.Allowed(d.Params, a.reader.Seen); err != nil || !ok {
		return c, err
	}
	return d, nil
}
