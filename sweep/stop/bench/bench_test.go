package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// small is a table of four curves of three epochs, of which one reaches 0.9.
func small(t *testing.T) table {
	t.Helper()
	got, err := read(strings.NewReader(`rate,epoch,val_accuracy,seconds
a,1,0.1,3
a,2,0.2,4
a,3,0.3,5
b,1,0.1,1
b,2,0.2,2
c,1,0.5,2
c,2,0.7,4
c,3,0.9,6
d,1,0.4,1
d,2,0.5,3
d,3,0.6,4
`))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRead(t *testing.T) {
	got := small(t)
	if len(got.curves) != 4 || got.epochs != 3 || got.best != 0.9 || got.reach(0.6) != 2 {
		t.Errorf("read %+v", got)
	}
	if a := got.curves[0]; a.launch != 2 || !slices.Equal(a.seconds, []float64{1, 1, 1}) {
		t.Errorf("the first curve is %+v", a)
	}
	if d := got.curves[3]; d.launch != 0 || !slices.Equal(d.seconds, []float64{1, 2, 1}) {
		t.Errorf("the last curve is %+v", d)
	}
	for text, want := range map[string]string{
		"epoch,val_accuracy,seconds\n":             "no curves",
		"epoch,val_loss,seconds\n1,2,3\n":          "val_accuracy",
		"epoch,val_accuracy,seconds\n2,0.1,3\n":    "comes before the first",
		"epoch,val_accuracy,seconds\n1,a,3\n":      "line 2",
		"epoch,val_accuracy,seconds\n1,1,3\n3,1,4": "epoch 3 follows epoch 1",
	} {
		if _, err := read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read(%q) = %v, want %q", text, err, want)
		}
	}
}

// inOrder proposes the curves one after the other.
type inOrder int

func (o inOrder) Next(n int, _ sweep.History) (sweep.Params, error) {
	if n >= int(o) {
		return nil, sweep.ErrExhausted
	}
	return sweep.Params{variant: sweep.Int(int64(n))}, nil
}

// Worked by hand: the four curves take 5, 2, 6 and 4 seconds.
func TestClock(t *testing.T) {
	for workers, want := range map[int]float64{1: 17, 2: 9, 3: 6, 4: 6, 64: 6} {
		tab := small(t)
		c := newCluster(tab, workers)
		l := loop(c, spec(tab), inOrder(4), nil)
		var ends []int
		l.Observe = func(e sweep.Event) {
			if e.Kind == sweep.TrialEnded {
				ends = append(ends, e.Trial.Number)
			}
		}
		sum, err := l.Do(t.Context())
		if err != nil || !sum.Complete || sum.Counts[sweep.Succeeded] != 3 || sum.Counts[sweep.Diverged] != 1 {
			t.Fatalf("%+v, %v", sum, err)
		}
		if c.seconds() != want || c.spent != 17*time.Second {
			t.Errorf("%d workers take %g s, want %g, and %v of work", workers, c.seconds(), want, c.spent)
		}
		if workers == 2 && !slices.Equal(ends, []int{1, 0, 2, 3}) {
			t.Errorf("trials end in the order %d", ends)
		}
	}
}

// The target is reached at the end of the epoch that reaches it: 0.69 by the second
// epoch of c, which two workers begin after b.
func TestTarget(t *testing.T) {
	tab := small(t)
	s := spec(tab)
	target := 0.69
	s.Limits.Target = &target
	c := newCluster(tab, 2)
	sum, err := loop(c, s, inOrder(4), nil).Do(t.Context())
	if err != nil || sum.Reason == "complete" || c.seconds() != 6 {
		t.Errorf("%+v after %g s, %v", sum, c.seconds(), err)
	}
}

