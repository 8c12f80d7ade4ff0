// Package model is what trains: the Trainer port, the settings and loop shared
// by the built-in trainers, scoring and prediction. The networks themselves are
// in model/<name>, their layers in model/nn.
package model

import (
	"context"
	"io"
	"time"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// Trainer trains one trial: the plugin kind behind a sweep file's model block
// (and, for any program, its command block).
type Trainer interface {
	// Train runs r's trial to its end, or from its checkpoint on. It returns
	// how the trial ended; an error is the trial's failure, told to the user.
	// When r.Stopping reports true it writes a checkpoint and returns early;
	// when ctx ends it returns at once.
	Train(ctx context.Context, r *Run) (sweep.Result, error)
}

// Reporter is a Trainer that knows beforehand which metrics it reports, so that
// a wrong objective is found before anything runs. An empty list: unknown.
type Reporter interface {
	Metrics() []string
}

// Run is what a Trainer works on.
type Run struct {
	Trial      sweep.Trial
	Objectives []sweep.Objective
	Feasible   *sweep.Constraint // nil: none
	Dir        trialdir.Dir
	Log        io.Writer // the trial's log.txt

	// Data opens the trial's prepared data set.
	Data func(ctx context.Context) (*artifact.Dataset, error)
	// Report appends a line to metrics.jsonl.
	Report func(step int, m sweep.Metrics) error
	// Now is the clock.
	Now func() time.Time
	// Stopping reports whether the runner has asked for an early end.
	Stopping func() bool
}
