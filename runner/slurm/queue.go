package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
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
	most     int                        // tasks that are submitted at once
	doubt    bool                       // whether a submission may have come through that failed
	failures int                        // looks in a row that failed
	counted  int                        // looks that did not
	looked   chan struct{}              // closed after the next look

	noAccounting bool
}

func newQueue(c Config, root string, run command, binary func() (string, error)) *queue {
	return &queue{
		Config: c, root: root, run: run, binary: binary, wake: make(chan struct{}, 1), doomed: map[string][]string{},
		jobs: map[trialdir.Task]*job{}, batches: map[string][]trialdir.Task{}, most: arrayMost, looked: make(chan struct{}),
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
	q.sweep()
}

// sweep drops the jobs that are over and that nobody waits for. It needs the lock.
func (q *queue) sweep() {
	for t, j := range q.jobs {
		if j.left && j.phase == ended {
			delete(q.jobs, t)
		}
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

// find is the job of a launch that an earlier runner has submitted, if it has not
// ended; nil: there is none. It waits until Slurm has answered.
func (q *queue) find(ctx context.Context, t trialdir.Task) (*job, error) {
	for {
		q.mu.Lock()
		looked, j := q.looked, q.jobs[t]
		over := j != nil && (j.phase == ended || j.left)
		known := q.counted > 0
		if !known {
			q.nudge()
		}
		q.mu.Unlock()
		switch {
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

// census reports whether Slurm has not been asked yet, not even in vain.
func (q *queue) census() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counted == 0 && q.failures == 0
}

// slowest is the longest pause between two looks at a queue that does not answer, and
// share the part of the time that looks may take.
const (
	slowest = 2 * time.Minute
	share   = 20
)

// look asks how all jobs are, and answers when to look again.
func (q *queue) look(ctx context.Context) time.Duration {
	if !q.worth() {
		return q.Poll
	}
	began := time.Now() //nolint:forbidigo // how long Slurm takes
	text, err := q.run(ctx, "", "squeue", "--noheader", "--array", "--states=all", "--user="+strconv.Itoa(os.Getuid()), "--Format="+format())
	took := time.Since(began)
	if err != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.failures++
		return min(q.Poll<<min(q.failures, 10), slowest)
	}
	unseen := q.learn(parseQueue(text))
	if len(unseen) > 0 {
		q.trace(ctx, unseen)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sweep()
	q.failures, q.counted = 0, q.counted+1
	close(q.looked)
	q.looked = make(chan struct{})
	next := max(q.Poll, share*took)
	for _, j := range q.jobs {
		if j.end == "KILL" && j.phase != ended {
			return min(next, time.Second)
		}
	}
	return next
}

// worth reports whether there is anything to learn from Slurm.
func (q *queue) worth() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.counted == 0 {
		return true
	}
	for _, j := range q.jobs {
		if j.phase != ended && (j.entry.id != "" || q.doubt) {
			return true
		}
	}
	return false
}

// unseenLooks is how many looks in a row do not find a job before it is believed: a
// controller that has just started may not know all yet.
const unseenLooks = 2

// learn takes over what Slurm says, and answers the jobs that it says nothing of.
func (q *queue) learn(entries []entry) (unseen []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := map[*job]bool{}
	for _, e := range entries {
		t, ok := q.task(e)
		if !ok {
			continue
		}
		j := q.jobs[t]
		switch {
		case j == nil && e.phase() == ended:
			continue // nobody waits for it
		case j == nil:
			j = &job{task: t, changed: make(chan struct{})}
			q.jobs[t] = j
		case j.entry.id != "" && j.entry.id != e.id: // submitted twice, when Slurm was slow to answer
			if e.phase() != ended {
				q.doomed["KILL"] = append(q.doomed["KILL"], e.id)
				q.nudge()
			}
			continue
		}
		seen[j] = true
		if j.missed = 0; j.phase != ended {
			j.set(e, e.phase())
		}
		if j.end != "" && j.phase == waiting { // a signal to one that waits is lost on it
			q.doomed["KILL"] = append(q.doomed["KILL"], e.id)
			q.nudge()
		}
	}
	q.doubt = false
	rest := q.pending[:0:0]
	for _, j := range q.pending {
		if j.entry.id == "" {
			rest = append(rest, j)
		}
	}
	q.pending = rest
	for _, j := range q.jobs {
		if j.phase == ended || j.entry.id == "" || seen[j] {
			continue
		}
		if j.missed++; j.missed >= unseenLooks {
			unseen = append(unseen, j)
		}
	}
	return unseen
}

// task is the launch that an entry of the queue is about. It needs the lock.
func (q *queue) task(e entry) (trialdir.Task, bool) {
	label, _, _ := strings.Cut(e.comment, " ")
	if !strings.HasPrefix(label, q.label("")) {
		return trialdir.Task{}, false
	}
	tasks, known := q.batches[label]
	if !known {
		var err error
		if tasks, err = trialdir.ReadTasks(q.list(strings.TrimPrefix(label, q.label("")))); err != nil {
			return trialdir.Task{}, false // it is looked for again with the next look
		}
		q.batches[label] = tasks
	}
	_, index, _ := strings.Cut(e.id, "_")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(tasks) {
		return trialdir.Task{}, false
	}
	return tasks[i], true
}

// trace finds out what became of jobs that are not in the queue any more: Slurm
// forgets them there soon after their end. Its accounting knows, where there is one.
func (q *queue) trace(ctx context.Context, jobs []*job) {
	found := map[string]entry{}
	if !q.noAccounting {
		ids := make([]string, len(jobs))
		for i, j := range jobs {
			ids[i] = j.entry.id
		}
		text, err := q.run(ctx, "", "sacct", "--noheader", "--parsable2", "--allocations", "--format=JobID,State,ExitCode,NodeList", "--jobs="+strings.Join(ids, ","))
		if e, ok := errors.AsType[*commandError](err); ok && !busy(err) && !errors.Is(e, context.DeadlineExceeded) {
			q.noAccounting = true
		}
		for _, e := range parseAccounting(text) {
			found[e.id] = e
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range jobs {
		e, ok := found[j.entry.id]
		if ok && e.phase() != ended {
			continue
		}
		e.id, e.node, e.comment = j.entry.id, j.entry.node, j.entry.comment
		j.set(e, ended)
	}
}

// busy reports whether Slurm could not answer now, and may later.
func busy(err error) bool {
	e, ok := errors.AsType[*commandError](err)
	if !ok {
		return false
	}
	if errors.Is(e, context.DeadlineExceeded) {
		return true
	}
	return anyOf(e.words, "temporarily unable", "try again", "Unable to contact", "Connection refused", "Connection timed out", "Connection reset",
		"Socket timed out", "communication", "Zero Bytes", "Transport endpoint", "queue full", "Resource temporarily", "slurm_load_jobs error", "not responding", "backup controller")
}

// full reports whether a submission was refused since there are too many jobs.
func full(err error) bool {
	e, ok := errors.AsType[*commandError](err)
	return ok && anyOf(e.words, "MaxSubmit", "SubmitJobs", "job submit limit", "MaxJobs", "JobsLimit")
}

func anyOf(text string, parts ...string) bool {
	text = strings.ToLower(text)
	for _, p := range parts {
		if strings.Contains(text, strings.ToLower(p)) {
			return true
		}
	}
	return false
}

// label is by what a batch of this runner's is known in the queue.
func (q *queue) label(batch string) string { return fmt.Sprintf("sweep:%s:%s", short(q.root), batch) }
