// Package runner holds what runners have in common. Where trials run is in
// runner/<name>.
package runner

import "github.com/inflame-deeplearning/sweep/sweep"

// Slotted is a runner that knows how many jobs it can run at once.
type Slotted interface {
	sweep.Runner
	sweep.Slotted
}

// As finds what a runner, or the one that it wraps, can do beside running: a second,
// small interface.
func As[T any](r sweep.Runner) (can T, ok bool) {
	for {
		if can, ok = r.(T); ok {
			return can, true
		}
		outer, wraps := r.(interface{ Unwrap() sweep.Runner })
		if !wraps {
			return can, false
		}
		r = outer.Unwrap()
	}
}
