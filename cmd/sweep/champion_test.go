//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// nights is a sweep with a record, in a directory of its own, on a table of n rows.
type nights struct {
	t    *testing.T
	dir  string
	file string
}

const nightFile = `
maximize = "val_accuracy"
variable "rates" { default = [0.003, 0.01] }
params {
  rate = var.rates
}
data "csv" {
  path   = %q
  target = "class"
  split  = { train = 0.5, val = 0.5 }
}
model "mlp" {
  hidden = [8]
}
train {
  learning_rate = param.rate
  epochs        = 5
}
champion {}
regression {
  drop = 0.2
}
`

func newNights(t *testing.T) *nights {
	t.Helper()
	n := &nights{t: t, dir: t.TempDir()}
	n.file = filepath.Join(n.dir, "night.hcl")
	if err := os.WriteFile(n.file, fmt.Appendf(nil, nightFile, filepath.Join(n.dir, "data.csv")), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

// data writes the night's table, whose class says whether its numbers sum to more than
// 0, but for noise.
func (n *nights) data(seed uint64, rows int, noise float64) {
	n.t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	var b bytes.Buffer
	fmt.Fprintln(&b, "a,b,class")
	for range rows {
		x, y := 2*r.Float64()-1, 2*r.Float64()-1
		fmt.Fprintf(&b, "%.4f,%.4f,%v\n", x, y, x+y+noise*(r.Float64()-0.5) > 0)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "data.csv"), b.Bytes(), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

func (n *nights) command(args ...string) *exec.Cmd {
	n.t.Helper()
	sweep, err := exec.LookPath("sweep") // testscript.Main put this program there
	if err != nil {
		n.t.Fatal(err)
	}
	return exec.CommandContext(n.t.Context(), sweep, append([]string{"--dir", n.store(), "-q"}, args...)...)
}

func (n *nights) store() string { return filepath.Join(n.dir, "store") }

func (n *nights) run() {
	n.t.Helper()
	if out, err := n.command("run", n.file).CombinedOutput(); err != nil {
		n.t.Fatalf("%v\n%s", err, out)
	}
}

func (n *nights) db() *results.DB {
	n.t.Helper()
	db, err := results.Open(n.store())
	if err != nil {
		n.t.Fatal(err)
	}
	return db
}

func (n *nights) record() []results.Judgement {
	n.t.Helper()
	record, err := n.db().Judgements("night")
	if err != nil {
		n.t.Fatal(err)
	}
	return record
}

// verdicts is what the record says, without what depends on time.
func verdicts(record []results.Judgement) (out []string) {
	for _, j := range record {
		out = append(out, fmt.Sprintf("%d %s %s %v", j.Number, j.Run, j.Verdict, j.Took))
	}
	return out
}

// TestKilledRunsAreJudgedOnce kills three nights at random moments and starts them
// again: each is judged once, as it is where nobody disturbs it, and who becomes
// champion has a model.
func TestKilledRunsAreJudgedOnce(t *testing.T) {
	kills := 15
	if testing.Short() {
		kills = 4
	}
	tables := []func(n *nights){
		func(n *nights) { n.data(1, 2000, 2) },
		func(n *nights) { n.data(2, 2000, 0.2) },
		func(n *nights) { n.data(3, 2000, 1) },
	}
	undisturbed, disturbed := newNights(t), newNights(t)
	r := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for night, table := range tables {
		table(undisturbed)
		began := time.Now()
		undisturbed.run()
		whole := time.Since(began)
		table(disturbed)
		ended := func() bool { // also of one that was killed after that
			runs, err := disturbed.db().Runs()
			return err == nil && len(runs) == night+1 && runs[0].Status == results.Finished
		}
		for k := 0; k < kills && !ended(); k++ {
			cmd := disturbed.command("run", disturbed.file)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// Later ones have less left to do, and come nearer to the end.
			moment := time.Duration((0.1 + 0.5*r.Float64()) * float64(whole))
			timer := time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
			if err := cmd.Wait(); err != nil {
				killed++
			}
			timer.Stop()
			check(t, disturbed.store())
			for _, j := range disturbed.record() {
				if model := j.Champion().Best().Model; !wholeModel(model) {
					t.Fatalf("the champion of entry %d has no model in %s", j.Number, model)
				}
			}
			if len(disturbed.record()) > night+1 {
				t.Fatalf("after %d nights the record is %q", night+1, verdicts(disturbed.record()))
			}
		}
		if !ended() {
			disturbed.run()
		}
	}
	t.Logf("%d runs were killed", killed)
	if want, got := verdicts(undisturbed.record()), verdicts(disturbed.record()); !slices.Equal(want, got) || len(want) != len(tables) {
		t.Errorf("the record is\n%s\nundisturbed\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wholeModel reports whether a model directory is whole.
func wholeModel(dir string) bool {
	for _, name := range []string{"model.json", "weights.safetensors", seenFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// A run that was killed between its judgement and the record of its end is gone on
// with, and its judgement stands; so does one killed before it, with the model copied.
func TestJudgementStandsBetweenTwoWrites(t *testing.T) {
	n := newNights(t)
	n.data(1, 2000, 4)
	n.run()
	first := n.record()
	before := snapshot(t, n.store())
	if err := n.db().Finish("night-1", results.Interrupted, "", time.Unix(0, 0)); err != nil { // as if it was never told
		t.Fatal(err)
	}
	n.run()
	if got := n.record(); !slices.Equal(verdicts(got), verdicts(first)) || !got[0].Time.Equal(first[0].Time) {
		t.Errorf("the record is %q, then %q", verdicts(first), verdicts(got))
	}
	if run, err := n.db().Find("night"); err != nil || run.ID != "night-1" || run.Status != results.Finished {
		t.Errorf("the run is %s, %s, %v", run.ID, run.Status, err)
	}
	// The second night's store of before, with the models that its judgement has copied.
	n.data(2, 2000, 0.1)
	n.run()
	second := n.record()
	if len(second) != 2 || !second[1].Took {
		t.Fatalf("the record is %q", verdicts(second))
	}
	restore(t, n.store(), before)
	if _, err := os.Stat(second[1].Champion().Best().Model); err != nil {
		t.Fatal(err)
	}
	n.run()
	if got := n.record(); !slices.Equal(verdicts(got), verdicts(second)) {
		t.Errorf("the record is %q, then %q", verdicts(second), verdicts(got))
	}
}

func snapshot(t *testing.T, store string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(store, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func restore(t *testing.T, store string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(store, "results.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A promotion by hand while a run goes on is what its winner is then judged against.
func TestPromotionDuringARun(t *testing.T) {
	n := newNights(t)
	n.data(1, 400, 1)
	n.run()
	var done []error
	for range 4 { // two by two, at once
		one, two := n.command("run", "--fresh", n.file), n.command("champion", "promote", "night-1/0")
		for _, cmd := range []*exec.Cmd{one, two} {
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
		}
		done = append(done, one.Wait(), two.Wait())
	}
	record := n.record()
	runs := map[string]int{}
	for i, j := range record {
		if j.By == results.ByRun {
			runs[j.Run]++
		}
		if i > 0 && j.Former.Trial != record[i-1].Champion().Trial {
			t.Errorf("entry %d was judged against %s, and the champion was %s", j.Number, j.Former.Trial, record[i-1].Champion().Trial)
		}
	}
	if len(runs) != 5 {
		t.Errorf("the record has the runs %v, want 5 of them; the commands ended with %v", runs, done)
	}
	check(t, n.store())
}

// What others are told of a run has the champion, the former one and the verdict.
func TestNoticesTellOfTheRecord(t *testing.T) {
	n := newNights(t)
	n.data(1, 600, 2)
	n.run()
	n.data(2, 600, 0.1)
	n.run()
	cmd := n.command("run", n.file, "-var", "rates=[0.00001]")
	cmd.Stderr = io.Discard
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("the third night ended with %v, want exit code %d", err, exitFailed)
	}
	for _, test := range []struct {
		run, champion, former string
		occasions             []sweep.Occasion
	}{
		{"night-1", "night-1/", "", []sweep.Occasion{sweep.RunFinished, sweep.NewChampion}},
		{"night-2", "night-2/", "night-1/", []sweep.Occasion{sweep.RunFinished, sweep.NewChampion}},
		{"night-3", "night-2/", "", []sweep.Occasion{sweep.RunFinished, sweep.RunRegressed}},
	} {
		run, err := n.db().Find(test.run)
		if err != nil {
			t.Fatal(err)
		}
		notice, err := noticeOf(n.db(), run)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(notice.Occasions, test.occasions) || notice.Verdict != run.Judged.Verdict || notice.Best == nil {
			t.Errorf("the notice of %s is %+v", test.run, notice)
		}
		if notice.Champion == nil || !strings.HasPrefix(notice.Champion.Trial, test.champion) || (notice.Former != nil) != (test.former != "") {
			t.Errorf("%s: the champion is %+v, the former %+v", test.run, notice.Champion, notice.Former)
		}
		if notice.Former != nil && !strings.HasPrefix(notice.Former.Trial, test.former) {
			t.Errorf("%s: the former champion is %+v", test.run, notice.Former)
		}
	}
}
