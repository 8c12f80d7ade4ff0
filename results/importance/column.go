package importance

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Column is one parameter of all variants, or several that advance together.
type Column struct {
	Name    Name
	Choices int       // how many values without an order it may have; 0: its values have one
	Places  []float64 // of each variant: from 0 to 1, or the number of its choice; NaN: it has no such parameter
	Seen    bool      // whether its scale is that of the values seen
}

func (c Column) absent() int {
	n := 0
	for _, p := range c.Places {
		if math.IsNaN(p) {
			n++
		}
	}
	return n
}

// Columns are the axes of a space, on its scale. An axis that has several domains,
// by the parameters before it, is on the scale of the values seen: the same value
// is then in the same place whatever domain it was drawn from.
func Columns(space sweep.Space, variants []sweep.Params) ([]Column, error) {
	columns := make([]Column, len(space.Axes))
	for i, a := range space.Axes {
		name := Name(strings.Join(a.Names, "+"))
		values := make([]sweep.Value, len(variants))
		there := make([]bool, len(variants))
		var domain sweep.Domain
		several := false
		for k, p := range variants {
			d, err := a.Domain(p)
			if err != nil {
				return nil, fmt.Errorf("find the domain of %s: %w", name, err)
			}
			if d.Shape == sweep.Absent {
				continue
			}
			values[k], there[k] = a.Value(p), true
			several = several || domain.Shape != sweep.Absent && !same(domain, d)
			domain = d
		}
		if several {
			columns[i] = seen(name, values, there)
		} else {
			columns[i] = placed(name, domain, values, there)
		}
	}
	return columns, nil
}

// Seen are parameters on the scale of their values: numbers from the smallest to
// the largest, by their logarithms where all are positive and these are more than
// a hundred times apart; anything else as choices without an order.
func Seen(names []string, variants []sweep.Params) []Column {
	columns := make([]Column, len(names))
	for i, name := range names {
		values := make([]sweep.Value, len(variants))
		there := make([]bool, len(variants))
		for k, p := range variants {
			values[k], there[k] = p[name]
		}
		columns[i] = seen(Name(name), values, there)
	}
	return columns
}

// seen is a column on the scale of its values.
func seen(name Name, values []sweep.Value, there []bool) Column {
	lo, hi := math.Inf(1), math.Inf(-1)
	numbers := true
	var choices []sweep.Value
	for k, v := range values {
		if !there[k] {
			continue
		}
		f, ok := v.AsFloat()
		numbers = numbers && ok
		lo, hi = min(lo, f), max(hi, f)
		if !slices.ContainsFunc(choices, v.Equal) {
			choices = append(choices, v)
		}
	}
	slices.SortFunc(choices, func(a, b sweep.Value) int { return strings.Compare(a.String(), b.String()) })
	var domain sweep.Domain
	switch {
	case len(choices) == 0:
	case !numbers || lo == hi:
		domain = sweep.Domain{Shape: sweep.Choice, Choices: choices}
	default:
		domain = sweep.Domain{Shape: sweep.Uniform, Lo: lo, Hi: hi}
		if lo > 0 && hi/lo > 100 {
			domain.Shape = sweep.LogUniform
		}
	}
	c := placed(name, domain, values, there)
	c.Seen = true
	return c
}

// placed is a column of a domain.
func placed(name Name, d sweep.Domain, values []sweep.Value, there []bool) Column {
	c := Column{Name: name, Places: make([]float64, len(values))}
	if d.Shape == sweep.Choice && !d.Ordered() {
		c.Choices = len(d.Choices)
	}
	for k, v := range values {
		switch {
		case !there[k]:
			c.Places[k] = math.NaN()
		case c.Choices > 0:
			c.Places[k] = math.Floor(d.Unit(v) * float64(c.Choices))
		default:
			c.Places[k] = d.Unit(v)
		}
	}
	return c
}

func same(a, b sweep.Domain) bool {
	return a.Shape == b.Shape && a.Lo == b.Lo && a.Hi == b.Hi && a.Mean == b.Mean && a.SD == b.SD && a.Step == b.Step &&
		slices.EqualFunc(a.Choices, b.Choices, sweep.Value.Equal)
}
