//go:build unix

package slurm

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

var nodes = flag.Int("nodes", 100, "nodes of the simulated cluster")

// simulated is a cluster in virtual time: its commands are functions, its nodes
// goroutines that write into the trial directories as trials do. A node has room for
// one.
type simulated struct {
	t     *testing.T
	steps int
	each  time.Duration // of a step

	mu      sync.Mutex
	free    int
	last    int // array's number
	jobs    []*simulatedJob
	queued  []*simulatedJob
	calls   map[string]int
	spent   map[string]time.Duration // real processor time of a command's own
	fails   map[string]int           // how many calls of a command are to fail as if Slurm were busy; sbatch's come through all the same
	printed int                      // bytes, by a squeue, at the most
	work    sync.WaitGroup

	late   time.Duration // after which what a trial has written last is seen
	brief  bool          // whether jobs are forgotten as soon as they have ended
	broken int           // launches that fail
	said   []string      // by the runner
}

type simulatedJob struct {
	id, state, comment string
	reason             string // why it is held
	task               trialdir.Task
	ran                bool
	ended              time.Time
}

// run is a command of Slurm's.
func (s *simulated) run(_ context.Context, stdin, name string, args ...string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := processorTime(s.t)
	defer func() { s.spent[name] += processorTime(s.t) - began }()
	s.calls[name]++
	if s.fails[name] > 0 {
		s.fails[name]--
		if name == "sbatch" {
			if _, err := s.sbatch(stdin, args); err != nil {
				return "", err
			}
		}
		return "", &commandError{name: name, words: "Socket timed out on send/recv operation", err: errors.New("exit status 1")}
	}
	switch name {
	case "sbatch":
		return s.sbatch(stdin, args)
	case "squeue":
		out := s.squeue()
		s.printed = max(s.printed, len(out))
		return out, nil
	case "scancel":
		for _, j := range s.jobs {
			if j.state == "PENDING" && slices.Contains(args, j.id) { // what runs takes no notice
				j.state, j.ended = "CANCELLED", time.Now()
			}
		}
		s.queued = slices.DeleteFunc(s.queued, func(j *simulatedJob) bool { return j.state == "CANCELLED" })
		return "", nil
	}
	return "", &commandError{name: name, words: "Slurm accounting storage is disabled", err: errors.New("exit status 1")}
}

func (s *simulated) sbatch(script string, args []string) (string, error) {
	option := func(name string) string {
		for _, a := range args {
			if v, ok := strings.CutPrefix(a, name); ok {
				return v
			}
		}
		return ""
	}
	if !strings.Contains(script, " trial --tasks ") {
		return "", &commandError{name: "sbatch", words: "This does not look like a batch script", err: errors.New("exit status 1")}
	}
	tasks, err := trialdir.ReadTasks(filepath.Join(filepath.Dir(option("--output=")), "tasks.json"))
	if err != nil {
		return "", err
	}
	if top, err := strconv.Atoi(strings.TrimPrefix(option("--array="), "0-")); err != nil || top != len(tasks)-1 {
		return "", fmt.Errorf("the array is %q, of %d tasks", option("--array="), len(tasks))
	}
	s.last++
	for i, t := range tasks {
		j := &simulatedJob{id: fmt.Sprintf("%d_%d", s.last, i), state: "PENDING", comment: option("--comment="), task: t}
		s.jobs, s.queued = append(s.jobs, j), append(s.queued, j)
	}
	s.schedule()
	return fmt.Sprintln(s.last), nil
}

// schedule starts what there is room for. It needs the lock.
func (s *simulated) schedule() {
	for s.free > 0 && len(s.queued) > 0 {
		j := s.queued[0]
		s.queued = s.queued[1:]
		if s.broken > 0 {
			s.broken--
			j.reason = "launch failed requeued held"
			continue
		}
		s.free--
		j.state, j.ran = "RUNNING", true
		s.work.Go(func() { s.trial(j) })
	}
}

