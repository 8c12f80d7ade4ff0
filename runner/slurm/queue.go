package slurm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// job is a launch of a trial, in Slurm's queue or on its way there.
type job struct {
	task  trialdir.Task
	name  string // of its run
	alone bool   // it is to have a node for itself

	// The queue's lock guards what follows.
	entry   entry
	phase   phase
	err     error         // why it was not submitted
	end     string        // the signal that it was last asked to be sent
	missed  int           // looks in a row that did not find it
	left    bool          // whether nobody waits for it any more
	label   string        // of its batch; "" until it is submitted
	changed chan struct{} // closed when something of this has changed
}

// queue is what a runner has in Slurm's. One goroutine, which works while anybody uses
// it, alone talks to Slurm, about all jobs at once.
type queue struct {
	Config
	root   string
	run    command
	binary func() (string, error) // what jobs run

	mu       sync.Mutex
	users    int
	cancel   context.CancelFunc
	worked   chan struct{} // closed when the goroutine has ended
	wake     chan struct{}
	pending  []*job              // to be submitted
	doomed   map[string][]string // jobs to be sent a signal
	jobs     map[trialdir.Task]*job
	batches  map[string][]trialdir.Task // by label
	spent    []string                   // labels of batches that are over
	most     int                        // tasks that are submitted at once
	doubt    bool                       // whether a submission may have come through that failed
	failures int                        // looks in a row that failed
	counted  int                        // looks that did not
	before   map[trialdir.Task]entry    // jobs that had ended before the first look
	over     map[trialdir.Task]bool     // launches that this runner has waited for
	looked   chan struct{}              // closed after the next look

	broken error // why Slurm cannot be asked at all

	noAccounting bool
	say          func(string) // tells whoever watches; nil: nobody does
	held         map[string]bool
}

func newQueue(c Config, root string, run command, binary func() (string, error)) *queue {
	return &queue{
		Config: c, root: root, run: run, binary: binary, wake: make(chan struct{}, 1), doomed: map[string][]string{},
		jobs: map[trialdir.Task]*job{}, batches: map[string][]trialdir.Task{}, most: arrayMost, looked: make(chan struct{}),
		held: map[string]bool{}, before: map[trialdir.Task]entry{}, over: map[trialdir.Task]bool{},
	}
}

// enter has the queue worked on until as many have left it.
func (q *queue) enter() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.users++; q.users > 1 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel, q.worked = cancel, make(chan struct{})
	go q.work(ctx, q.worked)
}

func (q *queue) leave() {
	q.mu.Lock()
	if q.users--; q.users > 0 {
		q.mu.Unlock()
		return
	}
	q.cancel()
	worked := q.worked
	q.mu.Unlock()
	<-worked
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default: // it is about to look
	}
}

// window is how long a submission waits for others to join it.
const window = 200 * time.Millisecond

func (q *queue) work(ctx context.Context, worked chan<- struct{}) {
	defer close(worked)
	look := time.NewTimer(q.Poll)
	defer look.Stop()
	var submit <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
			if q.signal(ctx) {
				look.Reset(min(q.Poll, time.Second)) // to see them end
			}
			if q.census() {
				look.Reset(q.look(ctx))
			}
			if submit == nil && q.submittable() {
				submit = time.After(window)
			}
		case <-submit:
			submit = nil
			if wait := q.submit(ctx); wait > 0 {
				submit = time.After(wait)
			}
		case <-look.C:
			q.signal(ctx)
			look.Reset(q.look(ctx))
			q.clear()
		}
	}
}

// add submits a job.
func (q *queue) add(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.changed = make(chan struct{})
	q.jobs[j.task] = j
	q.pending = append(q.pending, j)
	q.nudge()
}

// forget says that nobody waits for a job any more.
func (q *queue) forget(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.left = true
	q.over[j.task] = true
	q.sweep()
}

// sweep drops the jobs that are over and that nobody waits for, and remembers the
// batches that are so as a whole. It needs the lock.
func (q *queue) sweep() {
	touched := map[string]bool{}
	for t, j := range q.jobs {
		if j.left && j.phase == ended {
			delete(q.jobs, t)
			touched[j.label] = true
		}
	}
	delete(touched, "")
	for _, j := range q.jobs {
		delete(touched, j.label)
	}
	for label := range touched {
		q.batches[label] = nil // Slurm shows its jobs for a while yet
		q.spent = append(q.spent, label)
	}
}

