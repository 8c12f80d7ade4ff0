package trialdir

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

func TestSpecAndOutcomeRoundTrip(t *testing.T) {
	d := Dir(t.TempDir())
	want := Spec{Trial: sweep.Trial{Run: "grid-1", Number: 3, Params: sweep.Params{"lr": sweep.Float(1)}}, CacheDir: "cache"}
	if err := d.RequestStop(); err != nil {
		t.Fatal(err)
	}
	if err := d.Create(want); err != nil {
		t.Fatal(err)
	}
	if d.StopRequested() {
		t.Error("a new start is still asked to stop")
	}
	got, err := d.Spec()
	if err != nil || got.Trial.Name() != "grid-1/3" || got.Trial.Params["lr"].Kind() != sweep.FloatKind {
		t.Errorf("Spec = %+v, %v", got, err)
	}
	if _, ok, err := d.Outcome(); ok || err != nil {
		t.Errorf("a running trial has an outcome: %v", err)
	}
	if err := d.WriteOutcome(sweep.Result{Outcome: sweep.Succeeded}); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := d.Outcome(); !ok || err != nil || r.Outcome != sweep.Succeeded {
		t.Errorf("Outcome = %+v, %v, %v", r, ok, err)
	}
	info, err := os.Stat(d.path("trial.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("trial.json has mode %v", info.Mode())
	}
}

// What is assumed of a launch never takes the place of what it has said itself, whether
// the file system has second names for files or not.
func TestAssumedOutcome(t *testing.T) {
	assumed := sweep.Result{Outcome: sweep.Cancelled}
	refuse := func(string, string) error { return errors.ErrUnsupported }
	for name, assume := range map[string]func(Dir) error{
		"second names": func(d Dir) error { return d.AssumeOutcomeOf(2, assumed) },
		"none":         func(d Dir) error { return d.putJSON("outcome.json", ending{assumed, 2}, adder(refuse)) },
	} {
		for _, said := range []bool{false, true} {
			d := Dir(t.TempDir())
			want := sweep.Cancelled
			if said {
				want = sweep.Succeeded
				if err := d.WriteOutcomeOf(2, sweep.Result{Outcome: want}); err != nil {
					t.Fatal(err)
				}
			}
			err := assume(d)
			if r, ok, rerr := d.OutcomeOf(2); err != nil || rerr != nil || !ok || r.Outcome != want {
				t.Errorf("%s, said %v: %v; %+v, %v, %v", name, said, err, r, ok, rerr)
			}
			if files, err := os.ReadDir(string(d)); err != nil || len(files) != 1 {
				t.Errorf("%s, said %v: left are %v, %v", name, said, files, err)
			}
		}
	}
}

func TestParseReport(t *testing.T) {
	for _, test := range []struct {
		line string
		step int
		name string
		want float64
	}{
		{`{"step":3,"metrics":{"val_loss":0.5}}`, 3, "val_loss", 0.5},
		{`{"step": 2, "val_loss": 0.25, "note": "fine"}`, 2, "val_loss", 0.25},
		{`{"epoch": 4, "acc": 1}`, 4, "acc", 1},
		{`{"acc": NaN}`, 0, "acc", math.NaN()},
		{`{"acc": -Infinity, "b": [1]}`, 0, "acc", math.Inf(-1)},
	} {
		r, ok, err := ParseReport([]byte(test.line))
		got := r.Metrics[test.name]
		if err != nil || !ok || r.Step != test.step || got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
			t.Errorf("%s: %+v, %v, %v", test.line, r, ok, err)
		}
	}
	if _, ok, err := ParseReport([]byte(" \n")); ok || err != nil {
		t.Errorf("an empty line is a report: %v", err)
	}
	if _, _, err := ParseReport([]byte("loss=3")); err == nil {
		t.Error("a line that is no JSON was read")
	}
}

func TestTailWaitsForTheEndOfALine(t *testing.T) {
	d := Dir(t.TempDir())
	write := func(text string) {
		f, err := os.OpenFile(d.path("metrics.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(text)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	tail := d.Tail()
	for _, test := range []struct {
		text  string
		steps []int
	}{
		{"", nil},
		{`{"loss":1}` + "\n" + `{"lo`, []int{1}},
		{`ss":2}` + "\n", []int{2}},
		{`{"step":2,"loss":2}` + "\n" + `{"step":7,"loss":3}` + "\n", []int{7}}, // step 2 was reported
	} {
		write(test.text)
		reports, err := tail.Next()
		if err != nil || len(reports) != len(test.steps) {
			t.Fatalf("after %q: %v, %v", test.text, reports, err)
		}
		for i, r := range reports {
			if r.Step != test.steps[i] {
				t.Errorf("after %q: step %d, want %d", test.text, r.Step, test.steps[i])
			}
		}
	}
	if err := d.Truncate(2); err != nil {
		t.Fatal(err)
	}
	if reports, err := d.Reports(); err != nil || len(reports) != 2 {
		t.Errorf("after Truncate(2): %v, %v", reports, err)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"step":1,"loss":NaN}`))
	f.Add([]byte(`{"step":1,"metrics":{"a":"Infinity"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, ok, err := ParseReport(line); err == nil && ok && r.Step < 0 {
			t.Errorf("%q has step %d", line, r.Step)
		}
	})
}

// Whoever followed a trial learns that one launched again has dropped reports,
// also where the new file is as long as the old one.
func TestTailBeginsAnew(t *testing.T) {
	d := Dir(t.TempDir())
	report := func(step int, loss float64) {
		t.Helper()
		if err := d.Append(sweep.Report{Step: step, Metrics: sweep.Metrics{"loss": loss}}); err != nil {
			t.Fatal(err)
		}
	}
	tail := d.Tail()
	losses := func() (out []float64) {
		t.Helper()
		reports, err := tail.Next()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			out = append(out, r.Metrics["loss"])
		}
		return out
	}
	report(1, 3)
	report(2, 2)
	report(3, 1)
	if got := losses(); !slices.Equal(got, []float64{3, 2, 1}) {
		t.Errorf("losses %v", got)
	}
	if err := d.Truncate(2); err != nil {
		t.Fatal(err)
	}
	report(3, 9)
	if got := losses(); !slices.Equal(got, []float64{3, 2, 9}) {
		t.Errorf("after Truncate(2) and a report: losses %v, want 3, 2, 9", got)
	}
	if got := losses(); got != nil {
		t.Errorf("losses %v come twice", got)
	}
}

// A trial with a parent begins with its checkpoint, once, also after a copy that
// was cut off; a parent without one leaves it to begin from nothing.
func TestCreateInherits(t *testing.T) {
	parent, child := Dir(t.TempDir()), Dir(t.TempDir())
	spec := Spec{Trial: sweep.Trial{Parent: &sweep.Parent{Dir: string(parent)}}}
	write := func(dir, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "weights"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	create := func(want string) {
		t.Helper()
		if err := child.Create(spec); err != nil {
			t.Fatal(err)
		}
		if text, _ := os.ReadFile(filepath.Join(child.Checkpoint(), "weights")); string(text) != want {
			t.Errorf("the checkpoint is %q, want %q", text, want)
		}
	}
	create("")
	write(child.Checkpoint()+".part", "cut o")
	write(parent.Checkpoint(), "parent's")
	create("parent's")
	write(child.Checkpoint(), "own")
	create("own")
	if info, err := os.Stat(child.Checkpoint()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v (%v)", info.Mode(), err)
	}
}
