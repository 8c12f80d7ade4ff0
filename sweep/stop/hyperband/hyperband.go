// Package hyperband is Hyperband (Li et al. 2016, "Hyperband: A Novel
// Bandit-Based Approach to Hyperparameter Optimization") with asynchronous
// brackets: several successive halvings side by side, which give trials more or
// fewer epochs before they first compare them, so that no one guess of how much
// early results tell decides everything.
package hyperband

import (
	"fmt"
	"math"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/halving"
)

// Config is the stop "hyperband" block.
type Config struct {
	_         struct{} `doc:"Brackets of asha (Hyperband, Li 2016): the first compares trials at min_epochs, eta times that, and so on; each further one begins a rung later, and the last lets all of its trials train to the end. A variant's number decides its bracket, so that all brackets cost about the same; trials compete within their bracket. For curves that cross, where no one guess of how much early epochs tell is to be trusted. With search \"tpe\" this is BOHB (Falkner 2018)."`
	Eta       float64  `hcl:"eta" doc:"One trial in so many goes on at each rung, and the next rung is so many times as far." default:"3" above:"1"`
	MinEpochs int      `hcl:"min_epochs" doc:"Epochs up to the first rung of the first bracket." default:"1" min:"1"`
	MaxEpochs int      `hcl:"max_epochs" doc:"Epochs of a whole training, above min_epochs." required:"true" min:"2"`
	Brackets  int      `hcl:"brackets" doc:"Brackets to use, from the first on; 0: all that max_epochs leaves room for." default:"0" min:"0"`
}

type rule struct {
	halving.Halving
	rungs []int     // of the first bracket; bracket b has those from the b-th on
	ends  []float64 // where each bracket's share of the unit interval ends
}

// New is the rule for trials of s.
func New(s sweep.Spec, c Config) (sweep.Stopper, error) {
	rungs := slices.Collect(halving.Rungs(c.MinEpochs, c.Eta, c.MaxEpochs))
	if len(rungs) == 0 {
		return nil, fmt.Errorf("hyperband with min_epochs = %d and max_epochs = %d has no rung: max_epochs must be above min_epochs", c.MinEpochs, c.MaxEpochs)
	}
	brackets := len(rungs) + 1
	if c.Brackets > brackets {
		return nil, fmt.Errorf("hyperband has no room for %d brackets: with max_epochs = %d there are at most %d", c.Brackets, c.MaxEpochs, brackets)
	}
	if c.Brackets > 0 {
		brackets = c.Brackets
	}
	r := rule{Halving: halving.Halving{Rule: "hyperband", Objectives: s.Objectives, Eta: c.Eta}, rungs: rungs, ends: make([]float64, brackets)}
	sum := 0.0
	for b := range r.ends {
		left := len(rungs) - b // halvings: the paper's s
		sum += math.Ceil(float64(len(rungs)+1) / float64(left+1) * math.Pow(c.Eta, float64(left)))
		r.ends[b] = sum
	}
	for b := range r.ends {
		r.ends[b] /= sum
	}
	return r, nil
}

// bracket is that of a variant. Multiples of the golden ratio fall into the
// brackets in proportion to their shares, from the first few variants on, and
// not in step with a parameter of a grid.
func (r rule) bracket(variant int) int {
	_, u := math.Modf(float64(variant) * (math.Phi - 1))
	b, _ := slices.BinarySearch(r.ends, math.Nextafter(u, 1))
	return min(b, len(r.ends)-1)
}

func (r rule) Judge(t sweep.Trial, past sweep.History) sweep.Verdict {
	own := r.bracket(t.Variant)
	return r.Halving.Judge(t, past, slices.Values(r.rungs[own:]), func(v int) bool { return r.bracket(v) == own }, fmt.Sprintf(" of bracket %d", own+1))
}
