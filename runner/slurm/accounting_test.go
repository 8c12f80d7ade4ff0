//go:build linux

package slurm

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/slurm/slurmtest"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// delayed is a cluster whose queue, when it is stopped, is shown as it was then.
type delayed struct {
	command

	mu      sync.Mutex
	stopped bool
	last    string
}

func (d *delayed) run(ctx context.Context, stdin, name string, args ...string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name == "squeue" && d.stopped {
		return d.last, nil
	}
	out, err := d.command(ctx, stdin, name, args...)
	if name == "squeue" {
		d.last = out
	}
	return out, err
}

func (d *delayed) stop(stopped bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = stopped
}

// What became of a job that the queue has forgotten before the runner saw it end is
// found in Slurm's accounting.
func TestClusterAccounting(t *testing.T) {
	t.Parallel()
	c := slurmtest.Setup{Accounting: true, Lines: []string{"MinJobAge=2"}}.Start(t)
	d := &delayed{command: commandsOf(c)}
	config := Config{Dir: t.TempDir(), CPUs: 1, MaxJobs: 8, Poll: 200 * time.Millisecond, Grace: 4 * time.Second}
	r, err := newRunner(config, d.run)
	if err != nil {
		t.Fatal(err)
	}
	if own, ok := runner.As[*slurm](r); !ok || own.accounting(t.Context()) != "there is" {
		t.Error("doctor sees no accounting")
	}
	var group errgroup.Group
	var begun sync.WaitGroup
	ends := map[string][]string{
		"was cancelled in Slurm, by somebody else": nil, "was killed by signal 9": {"--batch", "--signal=KILL"},
	}
	begun.Add(len(ends))
	jobs := make(chan string, len(ends))
	for want, how := range ends {
		j := stepping(t, 10000)
		group.Go(func() error {
			result := runs(t, r, j, func(job, _ string) {
				begun.Done()
				begun.Wait()
				d.stop(true)
				c.Run(t, "scancel", append(how, job)...)
				jobs <- job
			})
			if result.Outcome != sweep.Lost || !strings.Contains(result.Message, want) {
				t.Errorf("result %+v, want that it %s", result, want)
			}
			return nil
		})
	}
	for range ends {
		c.AwaitJob(t, <-jobs, "")
	}
	d.stop(false)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
