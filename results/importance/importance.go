// Package importance says how much each parameter of a sweep matters for a
// metric, from the variants tried and their values alone: by the variance that it
// explains (FANOVA), or by where the best variants lie (PEDANOVA). It knows
// neither the store nor the command line.
package importance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Fewest is how many variants it takes to say anything.
const Fewest = 10

// Effect is how much a parameter matters, or two of them together.
type Effect struct {
	Params []Name  // one, or the two that interact
	Share  float64 // from 0 to 1
	SD     float64 // its standard deviation: over trees (FANOVA), over resamples (PEDANOVA)
}

// Name is what a column is called: its parameter, or those that advance
// together, with + between them.
type Name string

// check says what keeps columns and values from being analysed.
func check(columns []Column, values []float64) error {
	if len(columns) == 0 {
		return fmt.Errorf("there is no parameter")
	}
	if len(values) < Fewest {
		return fmt.Errorf("there are %d variants with a value, and it takes %d: run more trials", len(values), Fewest)
	}
	for _, c := range columns {
		if len(c.Places) != len(values) {
			panic(fmt.Sprintf("importance: %d places of %s for %d values", len(c.Places), c.Name, len(values)))
		}
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("value %d is %v: leave such variants out", i, v)
		}
	}
	if slices.Min(values) == slices.Max(values) {
		return fmt.Errorf("all %d variants have the same value, %g: nothing they differ in matters for it", len(values), values[0])
	}
	return nil
}

// ranked puts effects in order: the largest first, equal ones by name.
func ranked(effects []Effect) []Effect {
	slices.SortFunc(effects, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), slices.Compare(a.Params, b.Params))
	})
	return effects
}

// canonical is the order in which columns are looked at, whatever order they came
// in. Of two that say the same, the one that more variants have comes first: what
// decides whether a parameter exists before that parameter.
func canonical(columns []Column) []Column {
	out := slices.Clone(columns)
	slices.SortFunc(out, func(a, b Column) int {
		return cmp.Or(cmp.Compare(a.absent(), b.absent()), strings.Compare(string(a.Name), string(b.Name)))
	})
	return out
}
