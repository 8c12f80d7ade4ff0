//go:build linux

package slurm

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/runner/slurm/slurmtest"
)

var record = flag.Bool("record", false, "record what this machine's Slurm prints, for the tests of this package")

// recording is a cluster whose jobs have all fates that one can bring about.
type recording struct {
	*slurmtest.Cluster
	t *testing.T
}

// TestRecord writes the folder of testdata for the version of Slurm that is here.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("it records testdata: -record")
	}
	dir := t.TempDir()
	// Partitions decide on nodes what programs run there before and after a job.
	writeScript(t, filepath.Join(dir, "prolog"), `test "$SLURM_JOB_PARTITION" != broken`)
	writeScript(t, filepath.Join(dir, "epilog"), `test "$SLURM_JOB_PARTITION" != slow || sleep 100`)
	c := slurmtest.Setup{Accounting: true, Confined: true, Lines: []string{
		"PreemptType=preempt/partition_prio", "PreemptMode=CANCEL", "EnforcePartLimits=ALL", "AccountingStorageEnforce=limits,qos",
		"Prolog=" + filepath.Join(dir, "prolog"), "Epilog=" + filepath.Join(dir, "epilog"), "SlurmdTimeout=30",
		"PartitionName=cancelled Nodes=n1 PriorityTier=1 PreemptMode=CANCEL", "PartitionName=again Nodes=n1 PriorityTier=1 PreemptMode=REQUEUE",
		"PartitionName=first Nodes=n1 PriorityTier=9", "PartitionName=down Nodes=n1 State=DOWN", "PartitionName=broken Nodes=n2",
		"PartitionName=slow Nodes=n1 PriorityTier=5", "PartitionName=late Nodes=n1", "PartitionName=short Nodes=n1 MaxTime=10",
	}}.Start(t)
	for _, what := range []string{"qos few MaxJobsPerUser=1 MaxSubmitJobsPerUser=2", "qos more MaxJobsPerUser=1"} {
		c.Run(t, "sacctmgr", append([]string{"--immediate", "add"}, strings.Fields(what)...)...)
	}
	c.Run(t, "sacctmgr", "--immediate", "modify", "user", "root", "set", "qos=normal,few,more")
	r := recording{c, t}
	words := r.refusals()
	ids := r.fates()
	queue := c.Run(t, "squeue", queueArguments()...)
	accounts := c.Run(t, "sacct", accountingArguments(ids)...)
	c.Stop("slurmctld")
	words["busy: the controller is down"] = r.refusal("--partition=main")
	if err := c.Up("slurmctld"); err != nil { // to end the jobs
		t.Error(err)
	}

	version := strings.Fields(c.Run(t, "sinfo", "--version"))[1] // slurm 24.11.5, slurm-wlm 24.11.5
	to := filepath.Join("testdata", strings.Join(strings.Split(version, ".")[:2], "."))
	var said strings.Builder
	for _, what := range slices.Sorted(maps.Keys(words)) {
		fmt.Fprintf(&said, "# %s\n%s\n", what, words[what])
	}
	err := os.MkdirAll(to, 0o750)
	for name, text := range map[string]string{"squeue.txt": queue + "\n", "sacct.txt": accounts + "\n", "sbatch.txt": said.String()} {
		err = errors.Join(err, os.WriteFile(filepath.Join(to, name), []byte(text), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", version, to)
}

func writeScript(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/bash\n"+text+"\n"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
}

// lasting is a job that does not end by itself.
const lasting = "exec sleep 1000"

// submit submits a job of one task, and answers its ID.
func (r recording) submit(what, script string, args ...string) (id string) {
	r.t.Helper()
	args = append([]string{
		"--parsable", "--requeue", "--array=0", "--nodes=1", "--ntasks=1", "--mem=100M", "--output=/dev/null", "--job-name=" + strings.Fields(what)[0],
		"--comment=" + recordedLabel + " " + what, "--wrap=" + script,
	}, args...)
	id, _, _ = strings.Cut(r.Run(r.t, "sbatch", args...), ";")
	return id + "_0"
}

// fates brings jobs about, each of which is called by what becomes of it.
func (r recording) fates() (ids []string) {
	r.t.Helper()
	add := func(what, script string, args ...string) string {
		id := r.submit(what, script, args...)
		ids = append(ids, id)
		return id
	}
	running := func(what string, args ...string) string {
		id := add(what, lasting, args...)
		r.AwaitJob(r.t, id, "RUNNING")
		return id
	}
	control := func(args ...string) { r.Run(r.t, "scontrol", args...) }
	stays := func(job string) { // where it was requeued to, and does not start a third time
		r.AwaitJob(r.t, job, "PENDING")
		control("update", "JobId="+job, "StartTime=now+1hour")
	}
	drained := func(node, state string) { control("update", "nodename="+node, "state="+state, "reason=test") }

	late := running("its time is over", "--time=1", "--nodelist=n1")
	deadline := add("its deadline is over", lasting, "--partition=late", "--nodelist=n1", "--exclusive", "--time=1", "--deadline=now+65seconds")

	add("completes", "true")
	add("exits with 3", "exit 3")
	add("kills itself", "kill -9 $$")
	add("needs more memory than it has", "exec tail /dev/zero", "--mem=20M", "--nodelist=n2")
	r.Run(r.t, "scancel", running("cancelled"))
	r.Run(r.t, "scancel", add("cancelled before it ran", lasting, "--hold"))
	array := func(what string, args ...string) (tasks []string) {
		id, _, _ := strings.Cut(add(what, lasting, args...), "_")
		ids = ids[:len(ids)-1]
		for i := range 3 {
			tasks = append(tasks, fmt.Sprintf("%s_%d", id, i))
		}
		ids = append(ids, tasks...)
		return tasks
	}
	r.Run(r.t, "scancel", array("all cancelled before they ran", "--array=0-2", "--hold")...)
	r.Run(r.t, "scancel", array("the second cancelled before it ran", "--array=0-2", "--hold")[1])
	told := running("told to end") // which takes a moment to listen

	for _, partition := range []string{"cancelled", "again"} {
		id := running("preempted and "+partition, "--partition="+partition, "--cpus-per-task=3")
		for r.Run(r.t, "squeue", "--noheader", "--states=all", "--job="+id, "--format=%T") == "RUNNING" {
			r.AwaitJob(r.t, r.submit("passes", "true", "--partition=first", "--cpus-per-task=3"), "COMPLETED")
		}
		if partition == "again" {
			stays(id)
		}
	}

	r.Run(r.t, "scancel", "--batch", "--signal=TERM", told)
	lost, moved := running("its node is lost", "--no-requeue", "--nodelist=n2"), running("its node is lost and it is requeued", "--nodelist=n2")
	r.Kill("n2")
	r.AwaitJob(r.t, lost, "NODE_FAIL")
	stays(moved)
	if err := r.Up("n2"); err != nil {
		r.t.Fatal(err)
	}

	r.AwaitJob(r.t, add("its node does not start it", lasting, "--partition=broken"), "PENDING launch failed")
	drained("n2", "resume")
	control("requeuehold", running("requeued and held"))
	control("requeuehold", "State=SpecialExit", running("requeued as special"))
	add("held by its user", lasting, "--hold")
	control("hold", add("held by its operator", lasting, "--begin=now+1hour"))
	add("begins later", lasting, "--begin=now+1hour")
	add("its partition is down", lasting, "--partition=down")
	add("too many of its quality run", lasting, "--qos=more")
	add("too many of its quality run", lasting, "--qos=more")
	r.AwaitJob(r.t, late, "TIMEOUT")
	r.AwaitJob(r.t, deadline, "DEADLINE")

	again := running("requeued")
	control("requeue", again)
	stays(again)
	suspended := running("suspended", "--nodelist=n1")
	control("suspend", suspended)
	add("after another", lasting, "--dependency=afterok:"+strings.TrimSuffix(suspended, "_0"))
	r.AwaitJob(r.t, array("one after the other", "--array=0-2%1", "--nodelist=n1")[0], "RUNNING")
	drained("n2", "drain")
	add("its node is drained", lasting, "--nodelist=n2")
	r.AwaitJob(r.t, add("waits for room", lasting, "--nodelist=n1", "--exclusive"), "PENDING")
	r.AwaitJob(r.t, add("waits for others", lasting, "--nodelist=n1", "--exclusive"), "PENDING")
	r.AwaitJob(r.t, add("takes long to complete", "true", "--partition=slow"), "COMPLETING")
	return ids
}

// refusals are sbatch's words by their kind and cause.
func (r recording) refusals() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	for what, arg := range map[string]string{
		"a partition that is not there": "--partition=nope", "an account that is not there": "--account=nope", "a quality that is not there": "--qos=nope",
		"more memory than a node has": "--mem=99G", "more GPUs than a node has": "--gres=gpu:9", "a resource that is not there": "--gres=tpu:1",
		"a feature that no node has": "--constraint=nope", "a time above the partition's": "--partition=short --time=20", "a time that is none": "--time=soon",
		"a node that is not there": "--nodelist=n7", "an option that is not there": "--nope",
	} {
		out["refused: "+what] = r.refusal(strings.Fields(arg)...)
	}
	for range 2 {
		r.submit("passes", "true", "--qos=few", "--begin=now+1hour")
	}
	out["full: more jobs than its quality allows"] = r.refusal("--qos=few")
	r.Run(r.t, "scancel", "--qos=few")
	r.Run(r.t, "sacctmgr", "--immediate", "modify", "user", "root", "set", "MaxSubmitJobs=0")
	out["full: more jobs than its account allows"] = r.refusal("--partition=main")
	r.Run(r.t, "sacctmgr", "--immediate", "modify", "user", "root", "set", "MaxSubmitJobs=-1")
	return out
}

// refusal is what sbatch says against a job with an argument.
func (r recording) refusal(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "sbatch", append(args, "--parsable", "--output=/dev/null", "--wrap=true")...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+r.Conf)
	out, err := cmd.CombinedOutput()
	if err == nil {
		r.t.Errorf("sbatch %q is not refused: %s", args, out)
	}
	return cmp.Or(strings.TrimSpace(string(out)), "nothing")
}
