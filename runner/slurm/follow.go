package slurm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/process"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// How often a trial's directory is looked at: soon after something has come from it,
// more seldom the longer nothing has. It costs the file server, not Slurm: of many
// trials, each is looked at so seldom that all together are no more than each says.
const (
	soon, soonEach     = 100 * time.Millisecond, 5 * time.Millisecond
	lazily, lazilyEach = 2 * time.Second, 10 * time.Millisecond
)

// arrival is how long what a node has written may need to be seen here, on a file
// system that is slow to tell; brief, where most likely nothing was.
const (
	arrival = time.Minute
	brief   = 5 * time.Second
)

// farewell is how long Slurm may take to confirm that a job is cancelled.
const farewell = time.Minute

// follower brings a trial to its end, through its launches.
type follower struct {
	*slurm
	sweep.Job
	dir    trialdir.Dir
	tail   *trialdir.Tail
	report func(sweep.Report)
	last   int // the farthest step that was reported

	heard int // reports so far

	asked error // cause with which the trial was asked to end
	bad   error // why its reports cannot be read
}

func newFollower(r *slurm, j sweep.Job, report func(sweep.Report)) *follower {
	dir := trialdir.Dir(j.Trial.Dir)
	return &follower{slurm: r, Job: j, dir: dir, tail: dir.Tail(), report: report}
}

// launch follows the job that the trial is, or submits one. again: it was cut short,
// and is to be launched again.
func (f *follower) launch(ctx context.Context) (result sweep.Result, again bool, err error) {
	spec, err := f.dir.Spec()
	known := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sweep.Result{}, false, err
	}
	var j *job
	ending := false // as a runner before this one has asked it to
	if known {
		f.dir.Refresh()
		done, ended, err := f.dir.Outcome()
		if err != nil {
			return sweep.Result{}, false, err
		}
		if ended && done.Outcome != sweep.Cancelled { // it ended while nobody watched
			return done, false, f.pass()
		}
		id := "" // of the job that has not been heard of
		if last, ok, err := f.dir.Job(); err != nil {
			return sweep.Result{}, false, err
		} else if ok && !ended && last.Launch == spec.Launch {
			id = last.ID
		}
		if j, err = f.queue.find(ctx, trialdir.Task{Dir: f.Trial.Dir, ID: f.Trial.ID, Launch: spec.Launch}, ended, id); err != nil {
			if ctx.Err() == nil {
				return sweep.Result{}, false, err
			}
			return sweep.Result{Outcome: sweep.Cancelled, Message: err.Error()}, false, nil
		}
	}
	if j != nil {
		ending = f.dir.StopRequested()
	} else {
		if j, err = f.submit(spec.Launch + 1); err != nil {
			return sweep.Result{}, false, err
		}
	}
	defer f.queue.forget(j)
	began := f.last
	e, result, ended, err := f.follow(ctx, j)
	if err != nil {
		return result, false, err
	}
	result.Attempts = 1 + e.restarts
	result = f.placed(result, e)
	switch {
	case f.bad != nil: // the trial's fault, not ours
		result.Outcome, result.Message = sweep.Failed, f.bad.Error()
	case f.asked != nil:
		if !ended {
			result.Outcome = sweep.Cancelled
		}
		if result.Outcome == sweep.Cancelled && errors.Is(f.asked, sweep.ErrStop) {
			result.Outcome = sweep.Stopped
		}
	case ending && result.Outcome == sweep.Cancelled:
		again = true
	case !ended || result.Outcome == sweep.Cancelled:
		again = f.explain(&result, e, f.last > began)
	}
	if result.Outcome == sweep.OutOfMemory && !j.alone {
		f.crowded.Store(f.Trial.Dir, true)
	}
	return result, again, nil
}

