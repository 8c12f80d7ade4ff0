package tpe

import (
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// narrow is the least width of a kernel, of the unit interval. One that shrinks as
// 1/n ("magic clipping", Bergstra et al. 2013) keeps the kernels of few good
// points wide; Watanabe (2023) found a small constant better.
const narrow = 0.03

// parzen is a density over a space, relative to that of the parameters' own
// distributions: a mixture with a component for each of some points, a product of
// kernels over the axes that exist in it, and one, the prior, that is 1
// everywhere. It follows its points as they come and go: a change costs what
// the kernels beside it do.
type parzen struct {
	space  sweep.Space
	places []int // of each axis: its place in a component's row; first those that are always numbers
	always int   // so many

	lines   []line
	weights []float64 // of each point; 0: it is no component
	total   float64   // of all weights and the prior's, which is 1
	members []int     // the points that are components

	// Of each point and place: normal kernels cut off at 0 and 1.
	mu    []float64 // NaN where the axis is absent: the kernel is 1
	scale []float64 // 1/(sigma sqrt 2); 0 where it is absent or a choice
	peak  []float64 // logarithm of the kernel at mu
	// Of each point: logarithm of its weight, and of the product of the peaks of
	// the axes that are always numbers.
	heavy, norms []float64
	stale        []int // points with kernels that changed
}

func newParzen(space sweep.Space) *parzen {
	p := &parzen{space: space, places: make([]int, len(space.Axes)), lines: make([]line, len(space.Axes))}
	last := len(space.Axes)
	for a, axis := range space.Axes {
		if d, err := axis.Domain(nil); len(axis.Needs) == 0 && err == nil && d.Shape != sweep.Absent && !categorical(d) {
			p.places[a] = p.always
			p.always++
		} else {
			last--
			p.places[a] = last
		}
	}
	return p
}

// categorical reports whether a domain's values are taken to have no order. Lists
// of numbers are among them: as ranks on an axis they were no better on a mixed
// space and worse on the table of real trainings.
func categorical(d sweep.Domain) bool { return d.Shape == sweep.Choice }

// learn makes p the density of the points that have a weight. Points that it has
// seen must be the same.
func (p *parzen) learn(points []past.Point, weights []float64) {
	for i := len(p.weights); i < len(points); i++ {
		p.grow(points[i])
	}
	p.total, p.members = 1, p.members[:0]
	for i, w := range weights {
		switch was := p.weights[i]; {
		case was == 0 && w > 0:
			p.enter(i)
		case was > 0 && w == 0:
			p.leave(i)
		}
		if w != p.weights[i] {
			p.weights[i], p.heavy[i] = w, math.Log(w)
		}
		if w > 0 {
			p.members = append(p.members, i)
		}
		p.total += w
	}
	slices.Sort(p.stale)
	for _, i := range slices.Compact(p.stale) {
		p.norms[i] = 0
		for _, f := range p.row(p.peak, i)[:p.always] {
			p.norms[i] += f
		}
	}
	p.stale = p.stale[:0]
}

// row is what is known of a point, by place.
func (p *parzen) row(of []float64, i int) []float64 {
	n := len(p.places)
	return of[i*n : (i+1)*n]
}

func (p *parzen) grow(point past.Point) {
	n := len(p.mu)
	p.mu = append(p.mu, point.Units...)
	p.scale = append(p.scale, make([]float64, len(point.Units))...)
	p.peak = append(p.peak, make([]float64, len(point.Units))...)
	for a, at := range p.places {
		p.mu[n+at] = point.Units[a]
		least := narrow
		if d := point.Domains[a]; d.Len() > 0 && d.Shape != sweep.Absent {
			lo, hi := d.Stretch(p.space.Axes[a].Value(point.Params))
			least = max(least, hi-lo)
		}
		p.lines[a].least = append(p.lines[a].least, least)
		p.lines[a].none = append(p.lines[a].none, math.IsNaN(point.Units[a]) || categorical(point.Domains[a]))
	}
	p.weights, p.heavy, p.norms = append(p.weights, 0), append(p.heavy, 0), append(p.norms, 0)
}

// enter makes point i a component.
func (p *parzen) enter(i int) {
	for a, at := range p.places {
		if line := &p.lines[a]; !line.none[i] {
			k := line.insert(p.row(p.mu, i)[at], i)
			p.fit(a, max(k-1, 0), min(k+2, len(line.points)))
		}
	}
}

// leave makes it none.
func (p *parzen) leave(i int) {
	for a, at := range p.places {
		if line := &p.lines[a]; !line.none[i] {
			k := line.remove(p.row(p.mu, i)[at], i)
			p.fit(a, max(k-1, 0), min(k+1, len(line.points)))
		}
	}
}

// fit sets the kernels of an axis from one place in its line to another.
func (p *parzen) fit(a, from, to int) {
	line := &p.lines[a]
	for k := from; k < to; k++ {
		i, mu := line.points[k], line.units[k]
		sigma := min(max(line.gap(k), line.least[i]), 1)
		inside := 1.0
		if near := min(mu, 1-mu); near < 6*sigma { // else all of the kernel lies within
			inside = phi((1-mu)/sigma) - phi(-mu/sigma)
		}
		at := i*len(p.places) + p.places[a]
		p.scale[at] = 1 / (sigma * math.Sqrt2)
		p.peak[at] = -math.Log(sigma * math.Sqrt(2*math.Pi) * inside)
		p.stale = append(p.stale, i)
	}
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// same is a categorical kernel's chance of its own value; each of the others has
// an equal part of the rest: pseudo counts of 1 that the components share.
func (p *parzen) same(choices int) float64 {
	each := 1 / float64(len(p.members)+1)
	return (1 + each) / (1 + float64(choices)*each)
}
