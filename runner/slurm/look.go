package slurm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

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
	text, err := q.run(ctx, "", "squeue", queueArguments()...)
	took := time.Since(began)
	if err != nil {
		return q.unanswered(ctx, err)
	}
	unseen := q.learn(parseQueue(text))
	if len(unseen) > 0 {
		q.trace(ctx, unseen)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sweep()
	if q.failures > 0 {
		q.tell("Slurm answers again")
	}
	q.failures, q.counted = 0, q.counted+1
	q.lookedOnce()
	next := max(q.Poll, share*took)
	for _, j := range q.jobs {
		if j.end == "KILL" && j.phase != ended {
			return min(next, time.Second)
		}
	}
	return next
}

// unanswered is when to look again after one in vain.
func (q *queue) unanswered(ctx context.Context, err error) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ran := errors.AsType[*commandError](err); !ran && ctx.Err() == nil {
		q.broken = err
		q.lookedOnce()
	}
	q.failures++
	wait := min(q.Poll<<min(q.failures, 10), slowest)
	if q.failures == 1 && ctx.Err() == nil {
		q.tell(fmt.Sprintf("Slurm does not answer (%v): trials go on, and it is asked again in %v and then more seldom", err, wait))
	}
	return wait
}

// lookedOnce wakes those who wait for a look. It needs the lock.
func (q *queue) lookedOnce() {
	close(q.looked)
	q.looked = make(chan struct{})
}

// tell needs the lock.
func (q *queue) tell(text string) {
	if q.say != nil {
		q.say(text)
	}
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
	for _, e := range append(entries, q.unsplit(entries)...) {
		t, ok := q.task(e)
		if !ok {
			continue
		}
		j := q.jobs[t]
		switch {
		case j == nil && e.phase() == ended:
			if q.counted == 0 {
				q.before[t] = e
			}
			continue // nobody waits for it yet
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
		if e.unlaunchable() && j.phase != ended { // nobody asked for that: it is cancelled, and the trial tried again
			q.doomed["KILL"] = append(q.doomed["KILL"], e.id)
			q.nudge()
			e.state = "LAUNCH_FAILED"
		}
		seen[j] = true
		adopted := j.entry.id == ""
		j.label, _, _ = strings.Cut(e.comment, " ")
		if j.missed = 0; j.phase != ended {
			j.set(e, e.phase())
		}
		if j.end != "" && (j.phase == waiting || adopted && j.phase == running) { // a signal to one that waits is lost on it
			q.doomed["KILL"] = append(q.doomed["KILL"], e.id)
			q.nudge()
		}
		if e.heldBack() && !q.held[e.reason] {
			q.held[e.reason] = true
			q.tell(fmt.Sprintf("job %s is held (%s): scontrol release %[1]s lets it go on, scancel %[1]s gives it up", e.id, e.reason))
		}
	}
	q.doubt = false
	rest := q.pending[:0:0]
	for _, j := range q.pending {
		switch {
		case j.entry.id != "": // it came through
		case j.end != "":
			j.set(entry{state: "CANCELLED"}, ended)
		default:
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

// unsplit are the entries that Slurm has as one: an array whose tasks ended before they
// became jobs of their own, under the array's number alone; tasks that did may be there
// beside it. Of a single such task it says nothing. It needs the lock.
func (q *queue) unsplit(entries []entry) (out []entry) {
	split := map[string]bool{}
	for _, e := range entries {
		split[e.id] = true
	}
	for _, e := range entries {
		if strings.Contains(e.id, "_") || e.phase() != ended {
			continue
		}
		array := e.id
		for i, t := range q.tasks(e) {
			e.id = fmt.Sprintf("%s_%d", array, i)
			if j := q.jobs[t]; !split[e.id] && (j == nil || j.phase == waiting) {
				out = append(out, e)
			}
		}
	}
	return out
}

// task is the launch that an entry of the queue is about. It needs the lock.
func (q *queue) task(e entry) (trialdir.Task, bool) {
	tasks := q.tasks(e)
	_, index, _ := strings.Cut(e.id, "_")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(tasks) {
		return trialdir.Task{}, false
	}
	return tasks[i], true
}

// tasks are the launches of an entry's batch; none of others' jobs, nor of jobs that
// ended and that nobody here has waited for. It needs the lock.
func (q *queue) tasks(e entry) []trialdir.Task {
	label, _, _ := strings.Cut(e.comment, " ")
	if !strings.HasPrefix(label, q.label("")) {
		return nil
	}
	tasks, known := q.batches[label]
	if !known && (e.phase() != ended || q.counted == 0) {
		var err error
		if tasks, err = trialdir.ReadTasks(q.list(strings.TrimPrefix(label, q.label("")))); err != nil {
			return nil // it is looked for again with the next look
		}
		q.batches[label] = tasks
	}
	return tasks
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
		text, err := q.run(ctx, "", "sacct", accountingArguments(ids)...)
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
