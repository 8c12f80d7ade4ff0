//go:build linux

package slurm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/runnertest"
	"github.com/inflame-deeplearning/sweep/runner/slurm/slurmtest"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// stepping is a trial of so many steps, a fifth of a second each, that goes on from
// where it was, counts its launches, and ends when it is told to, or a file "enough" is
// there.
func stepping(t *testing.T, steps int) sweep.Job {
	t.Helper()
	j := runnertest.Job(t, fmt.Sprintf(`
cd $SWEEP_TRIAL_DIR
trap 'exit 0' TERM
echo $$ >> launches
n=$(cat at 2>/dev/null || echo 0)
while [ $n -lt %d -a ! -e enough ]; do
  n=$((n + 1))
  echo "{\"step\": $n, \"loss\": 1}" >> metrics.jsonl
  echo $n > at.part && mv at.part at
  sleep 0.2
done`, steps))
	fields := j.Trial.Task.Model.Config.Fields()
	delete(fields, "metrics") // it writes its reports itself
	j.Trial.Task.Model.Config = sweep.Object(fields)
	return j
}

// launches is how often the trial was launched.
func launches(t *testing.T, j sweep.Job) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(j.Trial.Dir, "launches"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// runs runs a job, and does something when it has come to its third step.
func runs(t *testing.T, r sweep.Runner, j sweep.Job, do func(job, node string)) sweep.Result {
	t.Helper()
	last := 0
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	result, err := r.Run(ctx, j, func(rep sweep.Report) {
		if last = rep.Step; last == 3 && do != nil {
			job, _, _ := trialdir.Dir(j.Trial.Dir).Job()
			claim, _, _ := trialdir.Dir(j.Trial.Dir).Claimed()
			do(job.ID, claim.Node)
			do = nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestClusterFaults(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	shared := t.TempDir()
	t.Run("one that gets no further within its time limit is not submitted for ever", func(t *testing.T) {
		t.Parallel() // the shortest limit is a minute
		r := on(t, c, Config{Time: time.Minute})
		result, err := r.Run(t.Context(), runnertest.Job(t, "trap '' TERM; sleep 1000; sleep 1000"), func(sweep.Report) {})
		if err != nil || result.Outcome != sweep.TimedOut || result.Attempts != 1 {
			t.Errorf("Run = %+v, %v; want timed_out", result, err)
		}
	})
	for name, test := range map[string]struct {
		config  Config
		steps   int
		do      func(t *testing.T, job, node string) // when it has come to its third step
		then    func(t *testing.T, node string)      // when it has ended; nil: nothing
		want    sweep.Outcome
		message string
		starts  int // of its program
	}{
		"a requeued trial goes on from its checkpoint": {
			steps: 20, want: sweep.Succeeded, starts: 2,
			do: func(t *testing.T, job, node string) {
				t.Helper()
				c.Run(t, "scontrol", "requeue", job)
				c.Release(t, job, node)
			},
		},
		"one that was told that its time is over goes on in another job": {
			steps: 20, want: sweep.Succeeded, starts: 2,
			do: func(t *testing.T, job, _ string) { t.Helper(); c.Run(t, "scancel", "--signal=TERM", "--batch", job) },
		},
		"one that somebody else has cancelled is lost": {
			steps: 50, want: sweep.Lost, message: "cancelled in Slurm, by somebody else", starts: 1,
			do: func(t *testing.T, job, _ string) { t.Helper(); c.Run(t, "scancel", job) },
		},
		"one whose own process is killed is lost": {
			steps: 50, want: sweep.Lost, message: "killed by signal 9", starts: 1,
			do: func(t *testing.T, job, _ string) {
				t.Helper()
				c.Run(t, "scancel", "--signal=KILL", "--batch", job)
			},
		},
		"a node that is drained lets its trials come to their end": {
			steps: 10, want: sweep.Succeeded, starts: 1,
			do: func(t *testing.T, _, node string) {
				t.Helper()
				c.Run(t, "scontrol", "update", "nodename="+node, "state=drain", "reason=test")
			},
			then: func(t *testing.T, node string) {
				t.Helper()
				c.Run(t, "scontrol", "update", "nodename="+node, "state=resume")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.Dir = shared
			j := stepping(t, test.steps)
			at := ""
			result := runs(t, on(t, c, test.config), j, func(job, node string) {
				at = node
				test.do(t, job, node)
			})
			if test.then != nil {
				test.then(t, at)
			}
			if result.Outcome != test.want || !strings.Contains(result.Message, test.message) {
				t.Errorf("result %+v, want %s", result, test.want)
			}
			if n := launches(t, j); n != test.starts {
				t.Errorf("its program was started %d times, want %d", n, test.starts)
			}
			if result.Outcome == sweep.Succeeded && result.Attempts != test.starts {
				t.Errorf("%d attempts, want %d", result.Attempts, test.starts)
			}
		})
	}
}

// A trial that makes way for others with more right goes on when they are done, in
// another job.
func TestClusterPreempts(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t, "PreemptType=preempt/partition_prio", "PreemptMode=CANCEL", "PartitionName=first Nodes=n1,n2 PriorityTier=10 State=UP")
	j := stepping(t, 20)
	result := runs(t, on(t, c, Config{Partition: "main", Memory: "100M"}), j, func(string, string) {
		c.Run(t, "sbatch", "--partition=first", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 2")
	})
	if result.Outcome != sweep.Succeeded || launches(t, j) != 2 || result.Attempts != 2 {
		t.Errorf("result %+v after %d launches", result, launches(t, j))
	}
}

// One that is requeued when all others of its array were cancelled before they ran waits
// for its turn, and is not taken for cancelled as well.
func TestClusterRequeuesLastOfArray(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	c.Run(t, "scontrol", "update", "nodename=n2", "state=drain", "reason=test") // there is room for one
	r := on(t, c, Config{Extra: []string{"--exclusive"}})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	results, interrupts := map[string]*sweep.Result{}, map[string]context.CancelCauseFunc{} // by directory
	third := make(chan sweep.Job, 3)                                                        // that has come to its third step
	var group errgroup.Group
	for range 3 {
		j, result := stepping(t, 20), new(sweep.Result)
		ctx, interrupt := context.WithCancelCause(ctx)
		results[j.Trial.Dir], interrupts[j.Trial.Dir] = result, interrupt
		group.Go(func() (err error) {
			*result, err = r.Run(ctx, j, func(rep sweep.Report) {
				if rep.Step == 3 {
					third <- j
				}
			})
			return err
		})
	}
	select {
	case j := <-third:
		delete(interrupts, j.Trial.Dir)
		for _, interrupt := range interrupts {
			interrupt(sweep.ErrInterrupt)
		}
		eventually(t, "the others are cancelled", func() bool { return c.Run(t, "squeue", "--noheader", "--states=PENDING") == "" })
		job, _, _ := trialdir.Dir(j.Trial.Dir).Job()
		c.Run(t, "scontrol", "requeue", job.ID)
		c.Run(t, "scontrol", "update", "nodename=n2", "state=resume")
		c.Release(t, job.ID, "n1")
		if err := group.Wait(); err != nil || results[j.Trial.Dir].Outcome != sweep.Succeeded || launches(t, j) != 2 {
			t.Errorf("result %+v, %v, after %d launches", results[j.Trial.Dir], err, launches(t, j))
		}
	case <-ctx.Done():
		t.Error("none has come to run")
	}
}

// Trials that share a node have each a GPU of their own.
func TestClusterSharesGPUs(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	r := on(t, c, Config{Gres: "gpu:1", Memory: "100M", Extra: []string{"--nodelist=n1"}})
	var mu sync.Mutex
	seen := map[float64]int{}
	var group errgroup.Group
	for range 4 {
		j := runnertest.Job(t, "echo loss=$CUDA_VISIBLE_DEVICES; sleep 5")
		group.Go(func() error {
			_, err := r.Run(t.Context(), j, func(rep sweep.Report) {
				mu.Lock()
				defer mu.Unlock()
				seen[rep.Metrics["loss"]]++
			})
			return err
		})
	}
	if err := group.Wait(); err != nil || len(seen) != 4 {
		t.Errorf("trials had the GPUs %v (%v), want each one", seen, err)
	}
}

// A node that is cut off is given up, and its trial started on another. What still
// runs on the first ends by itself, and has no say in the result.
func TestClusterLosesNode(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	j := stepping(t, 10000)
	dir := trialdir.Dir(j.Trial.Dir)
	lost := ""
	result := runs(t, on(t, c, Config{}), j, func(job, node string) {
		lost = node
		c.Kill(node)
		c.Release(t, job, node)
		steps := 0
		eventually(t, "the trial has been at work elsewhere for longer than the first needs to see that", func() bool {
			reports, err := dir.Reports()
			if claim, ok, cerr := dir.Claimed(); err != nil || cerr != nil || !ok || claim.Node == lost {
				return false
			}
			if steps == 0 {
				steps = len(reports)
			}
			return len(reports) >= steps+30
		})
		if err := os.WriteFile(filepath.Join(j.Trial.Dir, "enough"), nil, 0o600); err != nil {
			t.Error(err)
		}
	})
	claim, _, err := dir.Claimed()
	if err != nil || result.Outcome != sweep.Succeeded || claim.Node == lost || launches(t, j) != 2 {
		t.Errorf("result %+v after %d launches, the last on %s, where %s was lost (%v)", result, launches(t, j), claim.Node, lost, err)
	}
	reports, err := dir.Reports()
	if err != nil || len(reports) == 0 || reports[len(reports)-1].Step != len(reports) {
		t.Errorf("%d reports (%v), the last of another step", len(reports), err)
	}
}

// eventually waits for something that a real cluster does.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for !so() {
		select {
		case <-ticks.C:
		case <-deadline:
			t.Errorf("it never came about that %s", what)
			return
		}
	}
}

// While the controller is down, trials go on, and what ended meanwhile is collected.
func TestClusterRestartsController(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t)
	r := on(t, c, Config{})
	var group errgroup.Group
	for i := range 6 {
		j := stepping(t, 10+3*i)
		group.Go(func() error {
			if result := runs(t, r, j, nil); result.Outcome != sweep.Succeeded || launches(t, j) != 1 {
				return fmt.Errorf("result %+v after %d launches", result, launches(t, j))
			}
			return nil
		})
	}
	first := stepping(t, 30)
	result := runs(t, r, first, func(string, string) {
		c.Stop("slurmctld")
		time.AfterFunc(2*time.Second, func() { _ = c.Up("slurmctld") })
	})
	if result.Outcome != sweep.Succeeded {
		t.Errorf("result %+v", result)
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// A runner that is asked to end when a trial has just done so, and when that is not to be
// seen here yet, leaves the trial's word alone: it is not trained again.
func TestClusterEndsJustNow(t *testing.T) {
	t.Parallel()
	shared := t.TempDir()
	c := slurmtest.Setup{Shared: shared}.Start(t)
	j := runnertest.Job(t, "echo $$ >> $SWEEP_TRIAL_DIR/launches; echo loss=1; sleep 7; echo loss=0.5")
	j.Trial.Dir = filepath.Join(shared, "one")
	ctx, cancel := context.WithCancelCause(t.Context())
	inner := commandsOf(c)
	r := by(t, Config{Dir: shared}, func(ctx context.Context, stdin, name string, args ...string) (string, error) {
		text, err := inner(ctx, stdin, name, args...)
		if name == "squeue" && strings.Contains(text, "COMPLETED") {
			cancel(sweep.ErrInterrupt)
		}
		return text, err
	})
	if result, err := r.Run(ctx, j, func(sweep.Report) {}); err != nil || result.Outcome != sweep.Succeeded {
		t.Errorf("asked to end: %+v, %v", result, err)
	}
	if result := runs(t, on(t, c, Config{Dir: shared}), j, nil); result.Outcome != sweep.Succeeded || launches(t, j) != 1 {
		t.Errorf("come back: %+v after %d launches", result, launches(t, j))
	}
}

// Where the cluster takes fewer jobs than there are trials, the others wait.
func TestClusterIsFull(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t, "MaxJobCount=6", "MinJobAge=5")
	r := on(t, c, Config{MaxJobs: 8})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for range 8 {
		j := stepping(t, 1)
		group.Go(func() error {
			result, err := r.Run(ctx, j, func(sweep.Report) {})
			if err != nil || result.Outcome != sweep.Succeeded || launches(t, j) != 1 {
				return fmt.Errorf("result %+v, %w, after %d launches", result, err, launches(t, j))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// What needs more memory than it asked for is tried again, with all that a node has.
func TestClusterRunsOutOfMemory(t *testing.T) {
	t.Parallel()
	c := slurmtest.Setup{Confined: true}.Start(t)
	const greedy = `echo $$ >> $SWEEP_TRIAL_DIR/launches; x=$(head -c 100M /dev/zero | tr '\0' x); echo loss=${#x}`
	j := runnertest.Job(t, greedy)
	result := runs(t, on(t, c, Config{Memory: "60M"}), j, nil)
	if result.Outcome != sweep.OutOfMemory || launches(t, j) != 1 {
		t.Errorf("result %+v after %d launches, want out_of_memory after one", result, launches(t, j))
	}
	j = runnertest.Job(t, greedy)
	result = runs(t, on(t, c, Config{Memory: "60M", Retry: runner.Policy{OutOfMemory: 1}}), j, nil)
	if result.Outcome != sweep.Succeeded || launches(t, j) != 2 || result.Attempts != 2 || result.PeakMemory < 100<<20 {
		t.Errorf("result %+v after %d launches, want success with a node's memory after two", result, launches(t, j))
	}
}