// submit submits a launch of the trial.
func (f *follower) submit(launch int) (*job, error) {
	spec := trialdir.Spec{
		Trial: f.Trial, Objectives: f.Objectives, Feasible: f.Feasible, CacheDir: f.CacheDir, LogLimit: int64(f.LogLimit) << 20, Launch: launch,
	}
	if err := errors.Join(f.dir.ClearOutcome(), f.dir.Create(spec)); err != nil {
		return nil, err
	}
	_, alone := f.crowded.LoadAndDelete(f.Trial.Dir)
	j := &job{task: trialdir.Task{Dir: f.Trial.Dir, ID: f.Trial.ID, Launch: launch}, name: f.Trial.Run, alone: alone}
	f.queue.add(j)
	return j, nil
}

// follow passes reports on until the trial has said how it ended, or its job is
// over; it ends the job when ctx says so.
func (f *follower) follow(ctx context.Context, j *job) (e entry, result sweep.Result, said bool, err error) {
	look := time.NewTimer(soon)
	defer look.Stop()
	stop := ctx.Done()
	quiet := time.Duration(0)
	var grace, give <-chan time.Time
	var settle <-chan time.Time // until which a job that is over may have something to say
	settled := false
	e, p, changed, err := f.queue.now(j)
	if p == ended {
		settle = time.After(e.patience())
	}
	ran := false // as far as Slurm has told
	recorded := ""
	for {
		if err != nil {
			return e, result, false, err
		}
		ran = ran || p == running || e.node != "" || e.restarts > 0
		if e.id != recorded {
			recorded = e.id
			if err := f.record(j.task.Launch, e.id); err != nil {
				return e, result, false, err
			}
		}
		select {
		case <-changed:
			before := p
			if e, p, changed, err = f.queue.now(j); p == running && before != running || p == ended {
				look.Reset(0)
			}
			if p == ended && before != ended {
				settle = time.After(e.patience())
			}
			continue
		case <-stop:
			stop = nil
			f.asked = context.Cause(ctx)
			if _, taken := errors.AsType[*runner.HeldError](f.asked); taken { // and the job is another runner's now
				return e, result, false, nil
			}
			grace, give = f.end(j, p)
			continue
		case <-grace:
			grace = nil
			f.queue.kill(j, "TERM")
			give = time.After(f.Grace / 2)
			continue
		case <-give:
			f.queue.kill(j, "KILL")
			give = nil
			if settle == nil {
				settle = time.After(farewell)
			}
			continue
		case <-settle:
			settled = true
		case <-look.C:
		}
		f.dir.Refresh()
		heard := f.heard
		if f.bad == nil {
			if f.bad = f.pass(); f.bad != nil && f.asked == nil {
				stop, f.asked = nil, f.bad
				grace, give = f.end(j, p)
			}
		}
		if result, said, err = f.dir.OutcomeOf(j.task.Launch); err != nil {
			return e, result, false, err
		}
		if said && (result.Outcome != sweep.Cancelled || f.asked != nil || p == ended) {
			if f.bad == nil { // what came between the last look and its end
				f.bad = f.pass()
			}
			return e, result, true, nil
		}
		if p == ended && f.asked != nil && (settled || !ran) {
			// A runner that comes back is not to wait for a word, and finds that there is none.
			return e, result, false, f.dir.AssumeOutcomeOf(j.task.Launch, sweep.Result{Outcome: sweep.Cancelled, Message: "it was asked to end, and its job left no word"})
		}
		if settled {
			return e, result, said, nil
		}
		jobs := f.queue.size()
		if quiet += pause(quiet, jobs); f.heard > heard {
			quiet = 0
		}
		wait := pause(quiet, jobs)
		if p == waiting || p == submitting {
			wait = max(wait, f.Poll)
		}
		look.Reset(wait)
	}
}

// record leaves word of which job the trial is, unless the runner that submitted it
// has.
func (f *follower) record(launch int, id string) error {
	if known, ok, err := f.dir.Job(); err != nil || ok && known.Launch == launch && known.ID == id {
		return err
	}
	return f.dir.SetJob(trialdir.Job{Launch: launch, Engine: "slurm", ID: id, Submitted: time.Now()}) //nolint:forbidigo // for people
}

