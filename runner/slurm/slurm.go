// Package slurm runs trials as jobs of a Slurm cluster. A trial is a task of an array
// of jobs, which runs this very program on a node; the two meet in the trial
// directory, on a file system that all nodes share. The package knows Slurm through
// its commands (sbatch, squeue, scancel; sacct where there is accounting), not its
// libraries, so that one program fits any version.
//
// Below the directory that the block names, each user has
//
//	runs/              a directory a run, and in it one a trial by its number and identity
//	cache/             prepared data sets
//	bin/HASH/sweep     what jobs run
//	batches/BATCH/     tasks.json: which trials the tasks of an array are, by index
//
// The comment of a job names its batch. By it a runner that comes back, on whatever
// machine, finds the jobs of the one before, and which trials they are.
package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the runner "slurm" block.
type Config struct {
	_          struct{}      `doc:"A Slurm cluster: a job a trial. What is left out is as the cluster has it."`
	Dir        string        `hcl:"dir" doc:"Directory for the trials' files, on a file system that this machine and all nodes share." required:"true"`
	Partition  string        `hcl:"partition" doc:"Where to run: one partition, or several, \"gpu,spare\"."`
	Gres       string        `hcl:"gres" doc:"What else a trial has of its node, such as \"gpu:1\"."`
	CPUs       int           `hcl:"cpus" doc:"Cores, and threads, that a trial has." default:"1" min:"1" max:"4096"`
	Memory     string        `hcl:"memory" doc:"Memory that a trial has, such as \"16G\"."`
	Time       time.Duration `hcl:"time" doc:"Time limit of a job. A trial that needs longer goes on from its checkpoint, in another job, as long as it gets further in each. 0s: the partition's." default:"0s"`
	Account    string        `hcl:"account" doc:"Account that pays."`
	QOS        string        `hcl:"qos" doc:"Quality of service."`
	Constraint string        `hcl:"constraint" doc:"Features that a node has to have."`
	Extra      []string      `hcl:"extra" doc:"Further arguments for sbatch, such as \"--exclude=n7\"; they count where they contradict the rest." default:"[]"`
	Setup      string        `hcl:"setup" doc:"Lines for the shell of a job, before the trial: \"module load cuda\"."`
	MaxJobs    int           `hcl:"max_jobs" doc:"Trials in the queue at once." default:"100" min:"1" max:"100000"`
	Retry      runner.Policy `hcl:"retry" doc:"How often a trial is tried again, by how it ended." default:"{}"`
	Grace      time.Duration `hcl:"grace" doc:"Time a trial has to write a checkpoint and end before its job is cancelled." default:"30s"`
	Poll       time.Duration `hcl:"poll" doc:"How often Slurm is asked, once for all jobs; more seldom while it is slow." default:"5s"`
	LogLimit   int           `hcl:"log_limit" doc:"Most megabytes of a trial's log; of more, the beginning and the end are kept. 0: any." default:"100" min:"0" max:"100000"`
}

var goodMemory = regexp.MustCompile(`^[1-9][0-9]*[KMGT]?$`)

// New is a runner of the cluster that this machine belongs to. The error is for
// settings that no cluster could make sense of.
func New(_ sweep.Spec, c Config) (sweep.Runner, error) {
	return newRunner(c, execute)
}

func newRunner(c Config, run command) (sweep.Runner, error) {
	switch {
	case c.Memory != "" && !goodMemory.MatchString(c.Memory):
		return nil, fmt.Errorf("memory = %q: write a number of megabytes, or one with a unit, as in \"16G\"", c.Memory)
	case c.Time < 0 || c.Time > 0 && c.Time < time.Minute:
		return nil, fmt.Errorf("time = %q: Slurm counts in minutes: write at least \"1m\"", c.Time)
	case c.Poll < 10*time.Millisecond:
		return nil, fmt.Errorf("poll = %q: give Slurm time to answer, as in \"5s\"", c.Poll)
	case c.Retry.OutOfMemory == runner.HalveParallelism:
		return nil, errors.New("each job has memory of its own, however many there are, so to \"halve parallelism\" makes no room for one: let retry.out_of_memory be a number of further attempts, which have all of a node's")
	case c.Dir == "":
		return nil, errors.New("dir is empty: name a directory that this machine and all nodes share")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("find dir: %w", err)
	}
	r := &slurm{Config: c, root: filepath.Join(dir, owner()), slots: c.MaxJobs}
	r.queue = newQueue(c, r.root, run, sync.OnceValues(func() (string, error) { return install(r.root) }))
	return runner.Retry(r, c.Retry), nil
}

// owner is the user, whose files are theirs alone.
func owner() string {
	if u, err := user.Current(); err == nil {
		return filepath.Base(filepath.FromSlash(u.Username))
	}
	return strconv.Itoa(os.Getuid())
}

type slurm struct {
	Config
	root    string
	queue   *queue
	crowded sync.Map // directories of trials that ran out of memory and are to have a node for themselves

	mu    sync.Mutex
	slots int
}

// Root is the directory for the files of trials and their data.
func (r *slurm) Root() string { return r.root }

// Tell has say told what whoever watches should know of Slurm.
func (r *slurm) Tell(say func(string)) {
	r.queue.mu.Lock()
	defer r.queue.mu.Unlock()
	r.queue.say = say
}

func (r *slurm) Slots() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots
}

// Resize changes how many jobs there are at a time from now on.
func (r *slurm) Resize(slots int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slots = slots
	return nil
}

// Run has the trial run as a job, or as several one after the other where a time
// limit or others with more right cut it short.
func (r *slurm) Run(ctx context.Context, j sweep.Job, report func(sweep.Report)) (sweep.Result, error) {
	r.queue.enter() //nolint:contextcheck // the queue is worked on for all of its users
	defer r.queue.leave()
	f := newFollower(r, j, report)
	var all sweep.Result
	for attempts := 1; ; attempts++ {
		result, again, err := f.launch(ctx)
		all.Seconds += result.Seconds
		all.PeakMemory = max(all.PeakMemory, result.PeakMemory)
		all.Attempts += max(result.Attempts, 1)
		result.Seconds, result.PeakMemory, result.Attempts = all.Seconds, all.PeakMemory, all.Attempts
		if err != nil || !again {
			return result, err
		}
	}
}
