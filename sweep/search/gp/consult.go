package gp

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// observations is a history as the model sees it.
type observations struct {
	points  []past.Point // those with an outcome in the order in which they came by it, then the others
	known   int          // with an outcome
	results int          // with a result
	xs      [][]float64
}

// observe sorts points by when they ended, so that what was known stays a prefix
// of what is known: fits and matrices of earlier proposals then go on to be good.
func observe(l *layout, points []past.Point) observations {
	ended := func(p past.Point) int {
		switch {
		case p.Ended > 0:
			return p.Ended
		case p.Known: // some of its repeats have ended
			return math.MaxInt - 1
		default:
			return math.MaxInt
		}
	}
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(ended(points[i]), ended(points[j])) })
	o := observations{points: make([]past.Point, len(points)), xs: make([][]float64, len(points))}
	for to, from := range order {
		p := points[from]
		o.points[to], o.xs[to] = p, l.encode(p.Units, p.Domains)
		if p.Known {
			o.known++
		}
		if p.Known && !p.Failed {
			o.results++
		}
	}
	return o
}

// values is the first count values, made fit for the model; weights come from r.
func (o observations) values(count int, r *rand.Rand) ([]float64, scaling) {
	values, violations := make([][]float64, count), make([]float64, count)
	for i, p := range o.points[:count] {
		values[i], violations[i] = p.Values, p.Violation
	}
	return normalise(penalised(scalar(values, r), violations))
}

// scheduled is at how many points the model was last fitted: each time there are
// a tenth more, so that a run of any length has the cost of a few fits of its
// last size.
func scheduled(known int) int {
	count := 1
	for count+max(1, count/10) <= known {
		count += max(1, count/10)
	}
	return count
}

// cache is the last fit, and what it was made from, and the last model.
type cache struct {
	xs    [][]float64
	ys    []float64
	hyper hyper
	model *model
}

// fitted is a model for the n-th proposal with the hyperparameters of the last fit
// in the schedule. Every other one is not warped: a warp may squeeze what looked flat
// from afar, and a minimum there with it; no proposal would then go back to see.
func (s *search) fitted(n int, o observations) *model {
	count := scheduled(o.known)
	xs := o.xs[:count]
	ys, _ := o.values(count, past.Seed(s.seed, -2))
	turn := n % len(s.caches)
	c, f := &s.caches[turn], s.form
	if turn == 1 {
		f = f.straight()
	}
	if c.hyper == nil || !slices.Equal(c.ys, ys) || !slices.EqualFunc(c.xs, xs, slices.Equal[[]float64]) {
		c.xs, c.ys, c.hyper = slices.Clone(xs), ys, f.fit(xs, ys)
		c.model = f.model(c.hyper)
	}
	return c.model
}

// consult asks the model; false: it knows no variant that may be proposed.
func (s *search) consult(n int, o observations) (proposal, bool, error) {
	r := past.Seed(s.seed, n)
	m := s.fitted(n, o)
	ys, scaling := o.values(o.known, r)
	xs := m.warp.all(o.xs)
	m.see(xs, ys)
	best := math.Inf(1)
	means := make([]float64, len(xs))
	for i, x := range xs {
		if i < o.known {
			means[i] = ys[i] - m.noise*m.alpha[i] // what m.mean(x) comes to
		} else {
			means[i] = m.mean(x)
		}
		best = min(best, means[i])
	}
	order := make([]int, o.known)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(means[i], means[j]) })
	var good []past.Point
	for _, i := range order[:min(incumbent, len(order))] {
		good = append(good, o.points[i])
	}
	a := acquisition{search: s, model: m, best: best - demand(n), r: r}
	c, ok, err := a.maximise(good)
	if err != nil || !ok {
		return proposal{}, false, err
	}
	mean, sd := m.predict(c.x)
	return proposal{
		params: c.Params, known: o.known, waiting: len(o.xs) - o.known, score: c.score,
		mean: scaling.back(mean), lo: scaling.back(mean - sd), hi: scaling.back(mean + sd),
		matter: s.layout.matter(m.kernel),
	}, true, nil
}

// Every third proposal has to promise an improvement that is worth having, in
// deviations of the values: else a model that is sure of a minimum spends all
// trials on its last digits, and branches of the space that looked bad at first
// never get a second look.
const (
	demanding = 3
	worth     = 0.003
)

func demand(n int) float64 {
	if n%demanding == demanding-1 {
		return worth
	}
	return 0
}