// pause is how long to wait before the next look, when nothing has come for so long
// and there are so many jobs.
func pause(quiet time.Duration, jobs int) time.Duration {
	n := time.Duration(jobs)
	return min(max(quiet/16, soon, n*soonEach), max(lazily, n*lazilyEach))
}

// end asks a job to end: at once what is not running, or is wanted no more; else
// through its directory, with a signal later, and an end to it last.
func (f *follower) end(j *job, p phase) (grace, give <-chan time.Time) {
	gently := errors.Is(f.asked, sweep.ErrStop) || errors.Is(f.asked, sweep.ErrInterrupt) || f.bad != nil
	if p == submitting || p == waiting || !gently {
		f.queue.kill(j, "KILL")
		return nil, time.After(0)
	}
	if err := f.dir.RequestStop(); err != nil {
		return time.After(0), nil
	}
	return time.After(f.Grace / 2), nil
}

// patience is how long a job that is over may still have something to say.
func (e entry) patience() time.Duration {
	if e.state == "" || e.state == "COMPLETED" {
		return arrival
	}
	return brief
}

// pass passes on the reports that have come.
func (f *follower) pass() error {
	reports, err := f.tail.Next()
	for _, r := range reports {
		f.heard++
		f.last = max(f.last, r.Step)
		f.report(r)
	}
	return err
}

// placed is a result with where it came about.
func (f *follower) placed(r sweep.Result, e entry) sweep.Result {
	if r.Device == "" && e.id != "" {
		r.Device = "job " + e.id
		if e.node != "" {
			r.Device = e.node + ", " + r.Device
		}
	}
	return r
}

// explain says how a launch ended that did not come to an end of its own, from what
// Slurm says. again: it is no failure, and the trial goes on from its checkpoint.
func (f *follower) explain(r *sweep.Result, e entry, further bool) (again bool) {
	set := func(o sweep.Outcome, format string, args ...any) {
		r.Outcome, r.Message = o, fmt.Sprintf(format, args...)
	}
	switch e.state {
	case "PREEMPTED":
		return true
	case "TIMEOUT", "COMPLETED", "DEADLINE": // completed: it was told that its time is over
		if e.state == "COMPLETED" && r.Outcome == "" {
			set(sweep.Lost, "job %s ended without a word", e.id)
			break
		}
		if further && e.state != "DEADLINE" {
			return true
		}
		set(sweep.TimedOut, "job %s ran into its time limit without getting any further", e.id)
	case "OUT_OF_MEMORY":
		set(sweep.OutOfMemory, "job %s needed more memory than it had", e.id)
	case "NODE_FAIL", "BOOT_FAIL":
		set(sweep.Lost, "node %s failed under job %s", e.node, e.id)
	case "CANCELLED", "REVOKED":
		set(sweep.Lost, "job %s was cancelled in Slurm, by somebody else", e.id)
	case "":
		set(sweep.Lost, "Slurm no longer knows job %s", e.id)
	default:
		if s := e.signal(); s != 0 && e.code() == 0 {
			set(sweep.Lost, "job %s was killed by signal %d", e.id, s)
			break
		}
		if e.reason != "None" && e.reason != "NonZeroExitCode" && e.reason != "" { // it did not come to run
			set(sweep.Lost, "job %s ended as %s: %s", e.id, e.state, e.reason)
			break
		}
		set(sweep.Failed, "job %s ended as %s, with exit code %d", e.id, e.state, e.code())
		r.ExitCode = e.code()
	}
	if words := f.dir.LastWords(); words != "" {
		if r.Outcome == sweep.Failed && process.OutOfMemory(words) {
			r.Outcome = sweep.OutOfMemory
		}
		r.Message += "; its last words:\n" + words
	}
	return false
}