// trial is a job on a node.
func (s *simulated) trial(j *simulatedJob) {
	dir := trialdir.Dir(j.task.Dir)
	for step := 1; step <= s.steps; step++ {
		time.Sleep(s.each)
		if err := dir.Append(sweep.Report{Step: step, Metrics: sweep.Metrics{"loss": 1 / float64(step)}}); err != nil {
			s.t.Error(err)
		}
	}
	s.work.Go(func() {
		time.Sleep(s.late)
		if err := dir.WriteOutcomeOf(j.task.Launch, sweep.Result{Outcome: sweep.Succeeded}); err != nil {
			s.t.Error(err)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	j.state, j.ended = "COMPLETED", time.Now()
	s.free++
	s.schedule()
}

// squeue lists jobs, those that have ended for five minutes.
func (s *simulated) squeue() string {
	var b strings.Builder
	kept := s.jobs[:0]
	for _, j := range s.jobs {
		if !j.ended.IsZero() && (s.brief || time.Since(j.ended) > 5*time.Minute) {
			continue
		}
		kept = append(kept, j)
		node := ""
		if j.ran {
			node = "n1"
		}
		for i, cell := range []string{j.id, j.state, "0", "0", node, cmp.Or(j.reason, "None"), j.comment} {
			fmt.Fprintf(&b, "%-*.*s", columns[i].width, columns[i].width, cell)
		}
		b.WriteByte('\n')
	}
	s.jobs = kept
	return b.String()
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Three trials a node on a cluster of -nodes nodes: each runs once, Slurm is asked as
// seldom for many as for few, and what that costs is told.
func TestSimulatedCluster(t *testing.T) {
	if testing.Short() {
		*nodes = min(*nodes, 20)
	}
	dir := t.TempDir()
	s := &simulated{t: t, steps: 10, each: time.Minute, free: *nodes, calls: map[string]int{}, spent: map[string]time.Duration{}}
	trials := 3 * *nodes
	before := processorTime(t)
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: trials, Poll: 5 * time.Second, Grace: time.Minute}, s.run)
		if err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		for i := range trials {
			group.Go(func() error {
				steps := 0
				result, err := r.Run(t.Context(), sweep.Job{Trial: sweep.Trial{
					Run: "big-1", Number: i, ID: fmt.Sprintf("%016x", i), Dir: filepath.Join(dir, "runs", strconv.Itoa(i)),
				}}, func(sweep.Report) { steps++ })
				if err != nil || result.Outcome != sweep.Succeeded || result.Attempts != 1 || steps != s.steps {
					return fmt.Errorf("trial %d: %+v, %w, after %d steps", i, result, err, steps)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		took = time.Since(began)
		s.work.Wait()
	})
	all := processorTime(t) - before
	t.Logf("%d nodes, %d trials, %v: %d calls of sbatch, %d of squeue (%d KB at the most), one every %v",
		*nodes, trials, took.Round(time.Second), s.calls["sbatch"], s.calls["squeue"], s.printed>>10, (took / time.Duration(s.calls["squeue"])).Round(10*time.Millisecond))
	t.Logf("processor time: %v in all, of which the commands' own %v; the rest a trial: %v", all, s.spent["squeue"]+s.spent["sbatch"],
		((all - s.spent["squeue"] - s.spent["sbatch"]) / time.Duration(trials)).Round(time.Microsecond))
	if most := int(took/(5*time.Second)) + 10; s.calls["squeue"] > most || s.calls["sbatch"] > trials/arrayMost+2 {
		t.Errorf("calls %v in %v: more than one every 5s, or than a submission for %d trials", s.calls, took, arrayMost)
	}
}

// simulate runs a trial on a small simulated cluster, with a runner that looks every
// five seconds.
func simulate(ctx context.Context, t *testing.T, s *simulated) sweep.Result {
	t.Helper()
	s.t, s.steps, s.each, s.free, s.calls, s.spent = t, 10, time.Minute, 4, map[string]int{}, map[string]time.Duration{}
	dir := t.TempDir()
	r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: 4, Poll: 5 * time.Second, Grace: time.Minute}, s.run)
	if err != nil {
		t.Fatal(err)
	}
	if telling, ok := runner.As[runner.Telling](r); ok {
		telling.Tell(func(text string) { s.said = append(s.said, text) })
	}
	result, err := r.Run(ctx, sweep.Job{Trial: sweep.Trial{Run: "one-1", ID: "4a5b", Dir: filepath.Join(dir, "one")}}, func(sweep.Report) {})
	if err != nil {
		t.Fatal(err)
	}
	s.work.Wait()
	return result
}

// Of a batch whose trials are over no file is left, and the next is not disturbed.
func TestBatchesAreCleared(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &simulated{t: t, steps: 1, each: time.Minute, free: 1, calls: map[string]int{}, spent: map[string]time.Duration{}}
		r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: 4, Poll: 5 * time.Second}, s.run)
		if err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		for i := range 3 { // a batch each, one after the other
			group.Go(func() error {
				time.Sleep(time.Duration(i) * time.Second)
				result, err := r.Run(t.Context(), sweep.Job{Trial: sweep.Trial{Run: "one-1", Dir: filepath.Join(dir, strconv.Itoa(i))}}, func(sweep.Report) {})
				if err != nil || result.Outcome != sweep.Succeeded {
					return fmt.Errorf("trial %d: %+v, %w", i, result, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		s.work.Wait()
	})
	left, err := filepath.Glob(filepath.Join(dir, "*", "batches", "*"))
	if err != nil || len(left) != 1 { // of the last one it is not known yet that it is over
		t.Errorf("left are %v (%v)", left, err)
	}
}

// A submission that came through, though sbatch said otherwise, is not repeated.
func TestSubmissionInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &simulated{fails: map[string]int{"sbatch": 1, "squeue": 2}}
		if result := simulate(t.Context(), t, s); result.Outcome != sweep.Succeeded || s.last != 1 {
			t.Errorf("result %+v after %d arrays, want one", result, s.last)
		}
	})
}

