// Package runner holds what runners have in common. Where trials run is in
// runner/<name>.
package runner

import "github.com/inflame-deeplearning/sweep/sweep"

// Slotted is a runner that knows how many jobs it can run at once.
type Slotted interface {
	sweep.Runner
	sweep.Slotted
}
