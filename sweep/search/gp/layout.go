package gp

import (
	"math/rand/v2"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// probes is how many variants are drawn to see what forms each axis takes.
const probes = 100

// neutral is the place of a number that a variant does not have.
const neutral = 0.5

// layout says which features a variant has. An axis that is a number somewhere
// in the space has its place in the unit interval; where it may be absent, or
// something other than a number, a second feature says whether it is there, with
// a length scale of its own, and the place is then the neutral middle. An axis
// that is a category somewhere has a code that is only compared for equality.
type layout struct {
	columns []column // of each axis
	names   []string // of each feature
	numbers int      // features that are numbers; they come first
	places  []int    // those of them that are places in a domain
	codes   map[string]float64
}

// column is where an axis's features are; -1: it has no such one.
type column struct{ place, presence, code int }

// newLayout learns the forms of s's axes from variants drawn at random, always
// the same ones.
func newLayout(s sweep.Space) (*layout, error) {
	forms := make([]struct{ number, category, absent bool }, len(s.Axes))
	for i := range probes {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		p := sweep.Params{}
		for i, a := range s.Axes {
			d, err := a.Domain(p)
			if err != nil {
				return nil, err
			}
			a.Set(p, d.At(r.Float64()))
			f := &forms[i]
			switch {
			case d.Shape == sweep.Absent:
				f.absent = true
			case d.Ordered():
				f.number = true
			default:
				f.category = true
			}
		}
	}
	l := &layout{columns: make([]column, len(s.Axes)), codes: map[string]float64{}}
	feature := func(name string) int {
		l.names = append(l.names, name)
		return len(l.names) - 1
	}
	for i, f := range forms {
		name := s.Axes[i].Names[0]
		l.columns[i] = column{-1, -1, -1}
		if f.number {
			l.columns[i].place = feature(name)
			l.places = append(l.places, l.columns[i].place)
			if f.absent || f.category {
				l.columns[i].presence = feature("the presence of " + name)
			}
		}
	}
	l.numbers = len(l.names)
	for i, f := range forms {
		if f.category {
			l.columns[i].code = feature(s.Axes[i].Names[0])
		}
	}
	return l, nil
}

// encode is the features of a variant.
func (l *layout) encode(units []float64, domains []sweep.Domain) []float64 {
	x := make([]float64, len(l.names))
	for i, c := range l.columns {
		number := domains[i].Ordered()
		if c.place >= 0 {
			if x[c.place] = neutral; number {
				x[c.place] = units[i]
			}
		}
		if c.presence >= 0 && number {
			x[c.presence] = 1
		}
		if c.code >= 0 && !number && domains[i].Shape != sweep.Absent {
			x[c.code] = l.code(domains[i].At(units[i]))
		}
	}
	return x
}

// code is the number of a category, from 1. Which one it is has no influence.
func (l *layout) code(v sweep.Value) float64 {
	key := v.String()
	code, ok := l.codes[key]
	if !ok {
		code = float64(len(l.codes) + 1)
		l.codes[key] = code
	}
	return code
}

// form is that of a model of the features.
func (l *layout) form() form {
	return form{features: len(l.names), numbers: l.numbers, warped: l.places}
}
