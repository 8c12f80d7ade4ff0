package slurm

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// recordedLabel is that of all jobs that are recorded; what is to become of a job
// stands after it.
const recordedLabel = "sweep:0123456789:abcdef0123"

// versions are those of Slurm whose words were recorded (TestRecord).
var versions = []string{"22.05", "23.11", "24.11"}

// recordedFates is what the runner is to make of the jobs that were recorded, of each
// by what was done to it: how far it is, how often it was started, whether it waits for
// somebody; of one that is over, what that comes to where the trial has said nothing.
var recordedFates = map[string][]string{
	"completes":                           {"over: lost"},
	"exits with 3":                        {"over: failed 3"},
	"kills itself":                        {"over: lost"},
	"needs more memory than it has":       {"over: out_of_memory"},
	"cancelled":                           {"over: lost"},
	"cancelled before it ran":             {"over: lost"},
	"all cancelled before they ran":       {"over: lost"},
	"the second cancelled before it ran":  {"waits 1, held", "waits 1, held"}, // of the second nothing is said
	"told to end":                         {"over: lost"},
	"its time is over":                    {"over: goes on"},
	"its deadline is over":                {"over: timed_out"},
	"preempted and cancelled":             {"over: goes on"},
	"preempted and again":                 {"waits 2"},
	"requeued":                            {"waits 2"},
	"requeued and held":                   {"waits 2, held"},
	"requeued as special":                 {"waits 2, held"},
	"its node is lost":                    {"over: lost"},
	"its node is lost and it is requeued": {"waits 2"},
	"its node does not start it":          {"waits 2, held, was not started"},
	"held by its user":                    {"waits 1, held"},
	"held by its operator":                {"waits 1, held"},
	"begins later":                        {"waits 1"},
	"its partition is down":               {"waits 1"},
	"its node is drained":                 {"waits 1"},
	"after another":                       {"waits 1"},
	"waits for room":                      {"waits 1"},
	"waits for others":                    {"waits 1"},
	"too many of its quality run":         {"runs 1", "waits 1"},
	"one after the other":                 {"runs 1", "waits 1", "waits 1"},
	"suspended":                           {"runs 1"},
	"takes long to complete":              {"runs 1"},
}

// fateOf is what the runner makes of an entry, in the words of recordedFates.
func fateOf(t *testing.T, e entry) string {
	t.Helper()
	var word string
	switch e.phase() {
	case submitting, waiting:
		word = fmt.Sprintf("waits %d", e.restarts+1)
	case running:
		word = fmt.Sprintf("runs %d", e.restarts+1)
	case ended:
		var r sweep.Result
		f := follower{dir: trialdir.Dir(t.TempDir())}
		switch further := true; {
		case f.explain(&r, e, further):
			word = "over: goes on"
		case r.ExitCode != 0:
			word = fmt.Sprintf("over: %s %d", r.Outcome, r.ExitCode)
		default:
			word = fmt.Sprintf("over: %s", r.Outcome)
		}
	}
	if e.heldBack() {
		word += ", held"
	}
	if e.unlaunchable() {
		word += ", was not started"
	}
	return word
}

// whatOf is what was done to a recorded job; "" for those of others.
func whatOf(e entry) string {
	what, _ := strings.CutPrefix(e.comment, recordedLabel+" ")
	if what == e.comment || what == "passes" {
		return ""
	}
	return what
}

func TestQueueOfVersions(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			got := map[string][]string{}
			for _, e := range parseQueue(recorded(t, version, "squeue.txt")) {
				if what := whatOf(e); what != "" {
					got[what] = append(got[what], fateOf(t, e))
				}
			}
			for _, fates := range got {
				slices.Sort(fates)
			}
			if !maps.EqualFunc(got, recordedFates, slices.Equal) {
				for what, want := range recordedFates {
					if !slices.Equal(got[what], want) {
						t.Errorf("%s: %q, want %q", what, got[what], want)
					}
					delete(got, what)
				}
				for what, fates := range got {
					t.Errorf("%s: %q, which nobody has asked for", what, fates)
				}
			}
		})
	}
}

