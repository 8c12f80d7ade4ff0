package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// EndOrphans ends what earlier launches have left running in trial directories,
// for a caller who knows that nobody else works there: the processes that the
// directories record, those that their environment gives away, and all below. They
// are asked to end, and killed when grace, or ctx, is over.
func EndOrphans(ctx context.Context, grace time.Duration, dirs ...trialdir.Dir) error {
	var ids []process.ID
	var left []trialdir.Dir
	for _, dir := range dirs {
		recorded, err := dir.Processes()
		if err != nil {
			return err
		}
		if len(recorded) > 0 {
			ids, left = append(ids, recorded...), append(left, dir)
		}
	}
	if len(left) == 0 { // each ended in order
		return nil
	}
	given := process.ByEnvironment(trialdir.Variable)
	for _, dir := range left {
		path, err := filepath.Abs(string(dir))
		if err != nil {
			return fmt.Errorf("find trial directory: %w", err)
		}
		ids = append(ids, given[path]...)
	}
	if err := process.End(ctx, ids, grace); err != nil {
		return fmt.Errorf("end what an earlier launch has left running: %w", err)
	}
	var err error
	for _, dir := range left {
		err = errors.Join(err, dir.ClearProcesses())
	}
	return err
}
