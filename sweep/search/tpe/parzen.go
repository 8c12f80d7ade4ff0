package tpe

import (
	"math"
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// parzen is a density over a space, relative to that of the parameters' own
// distributions: a mixture with a component for each of some points, a product of
// kernels over the axes that exist in it, and one, the prior, that is 1
// everywhere.
type parzen struct {
	n     int // components but for the prior
	axes  []axis
	norms []float64 // by component: logarithm of the factors of axes that are always numbers

	component      []int     // of each point that is one
	terms, product []float64 // scratch
}

// axis is one axis's kernels, by component: normal ones cut off at 0 and 1.
type axis struct {
	mu     []float64 // NaN where the axis is absent: the kernel is 1
	scale  []float64 // 1/sigma; 0 where the axis is absent
	factor []float64 // of the kernel: 1 over its integral
	always bool      // whether it exists and is a number in all points
}

// learn makes p the density of the points that in marks. It keeps its memory: of
// many results, most of the time would else go into clearing and collecting it.
func (p *parzen) learn(by *order, in []bool) {
	p.n = 0
	p.component = sized(p.component, len(in))
	for i, marked := range in {
		if marked {
			p.component[i] = p.n
			p.n++
		}
	}
	p.terms, p.norms, p.product = sized(p.terms, p.n), sized(p.norms, p.n), sized(p.product, p.n)
	p.axes = sized(p.axes, len(by.axes))
	for a := range p.axes {
		p.place(&p.axes[a], by.axes[a], in)
	}
	// Logarithms of products, of so many factors that none overflows.
	clear(p.norms)
	for from := 0; from < len(p.axes); from += 32 {
		for i := range p.product {
			p.product[i] = 1
		}
		for _, x := range p.axes[from:min(from+32, len(p.axes))] {
			if x.always {
				for i, f := range x.factor {
					p.product[i] *= f
				}
			}
		}
		for i, f := range p.product {
			p.norms[i] += math.Log(f)
		}
	}
}

// sized is a slice of so many values, in x's memory where they fit.
func sized[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}

// place sets the kernels of an axis.
func (p *parzen) place(x *axis, by line, in []bool) {
	x.mu, x.scale, x.factor = sized(x.mu, p.n), sized(x.scale, p.n), sized(x.factor, p.n)
	if x.always = len(by.sorted) == len(in) && !by.choice; !x.always {
		clear(x.scale)
		for i := range x.mu {
			x.mu[i] = math.NaN()
		}
	}
	last, before := -1, 0.0 // the component before, the place of the one before that
	for k, i := range by.sorted {
		if !in[i] {
			continue
		}
		u := by.units[k]
		if last >= 0 {
			x.set(last, p.width(x.mu[last]-before, u-x.mu[last]))
			before = x.mu[last]
		}
		last = p.component[i]
		x.mu[last] = u
	}
	if last >= 0 {
		x.set(last, p.width(x.mu[last]-before, 1-x.mu[last]))
	}
}

// width is a kernel's, the distance to the farther of its neighbours, within
// bounds: "magic clipping" (Bergstra et al. 2013).
func (p *parzen) width(below, above float64) float64 {
	return min(max(below, above, 1/min(100, float64(p.n)+2)), 1)
}

// set fills in a component's kernel.
func (x *axis) set(i int, sigma float64) {
	x.scale[i] = 1 / sigma
	inside := 1.0
	if near := min(x.mu[i], 1-x.mu[i]); near < 6*sigma { // else all of the kernel lies within
		inside = phi((1-x.mu[i])/sigma) - phi(-x.mu[i]/sigma)
	}
	x.factor[i] = 1 / (sigma * math.Sqrt(2*math.Pi) * inside)
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// categorical reports whether a domain's values are taken to have no order. Lists
// of numbers are among them: as ranks on an axis they were no better on a mixed
// space and worse on the table of real trainings.
func categorical(d sweep.Domain) bool {
	return d.Shape == sweep.Choice
}

// same is a categorical kernel's chance of its own value; each of the others has
// an equal part of the rest: pseudo counts of 1 that the components share.
func (p *parzen) same(choices int) float64 {
	each := 1 / float64(p.n+1)
	return (1 + each) / (1 + float64(choices)*each)
}

// draw answers past.Space.Build's questions with a draw from the density.
func (p *parzen) draw(r *rand.Rand) func(a int, d sweep.Domain) float64 {
	c := r.IntN(p.n + 1)
	return func(a int, d sweep.Domain) float64 {
		if c == p.n || math.IsNaN(p.axes[a].mu[c]) {
			return r.Float64()
		}
		mu := p.axes[a].mu[c]
		if categorical(d) {
			n := len(d.Choices)
			if n == 1 || r.Float64() < p.same(n) {
				return mu
			}
			i := (int(mu*float64(n)) + 1 + r.IntN(n-1)) % n // one of the others
			return (float64(i) + 0.5) / float64(n)
		}
		for {
			if u := mu + r.NormFloat64()/p.axes[a].scale[c]; u >= 0 && u <= 1 {
				return u
			}
		}
	}
}

// log is the logarithm of the density at a point.
func (p *parzen) log(at past.Point) float64 {
	terms := p.terms[:p.n]
	copy(terms, p.norms)
	for a, u := range at.Units {
		x := p.axes[a]
		switch d := at.Domains[a]; {
		case math.IsNaN(u):
		case categorical(d):
			x.choices(terms, u, len(d.Choices), p.same(len(d.Choices)))
		case x.always:
			mu, scale := x.mu[:len(terms)], x.scale[:len(terms)]
			for i, s := range scale {
				z := (u - mu[i]) * s
				terms[i] -= 0.5 * z * z
			}
		default:
			for i, s := range x.scale {
				if s > 0 {
					z := (u - x.mu[i]) * s
					terms[i] += math.Log(x.factor[i]) - 0.5*z*z
				}
			}
		}
	}
	top := 0.0 // the prior's
	for _, t := range terms {
		top = max(top, t)
	}
	sum := math.Exp(-top)
	for _, t := range terms {
		if t -= top; t > -40 {
			sum += math.Exp(t)
		}
	}
	return top + math.Log(sum/float64(p.n+1))
}

// choices adds an axis's kernels at u, of so many choices.
func (x axis) choices(terms []float64, u float64, choices int, same float64) {
	k := float64(choices)
	yes, no := 0.0, 0.0
	if choices > 1 {
		yes, no = math.Log(same*k), math.Log((1-same)/(k-1)*k)
	}
	for i, m := range x.mu {
		switch {
		case math.IsNaN(m):
		case int(m*k) == int(u*k):
			terms[i] += yes
		default:
			terms[i] += no
		}
	}
}