// clear removes the files of batches that are over: on a file system that machines
// share, files are counted.
func (q *queue) clear() {
	q.mu.Lock()
	spent := q.spent
	q.spent = nil
	q.mu.Unlock()
	for _, label := range spent {
		_ = os.RemoveAll(filepath.Dir(q.list(strings.TrimPrefix(label, q.label(""))))) // what is left is in nobody's way
	}
}

// now is how a job stands, and a channel that is closed when that has changed.
func (q *queue) now(j *job) (entry, phase, <-chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return j.entry, j.phase, j.changed, j.err
}

// size is how many jobs there are.
func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

// set changes a job. It needs the lock.
func (j *job) set(e entry, p phase) {
	if j.entry == e && j.phase == p {
		return
	}
	j.entry, j.phase = e, p
	close(j.changed)
	j.changed = make(chan struct{})
}

// refuse says that a job cannot be submitted. It needs the lock.
func (j *job) refuse(err error) {
	j.err = err
	j.set(j.entry, ended)
}

// kill sends a job a signal; KILL has Slurm end it in its own way. One that is not
// submitted yet is not going to be.
func (q *queue) kill(j *job, signal string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j.phase == ended || j.end == signal {
		return
	}
	j.end = signal
	switch {
	case j.entry.id != "":
		q.doomed[signal] = append(q.doomed[signal], j.entry.id)
	case !q.doubt:
		for i, other := range q.pending {
			if other == j {
				q.pending = append(q.pending[:i:i], q.pending[i+1:]...)
				j.set(entry{state: "CANCELLED"}, ended)
				break
			}
		}
	}
	q.nudge()
}

// signal sends the signals that are due, one call for all jobs of each.
func (q *queue) signal(ctx context.Context) (sent bool) {
	q.mu.Lock()
	doomed := q.doomed
	q.doomed = map[string][]string{}
	q.mu.Unlock()
	for signal, ids := range doomed {
		args := []string{"--quiet"}
		if signal != "KILL" {
			args = append(args, "--batch", "--signal="+signal)
		}
		if _, err := q.run(ctx, "", "scancel", append(args, ids...)...); err != nil && busy(err) {
			q.mu.Lock()
			q.doomed[signal] = append(q.doomed[signal], ids...) // with the next look
			q.mu.Unlock()
		}
		sent = true
	}
	return sent
}

// find is the job of a launch that an earlier runner has submitted; nil: there is none
// that anything is to be expected of. It waits until Slurm has answered. Of a trial that
// was heard to end only a job that has not ended counts. One of which nothing was heard
// may have ended just now, and its word not have arrived: the job of that ID, which the
// earlier runner has left word of, is looked for where the queue has forgotten it.
func (q *queue) find(ctx context.Context, t trialdir.Task, heard bool, id string) (*job, error) {
	for {
		q.mu.Lock()
		looked, j := q.looked, q.jobs[t]
		over := q.over[t] || j != nil && (j.phase == ended || j.left)
		known, broken := q.counted > 0, q.broken
		switch {
		case !known:
			q.nudge()
		case j == nil && !heard && !over:
			j = q.remember(t, id)
		}
		q.mu.Unlock()
		switch {
		case broken != nil:
			return nil, broken
		case over:
			return nil, nil //nolint:nilnil // that one is over
		case j != nil || known:
			return j, nil
		}
		select {
		case <-looked:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// remember is the job of a launch that had ended before this runner's first look, or
// that the queue does not know any more; nil: there is no trace of it. It needs the lock.
func (q *queue) remember(t trialdir.Task, id string) *job {
	j := &job{task: t, changed: make(chan struct{})}
	switch e, ok := q.before[t]; {
	case ok:
		j.entry, j.phase = e, ended
		j.label, _, _ = strings.Cut(e.comment, " ")
		delete(q.before, t)
	case id != "":
		j.entry, j.phase = entry{id: id}, running
	default:
		return nil
	}
	q.jobs[t] = j
	return j
}

// label is by what a batch of this runner's is known in the queue.
func (q *queue) label(batch string) string { return fmt.Sprintf("sweep:%s:%s", short(q.root), batch) }