// Every method takes the same time again, to the nanosecond, on whatever cluster.
func TestMethods(t *testing.T) {
	tab, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	tab.curves = tab.curves[:60]
	for _, m := range methods {
		for _, workers := range []int{1, 8, 80} {
			var first, all float64
			for again := range 2 {
				s := spec(tab)
				rule, err := m.rule(s, tab.epochs)
				if err != nil {
					t.Fatal(err)
				}
				c := newCluster(tab, workers)
				sum, err := loop(c, s, inOrder(len(tab.curves)), rule).Do(t.Context())
				if err != nil || !sum.Complete {
					t.Fatalf("%s: %+v, %v", m.name, sum, err)
				}
				if c.busy != 0 && c.parked != 0 || len(c.due) > 0 {
					t.Errorf("%s: %d workers busy and %d parked at the end", m.name, c.busy, c.parked)
				}
				if again == 0 {
					first, all = c.seconds(), c.spent.Seconds()
				} else if c.seconds() != first || c.spent.Seconds() != all {
					t.Errorf("%s on %d workers takes %g s of %g, and again %g of %g", m.name, workers, first, all, c.seconds(), c.spent.Seconds())
				}
				if c.spent > time.Duration(workers)*c.now {
					t.Errorf("%s: %d workers work %v in %v", m.name, workers, c.spent, c.now)
				}
			}
			t.Logf("%s on %d workers: %.1f s, %.1f s of work", m.name, workers, first, all)
		}
	}
}

// asha is worth it on recorded curves: the figures in docs/benchmarks.md are of
// more seeds.
func TestSpeedup(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	tab, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	o := options{seeds: 30, runs: 2, within: 0.01, workers: []int{8}}
	r, err := contest(t.Context(), o, tab)
	if err != nil {
		t.Fatal(err)
	}
	for m, least := range map[int]float64{1: 1.5, 2: 3, 3: 3, 4: 1.5} {
		if got := middle(r[0][0]) / middle(r[m][0]); got < least {
			t.Errorf("%s is %.2f times as fast as no rule, want %g", methods[m].name, got, least)
		}
	}
}

func TestMiddleAndInterval(t *testing.T) {
	if m := middle([]float64{3, 1, 2, 10}); m != 2.5 {
		t.Errorf("middle %g", m)
	}
	if m := middle([]float64{math.Inf(1), 1, math.Inf(1)}); !math.IsInf(m, 1) {
		t.Errorf("middle %g", m)
	}
	base, half := make([]float64, 50), make([]float64, 50)
	for i := range base {
		base[i], half[i] = 2+float64(i%7), 1+float64(i%7)/2
	}
	if lo, hi := interval(base, half); lo != 2 || hi != 2 { // seeds are drawn in pairs
		t.Errorf("interval %g - %g", lo, hi)
	}
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	o := options{seeds: 2, within: 0.01, workers: []int{1, 8}, markdown: true}
	r := make(results, len(methods))
	for m := range r {
		r[m] = [][]float64{{8, 8}, {4, math.Inf(1)}}
	}
	r[0][1][1] = 8
	report(&out, o, small(t), r)
	for _, want := range []string{"| speed-up | 1 worker | 8 workers | in vain |", "| no rule | 1.00 (1.00 - 1.00) |", "| 0.00 (0.00 - 1.00) | 1 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %q", &out, want)
		}
	}
}

func TestRecord(t *testing.T) {
	dir := t.TempDir()
	start := time.Unix(1000, 0)
	for n, values := range [][]float64{{0.5, 0.75}, {0.25}} {
		d := trialdir.Dir(filepath.Join(dir, "runs", []string{"000000", "000001"}[n]))
		trial := sweep.Trial{Number: n, Started: start, Params: sweep.Params{"rate": sweep.Float(0.1 / 3), "kind": sweep.String("a")}}
		if err := d.Create(trialdir.Spec{Version: 1, Trial: trial}); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if err := d.Append(sweep.Report{Step: i + 1, Time: start.Add(time.Duration(i+1) * time.Second), Metrics: sweep.Metrics{metric: v}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(dir, "curves.csv.gz")
	if err := run(t.Context(), []string{"-record", filepath.Join(dir, "runs"), "-table", path}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	got, err := open(path)
	if err != nil || len(got.curves) != 2 || !slices.Equal(got.curves[0].values, []float64{0.5, 0.75}) || got.curves[0].seconds[1] != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := run(context.Background(), []string{"-record", dir, "-table", path}, io.Discard, io.Discard); err == nil {
		t.Error("a folder without trials is taken for a run")
	}
}