// What accounting says of a job that has ended comes to the same as what the queue says.
func TestAccountingOfVersions(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			queue := map[string]entry{}
			for _, e := range parseQueue(recorded(t, version, "squeue.txt")) {
				queue[e.id] = e
			}
			compared := 0
			for _, e := range parseAccounting(recorded(t, version, "sacct.txt")) {
				q, ok := queue[e.id]
				switch {
				case !ok:
					t.Errorf("job %s is not in the queue", e.id)
				case q.state == "COMPLETING": // accounting says as what
					if e.phase() != ended {
						t.Errorf("job %s is %s, and completes in the queue", e.id, e.state)
					}
				case e.phase() != q.phase():
					t.Errorf("job %s is %s, and in the queue %s", e.id, e.state, q.state)
				case e.phase() == ended:
					compared++
					if got, want := fateOf(t, e), fateOf(t, q); got != want || e.node != q.node {
						t.Errorf("job %s, %s: %s on %q, and in the queue %s on %q", e.id, whatOf(q), got, e.node, want, q.node)
					}
				}
			}
			if compared < 9 {
				t.Errorf("%d jobs that have ended, want more", compared)
			}
		})
	}
}

// Sbatch's words decide whether a job is refused for good, waits for room, or may have
// come through.
func TestWordsOfVersions(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			parts := strings.Split("\n"+strings.TrimSpace(recorded(t, version, "sbatch.txt")), "\n# ")[1:]
			if len(parts) < 14 {
				t.Errorf("there are words on %d occasions, want more", len(parts))
			}
			for _, part := range parts {
				what, words, _ := strings.Cut(part, "\n")
				want, _, _ := strings.Cut(what, ":")
				if got := kindOf(tidy(words, "sbatch")); got != want {
					t.Errorf("%s: taken for %s", part, got)
				}
			}
		})
	}
}

// An array whose tasks were cancelled before any ran is in the queue under its number
// alone.
func TestArrayEndsAsOne(t *testing.T) {
	for _, version := range versions {
		q := newQueue(Config{}, "/shared/me", nil, nil)
		label := q.label("abcdef0123")
		var batch []*job
		for i := range 3 {
			q.add(&job{task: trialdir.Task{Dir: fmt.Sprint(i), Launch: 1}})
			batch = append(batch, q.pending[i])
		}
		entries := parseQueue(strings.ReplaceAll(recorded(t, version, "squeue.txt"), recordedLabel, label))
		entries = slices.DeleteFunc(entries, func(e entry) bool { return !strings.HasSuffix(e.comment, "all cancelled before they ran") })
		if len(entries) != 1 {
			t.Fatalf("%s: %d entries, want one", version, len(entries))
		}
		q.accept(batch, entries[0].id, label)
		q.learn(entries)
		for _, j := range batch {
			if j.phase != ended || j.entry.state != "CANCELLED" {
				t.Errorf("%s: job %s is %s", version, j.entry.id, j.entry.state)
			}
		}
	}
}

// A task of an array that has come to run is in the queue by itself, also when it waits
// again; the entry of those that were cancelled before they ran is not about it.
func TestArrayEndsInPart(t *testing.T) {
	for _, state := range []string{"RUNNING", "PENDING", "COMPLETED"} {
		for _, back := range []bool{false, true} { // whether the runner came when it was so
			q := newQueue(Config{}, "/shared/me", nil, nil)
			label := q.label("abcdef0123")
			var batch []*job
			var tasks []trialdir.Task
			var entries []entry
			for i := range 3 {
				tasks = append(tasks, trialdir.Task{Dir: fmt.Sprint(i), Launch: 1})
				batch = append(batch, &job{task: tasks[i]})
				entries = append(entries, entry{id: fmt.Sprintf("12_%d", i), state: "PENDING", comment: label})
			}
			if q.batches[label] = tasks; !back {
				for _, j := range batch {
					q.add(j)
				}
				q.accept(batch, "12", label)
				q.learn(entries)
			}
			q.learn([]entry{{id: "12_0", state: state, comment: label}, {id: "12", state: "CANCELLED", comment: label}})
			for i, want := range []string{state, "CANCELLED", "CANCELLED"} {
				got := q.before[tasks[i]]
				if j := q.jobs[tasks[i]]; j != nil {
					got = j.entry
				}
				if got.state != want {
					t.Errorf("%s, come back %v: task %d is %s, want %s", state, back, i, got.state, want)
				}
			}
		}
	}
}

func recorded(t *testing.T, version, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", version, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever is printed, nothing that is no job is taken for one.
func FuzzParseQueue(f *testing.F) {
	f.Add("51_0   COMPLETED")
	f.Add("Welcome to the cluster! Maintenance is on Friday.\n51_0   COMPLETED")
	f.Add("slurm_load_jobs error: Unable to contact slurm controller")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range parseQueue(text) {
			if !goodEntry(e.id, e.state) {
				t.Errorf("%q: entry %+v", text, e)
			}
		}
		parseAccounting(text)
	})
}
