package main

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// cluster is a sweep.Runner that replays curves in virtual time. Its clock moves to
// the next end of an epoch when every worker waits: for an epoch to end, or for the
// loop, which has nothing for it before a trial ends. Of epochs that end together
// that of the lower trial comes first, so that a run is the same each time.
type cluster struct {
	table   table
	workers int

	mu     sync.Mutex
	now    time.Duration
	due    queue
	busy   int         // workers that wait for nothing
	parked int         // workers that the loop has nothing for
	kept   map[int]int // epochs in a trial's checkpoint, by number
	spent  time.Duration
}

func newCluster(t table, workers int) *cluster {
	return &cluster{table: t, workers: workers, busy: workers, kept: map[int]int{}}
}

// Slots is the number of workers.
func (c *cluster) Slots() int { return c.workers }

// Now is the virtual time, from 1970 on.
func (c *cluster) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Unix(0, 0).Add(c.now)
}

// seconds is the virtual time since the start.
func (c *cluster) seconds() float64 { return c.Now().Sub(time.Unix(0, 0)).Seconds() }

// Run replays a trial's curve, from its checkpoint on, which it keeps after each
// epoch. A launch takes its time whether the trial begins or goes on.
func (c *cluster) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	row, _ := j.Trial.Params[variant].AsInt()
	curve := c.table.curves[row]
	number := j.Trial.Number
	say := func(epoch int) {
		report(sweep.Report{Step: epoch, Time: c.Now(), Metrics: sweep.Metrics{metric: curve.values[epoch-1]}})
	}
	seconds, first := curve.launch, c.checkpoint(number)
	for epoch := 1; epoch <= len(curve.values); epoch++ {
		if epoch <= first {
			say(epoch)
			continue
		}
		seconds += curve.seconds[epoch-1]
		if !c.wait(ctx, number, seconds) {
			break
		}
		seconds = 0
		c.keep(number, epoch)
		if say(epoch); ctx.Err() != nil {
			break
		}
	}
	defer c.leave()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, sweep.ErrStop):
		return sweep.Result{Outcome: sweep.Stopped}, nil
	case cause != nil:
		return sweep.Result{Outcome: sweep.Cancelled}, nil
	case len(curve.values) < c.table.epochs:
		return sweep.Result{Outcome: sweep.Diverged}, nil
	}
	return sweep.Result{Outcome: sweep.Succeeded}, nil
}

func (c *cluster) checkpoint(number int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[number]
}

func (c *cluster) keep(number, epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[number] = epoch
}

// wait returns when so much time has passed; false: the job is to end before.
func (c *cluster) wait(ctx context.Context, number int, seconds float64) bool {
	d := time.Duration(seconds * float64(time.Second))
	e := &epochEnd{number: number, come: make(chan struct{})}
	c.mu.Lock()
	c.spent += d
	e.at = c.now + d
	heap.Push(&c.due, e)
	c.busy--
	c.advance()
	c.mu.Unlock()
	select {
	case <-e.come:
		return true
	case <-ctx.Done():
		return false
	}
}

// leave says that a worker's job has ended, whereupon the loop asks again for
// those that it had nothing for.
func (c *cluster) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy, c.parked = c.busy+c.parked, 0
}

// park says that the loop has nothing for a worker.
func (c *cluster) park() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	c.parked++
	c.advance()
}

// advance moves the clock on when all workers wait. It needs the lock.
func (c *cluster) advance() {
	if c.busy > 0 || len(c.due) == 0 {
		return
	}
	e, _ := heap.Pop(&c.due).(*epochEnd)
	c.now = e.at
	c.busy++
	close(e.come)
}

// epochEnd is when a trial's epoch is over.
type epochEnd struct {
	at     time.Duration
	number int
	come   chan struct{} // closed then
}

// queue has the next of them first.
type queue []*epochEnd

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].number < q[j].number
}
func (q *queue) Push(e any) { *q = append(*q, e.(*epochEnd)) }
func (q *queue) Pop() any {
	n := len(*q) - 1
	e := (*q)[n]
	*q = (*q)[:n]
	return e
}

// gate stands between the loop and what it asks for work, and tells the cluster
// when there is none: then the loop's slot waits, and time may pass.
type gate struct {
	sweep.Searcher
	rule      sweep.Stopper // nil: all trials end by themselves
	cluster   *cluster
	exhausted bool
}

func (g *gate) Judge(t sweep.Trial, past sweep.History) sweep.Verdict {
	if g.rule == nil {
		return sweep.Verdict{}
	}
	return g.rule.Judge(t, past)
}

// Promote is asked first for each job, Next where it has none and the search has not ended.
func (g *gate) Promote(past sweep.History) (int, bool) {
	if p, ok := g.rule.(sweep.Promoter); ok {
		if n, ok := p.Promote(past); ok {
			return n, true
		}
	}
	if g.exhausted {
		g.cluster.park()
	}
	return 0, false
}

func (g *gate) Next(n int, past sweep.History) (sweep.Params, error) {
	p, err := g.Searcher.Next(n, past)
	if err != nil {
		g.exhausted = errors.Is(err, sweep.ErrExhausted)
		g.cluster.park()
	}
	return p, err
}
