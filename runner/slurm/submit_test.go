package slurm

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

func TestArguments(t *testing.T) {
	c := Config{
		Partition: "gpu", Gres: "gpu:1", CPUs: 4, Memory: "16G", Time: 2 * time.Hour, Account: "lab", QOS: "high", Constraint: "a100|h100",
		Extra: []string{"--exclude=n7", "--comment=mine; rm -rf /"},
	}
	q := newQueue(c, "/shared/me", nil, nil)
	batch := []*job{{name: "grid-3", task: trialdir.Task{ID: "4a5b", Launch: 2}}, {name: "grid-3"}}
	args := q.arguments(batch, "/shared/me/batches/b/tasks.json", q.label("b"))
	for _, want := range []string{
		"--parsable", "--requeue", "--open-mode=append", "--array=0-1", "--job-name=grid-3", "--comment=" + q.label("b") + " 4a5b#2 and 1 more",
		"--output=/shared/me/batches/b/%a.out", "--signal=B:TERM@60", "--partition=gpu", "--gres=gpu:1", "--cpus-per-task=4", "--mem=16G",
		"--time=0-02:00:00", "--account=lab", "--qos=high", "--constraint=a100|h100",
	} {
		if !slices.Contains(args, want) {
			t.Errorf("%q is not among %q", want, args)
		}
	}
	if last := args[len(args)-2:]; !slices.Equal(last, c.Extra) {
		t.Errorf("the last arguments are %q, want those of extra as they are", last)
	}
	batch[0].alone = true
	if args := q.arguments(batch, "", ""); !slices.Contains(args, "--exclusive") || !slices.Contains(args, "--mem=0") || slices.Contains(args, "--mem=16G") {
		t.Errorf("a trial that is to run alone: %q", args)
	}
}

// No path becomes anything but a word of the script.
func TestScriptQuotes(t *testing.T) {
	text := script(Config{CPUs: 1, Setup: "module load cuda"}, "/it's/$(here)/sweep", "/b/tasks.json")
	if !strings.Contains(text, `exec '/it'\''s/$(here)/sweep' trial --tasks '/b/tasks.json' --index "$SLURM_ARRAY_TASK_ID"`) {
		t.Errorf("the script is\n%s", text)
	}
	if !strings.HasPrefix(text, "#!/bin/bash\nset -e\nexport GOMAXPROCS=1\n") || !strings.Contains(text, "\nmodule load cuda\nexec ") {
		t.Errorf("the script is\n%s", text)
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Minute: "0-00:01:00", 90 * time.Minute: "0-01:30:00", 49*time.Hour + time.Millisecond: "2-01:00:01"} {
		if got := slurmTime(d); got != want {
			t.Errorf("slurmTime(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Dir: "/shared", Memory: "16G", Time: time.Hour, Poll: time.Second}
	for word, break_ := range map[string]func(*Config){
		"memory": func(c *Config) { c.Memory = "16 GB" },
		"time":   func(c *Config) { c.Time = time.Second },
		"poll":   func(c *Config) { c.Poll = 0 },
		"dir":    func(c *Config) { c.Dir = "" },
		"halve":  func(c *Config) { c.Retry.OutOfMemory = runner.HalveParallelism },
	} {
		c := good
		break_(&c)
		if _, err := New(sweep.Spec{}, c); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: New = %v", word, err)
		}
	}
	if _, err := New(sweep.Spec{}, good); err != nil {
		t.Error(err)
	}
}

// Words that could not be recorded on a small cluster that works.
func TestRefusals(t *testing.T) {
	for words, want := range map[string]string{
		"Slurm temporarily unable to accept job, sleeping and retrying":                     "busy",
		"Batch job submission failed: Socket timed out on send/recv operation":              "busy",
		"Batch job submission failed: Unable to contact slurm controller (connect failure)": "busy",
		"slurm_load_jobs error: Zero Bytes were transmitted or received":                    "busy",
	} {
		if got := kindOf(words); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

// kindOf is what the runner takes sbatch's words for.
func kindOf(words string) string {
	err := &commandError{name: "sbatch", words: words, err: errors.New("exit status 1")}
	switch {
	case busy(err):
		return "busy"
	case full(err):
		return "full"
	}
	return "refused"
}

func TestTidyWords(t *testing.T) {
	const said = "sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: Invalid partition name specified\n"
	if got := tidy(said, "sbatch"); got != "invalid partition specified: nope; Batch job submission failed: Invalid partition name specified" {
		t.Errorf("tidy = %q", got)
	}
}

// The copy that jobs run is made once, checked, and made again where it was damaged.
func TestInstall(t *testing.T) {
	root := t.TempDir()
	path, err := install(root)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := hashOf(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v (%v), want 0700", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o700); err != nil {
		t.Fatal(err)
	}
	if again, err := install(root); err != nil || again != path {
		t.Fatalf("install = %s, %v", again, err)
	}
	if now, err := hashOf(path); err != nil || now != whole {
		t.Errorf("a damaged copy stays (%v)", err)
	}
}
