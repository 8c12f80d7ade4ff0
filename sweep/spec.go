// Package sweep holds the nouns of a hyperparameter sweep, the ports that
// plugins implement, and the loop that runs one. It knows no file format, no
// database and no trainer: those live in the folders beside it and plug in.
package sweep

import (
	"math"
	"time"
)

// Spec is what a sweep file says of the sweep as a whole. Inside a trial only
// Name and Objectives are known.
type Spec struct {
	Name       string
	Objectives []Objective // at least one; the first ranks the leaderboard
	Space      Space
	Try        []Params // baselines, run before the searcher's proposals
	Repeat     int      // seeds a variant is trained with, at least 1
	Limits     Limits

	Feasible *Constraint // on what trials measure; nil: all count

	// Resolve evaluates the file's data, model and train blocks (or its
	// command) with a variant's parameters. seed is the task's own base seed.
	Resolve func(p Params) (task Task, seed uint64, err error)
}

// Goal is the direction in which an objective is better.
type Goal string

// The two goals.
const (
	Minimize Goal = "minimize"
	Maximize Goal = "maximize"
)

// Objective is a metric to be made as small or as large as possible.
type Objective struct {
	Name string `json:"name"`
	Goal Goal   `json:"goal"`
}

// Better reports whether value a beats b. NaN never beats anything and anything beats NaN.
func (o Objective) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case o.Goal == Maximize:
		return a > b
	default:
		return a < b
	}
}

// Limits end a sweep early; a zero field sets no limit.
type Limits struct {
	Trials   int           // trials launched or taken from cache
	Duration time.Duration // wall clock, from this execution's start
	Failures int           // trials that failed, by whatever outcome
	Alike    int           // trials that fail, the first of all, in the same way

	Confirm      int      // variants, the best ones, that are trained again when the search is over
	ConfirmSeeds int      // fresh seeds that each of them is then trained with
	Target       *float64 // value of the first objective that is good enough
}
