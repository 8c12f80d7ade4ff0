package past_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

// watcher is a searcher that asks its reader and one that is new the same, now
// and again about an earlier past.
type watcher struct {
	t      *testing.T
	spec   sweep.Spec
	space  past.Space
	reader *past.Reader
	order  []int // finished, as long as the history goes on
}

func (w *watcher) Next(n int, history sweep.History) (sweep.Params, error) {
	w.compare(history)
	if n%7 == 3 {
		w.compare(history.Before(len(history) / 2))
		w.compare(history)
	}
	return w.space.Draw(past.Seed(1, n), w.reader.Seen)
}

func (w *watcher) compare(history sweep.History) {
	fresh := past.NewReader(w.spec)
	want, err := fresh.Points(history)
	if err != nil {
		w.t.Fatal(err)
	}
	got, err := w.reader.Points(history)
	if err != nil {
		w.t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(w.reader.Finished(), fresh.Finished()) {
		w.t.Fatalf("of %d trials a reader that saw more reads\n%v, finished %v, a new one\n%v, finished %v", len(history), got, w.reader.Finished(), want, fresh.Finished())
	}
	for i, p := range got {
		if !w.reader.Seen(p.Params) || w.reader.SeenBefore(i, p.Params) {
			w.t.Fatalf("point %d is not seen, or before it was", i)
		}
	}
	if finished := w.reader.Finished(); !w.reader.Anew() && (len(finished) < len(w.order) || !slices.Equal(w.order, finished[:len(w.order)])) {
		w.t.Fatalf("finished were %v, and gone on they are %v", w.order, finished)
	}
	w.order = slices.Clone(w.reader.Finished())
}

// A reader reads the same whatever it read before.
func TestReaderCacheChangesNothing(t *testing.T) {
	for _, repeat := range []int{1, 3} {
		for seed := range uint64(4) {
			s := sweep.Space{Axes: []sweep.Axis{searchtest.Axis("a", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 500}), searchtest.Axis("b", searchtest.List(1, 2, 3))}}
			spec := sweep.Spec{Space: s, Repeat: repeat, Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Maximize}}}
			spec.Feasible = &sweep.Constraint{Measure: func(m sweep.Metrics) float64 { return m[searchtest.Metric] - 40_000 }}
			space, err := past.NewSpace(spec, "reader", 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			w := &watcher{t: t, spec: spec, space: space, reader: past.NewReader(spec)}
			simulation := searchtest.Simulation{Spec: spec, Slots: 5, Trials: 80 * repeat, Seed: seed, End: searchtest.Bowl}
			history, err := simulation.Run(w)
			if err != nil {
				t.Fatal(err)
			}
			w.compare(history)
			if finished := w.reader.Finished(); len(finished) != 80 {
				t.Errorf("%d of 80 points are finished", len(finished))
			}
		}
	}
}

// What a history that goes on costs does not grow with it.
func BenchmarkReader(b *testing.B) {
	spec := sweep.Spec{Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}}}
	for i := range 40 {
		spec.Space.Axes = append(spec.Space.Axes, searchtest.Axis(fmt.Sprint("p", i), sweep.Domain{Shape: sweep.Uniform, Hi: 1}))
	}
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		reader := past.NewReader(spec)
		var history sweep.History
		for n := range 10_000 {
			if _, err := reader.Points(history); err != nil {
				b.Fatal(err)
			}
			p, err := spec.Space.Sample(r)
			if err != nil {
				b.Fatal(err)
			}
			history = append(history, sweep.Trial{Number: n, Variant: n, After: n, Ended: n + 1, Params: p, Outcome: sweep.Succeeded, Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{searchtest.Metric: 1}}})
		}
	}
}
