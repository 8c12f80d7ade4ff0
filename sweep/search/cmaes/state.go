package cmaes

import (
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// state is what a history has taught so far.
type state struct {
	*normal
	categories *categories
	domains    []sweep.Domain // of each coordinate: the best of the last generation's
	bounded    []bool         // of each coordinate: whether it is continuous
	starts     int            // how often the distribution was started anew

	places     []place // of each point, where in the distribution it was drawn
	absorbed   int     // results that were learned from
	generation []member
	bests      []float64 // of each generation since the start

	best    float64 // of the feasible results
	results int
	given   member // the best result that others proposed
}

// place is where in the distribution a variant was drawn.
type place struct {
	x       []float64 // of each coordinate, those of absent parameters too; nil: it was not drawn
	drawn   bool      // from the distribution as it was, rather than a wider one
	start   int       // which start's distribution it was, -1: none's
	updates int       // of the distribution when it was drawn
}

// member is a result of a generation.
type member struct {
	point int
	place place
	x     []float64 // of each coordinate, NaN where it is absent: the update then takes it to be at the mean
	cats  []int     // of each categorical distribution, -1 where it is absent

	value, violation float64
}

func (s *search) fresh() *state {
	mean := make([]float64, s.layout.dims)
	for i := range mean {
		mean[i] = 0.5
	}
	st := &state{
		normal:     newNormal(mean, s.Sigma, s.Population),
		categories: newCategories(s.layout.categories),
		domains:    slices.Clone(s.layout.domains),
		best:       math.Inf(1), given: member{value: math.Inf(1), violation: math.Inf(1)},
	}
	for _, d := range st.domains {
		st.bounded = append(st.bounded, continuous(d))
	}
	return st
}

// learn brings the state up to a history, on which proposal n follows: it goes
// through the proposals as they were made, each after the results that were known.
func (s *search) learn(n int, history sweep.History) ([]past.Point, error) {
	points, err := s.reader.Points(history)
	if err != nil {
		s.state = nil // the reader starts over
		return nil, err
	}
	finished := s.reader.Finished()
	if foreign := len(points) - n; s.state == nil || s.reader.Anew() || foreign != s.foreign || s.ahead(points, finished) {
		s.state, s.foreign, s.last = s.fresh(), foreign, proposal{}
	}
	for i := len(s.places); i < len(points); i++ {
		for s.absorbed < len(finished) && points[finished[s.absorbed]].Ended <= points[i].After {
			s.absorb(points, finished[s.absorbed])
		}
		s.places = append(s.places, s.locate(points[i], i))
	}
	for s.absorbed < len(finished) {
		s.absorb(points, finished[s.absorbed])
	}
	return points, nil
}

// ahead reports whether the state knows more than was known when the next point was
// proposed.
func (s *state) ahead(points []past.Point, finished []int) bool {
	return s.absorbed > 0 && len(s.places) < len(points) && points[finished[s.absorbed-1]].Ended > points[len(s.places)].After
}

// locate finds where point i was drawn, by proposing it again unless it was the last
// proposal. What would not be proposed here is somebody else's.
func (s *search) locate(p past.Point, i int) place {
	other := place{start: -1}
	if i < s.foreign {
		return other
	}
	known := s.last
	if known.params == nil || s.number != i || s.taught != s.absorbed {
		var err error
		if known, err = s.propose(i); err != nil {
			return other
		}
	}
	if !equal(known.params, p.Params) {
		return other
	}
	return known.place
}

func equal(a, b sweep.Params) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		if w, ok := b[name]; !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

// absorb learns from the result of point i.
func (s *search) absorb(points []past.Point, i int) {
	s.absorbed++
	p := points[i]
	m := member{point: i, place: s.places[i], value: p.Value(), violation: p.Violation, cats: s.chosen(p)}
	m.x = s.coordinates(p, m.place.x)
	if !p.Failed {
		s.results++
	}
	if p.Violation == 0 {
		s.best = min(s.best, m.value)
	}
	if m.place.start >= 0 && m.place.start != s.starts {
		return // drawn before the distribution started anew: it must not pull it back
	}
	if m.place.start < 0 && s.starts == 0 && s.updates == 0 { // a head start
		if better(m, s.given) < 0 {
			s.given = m
			s.moveTo(m)
		}
		return
	}
	if s.generation = append(s.generation, m); len(s.generation) == s.population {
		s.evolve(points)
	}
}

// better orders members, the better first.
func better(a, b member) int {
	return sweep.CompareFeasible(a.violation, a.value, b.violation, b.value)
}

// chosen is the category of each categorical distribution in p, -1 where p has none.
func (s *search) chosen(p past.Point) []int {
	cats := make([]int, len(s.layout.categories))
	for axis, c := range s.layout.cats {
		if c < 0 {
			continue
		}
		cats[c] = -1
		if d := p.Domains[axis]; categorical(d) {
			if k := int(p.Units[axis] * float64(len(d.Choices))); k < s.layout.categories[c] {
				cats[c] = k
			}
		}
	}
	return cats
}

// coordinates are those of p: where it was drawn, or where it lies if it was not.
func (s *search) coordinates(p past.Point, drawn []float64) []float64 {
	x := make([]float64, s.layout.dims)
	for axis, at := range s.layout.coords {
		switch {
		case at < 0:
		case categorical(p.Domains[axis]):
			x[at] = math.NaN()
		case drawn == nil || math.IsNaN(p.Units[axis]):
			x[at] = p.Units[axis]
		default:
			x[at] = drawn[at]
		}
	}
	return x
}

// moveTo begins at a point that was given.
func (s *search) moveTo(m member) {
	for i, x := range m.x {
		if !math.IsNaN(x) {
			s.mean[i] = x
		}
	}
	for i, k := range m.cats {
		if k >= 0 {
			s.categories.lean(i, k)
		}
	}
}

// evolve moves the distribution by a generation.
func (s *search) evolve(points []past.Point) {
	slices.SortStableFunc(s.generation, better)
	steps := make([][]float64, len(s.generation))
	cats := make([][]int, len(s.generation))
	for i, m := range s.generation {
		steps[i] = s.step(m.x, m.place.drawn && m.place.updates == s.updates)
		cats[i] = m.cats
	}
	best, worst := s.generation[0], s.generation[len(s.generation)-1]
	spread := worst.value - best.value
	if worst.violation > 0 { // values alone say nothing then
		spread = math.Inf(1)
	}
	if best.violation > 0 {
		best.value = math.Inf(1)
	}
	s.bests = append(s.bests, best.value)
	s.update(steps)
	s.categories.update(cats[:s.mu], s.weights[:s.mu])
	s.generation = s.generation[:0]
	for axis, at := range s.layout.coords {
		if d := points[best.point].Domains[axis]; at >= 0 && d.Len() != 1 && !categorical(d) {
			s.domains[at], s.bounded[at] = d, continuous(d)
		}
	}
	if s.converged(spread) {
		s.restart()
		return
	}
	for i, d := range s.domains {
		if !s.bounded[i] {
			s.margin(i, d, 1/float64(s.dims*s.population))
		}
	}
}

// center is the variant in the middle of the distribution.
func (s *search) center() (past.Point, error) {
	return s.space.Build(func(axis int, d sweep.Domain) float64 {
		switch at := s.layout.coords[axis]; {
		case categorical(d) && s.layout.cats[axis] >= 0:
			n := len(d.Choices)
			return (float64(s.categories.likeliest(s.layout.cats[axis], n)) + 0.5) / float64(n)
		case at < 0:
			return 0.5
		default:
			return s.mean[at]
		}
	})
}