// A job that its node did not start is cancelled, and the trial lost, not held for ever.
func TestLaunchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &simulated{broken: 1}
		result := simulate(t.Context(), t, s)
		if result.Outcome != sweep.Lost || !strings.Contains(result.Message, "launch failed") || s.calls["scancel"] != 1 {
			t.Errorf("result %+v, calls %v", result, s.calls)
		}
	})
}

// A controller that is down is asked more and more seldom, and its silence ends no trial.
func TestControllerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &simulated{fails: map[string]int{"squeue": 1000}}
		result := simulate(t.Context(), t, s)
		if result.Outcome != sweep.Succeeded || s.calls["squeue"] > 12 { // 10 min, most of them two minutes apart
			t.Errorf("result %+v, calls %v", result, s.calls)
		}
		if len(s.said) != 1 || !strings.Contains(s.said[0], "Socket timed out") {
			t.Errorf("it says %q, want that Slurm does not answer, once", s.said)
		}
	})
}

// Without Slurm's programs, jobs of an earlier runner are not waited for.
func TestNoSlurm(t *testing.T) {
	dir := t.TempDir()
	r, err := newRunner(Config{Dir: dir, CPUs: 1, MaxJobs: 1, Poll: time.Second}, func(_ context.Context, _, name string, _ ...string) (string, error) {
		return "", fmt.Errorf("run %s: there is no such program", name)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a trial that was not launched yet, and one that was
		_, err := r.Run(t.Context(), sweep.Job{Trial: sweep.Trial{Run: "one-1", Dir: filepath.Join(dir, "one")}}, func(sweep.Report) {})
		if err == nil || !strings.Contains(err.Error(), "there is no such program") {
			t.Errorf("Run = %v", err)
		}
	}
}

// BenchmarkLook is what one look at Slurm's queue costs the runner, by the number of
// its jobs.
func BenchmarkLook(b *testing.B) {
	for _, jobs := range []int{100, 500, 2000, 6000} {
		b.Run(strconv.Itoa(jobs), func(b *testing.B) {
			q := newQueue(Config{Poll: 5 * time.Second}, b.TempDir(), nil, nil)
			tasks := make([]trialdir.Task, jobs)
			for i := range tasks {
				tasks[i] = trialdir.Task{Dir: fmt.Sprintf("/shared/runs/big-1/%06d", i), ID: fmt.Sprintf("%016x", i), Launch: 1}
			}
			label := q.label("0123456789")
			q.batches[label] = tasks
			var text strings.Builder
			for i := range tasks {
				for k, cell := range []string{fmt.Sprintf("12_%d", i), "RUNNING", "0", "0", "n1", "None", label} {
					fmt.Fprintf(&text, "%-*s", columns[k].width, cell)
				}
				text.WriteByte('\n')
			}
			printed := text.String()
			q.run = func(context.Context, string, string, ...string) (string, error) { return printed, nil }
			for b.Loop() {
				q.look(b.Context())
			}
		})
	}
}
