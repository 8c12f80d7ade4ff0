package rank

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/stoptest"
)

// The quick comparison agrees with the plain one, on points of which many are
// equal in a value or in all, and some are not finite.
func TestAmong(t *testing.T) {
	objectives := []sweep.Objective{{Name: "a", Goal: sweep.Minimize}, {Name: "b", Goal: sweep.Maximize}, {Name: "c", Goal: sweep.Minimize}}
	r := rand.New(rand.NewPCG(1, 1))
	values := []float64{0, 0.25, 0.5, 0.5, 1, 2, 3, math.Inf(1), math.Inf(-1), math.NaN()}
	for range 2000 {
		spec := sweep.Spec{Objectives: objectives[:1+r.IntN(3)]}
		table := NewTable(spec.Objectives)
		points := make([][]float64, 1+r.IntN(20))
		for i := range points {
			m := sweep.Metrics{}
			for _, o := range spec.Objectives {
				m[o.Name] = values[r.IntN(len(values))]
				if r.IntN(2) == 0 {
					m[o.Name] = r.Float64()
				}
			}
			points[i] = stoptest.Point(spec, sweep.Report{Metrics: m})
			row, _ := Values(m, spec.Objectives)
			table.Add(row...)
		}
		ahead := stoptest.Ahead(spec, points, 0)
		for n := range len(points) + 1 {
			if got := table.Among(n); got != (ahead < n) {
				t.Fatalf("%v: the first is among the best %d: %t, but %d are ahead of it", points, n, got, ahead)
			}
		}
	}
}

func TestReach(t *testing.T) {
	objectives := []sweep.Objective{{Name: "loss"}}
	report := func(step int, name string, v float64) sweep.Report {
		return sweep.Report{Step: step, Metrics: sweep.Metrics{name: v}}
	}
	reports := []sweep.Report{report(2, "loss", 5), report(4, "other", 6), report(10, "loss", 7), report(11, "other", 8)}
	for step, want := range map[int][]float64{1: {5}, 2: {5}, 3: {7}, 4: {7}, 10: {7}, 11: nil, 12: nil} {
		table := NewTable(objectives)
		if table.Reach(reports, step); !slices.Equal(table.cells, want) {
			t.Errorf("at step %d: %v, want %v", step, table.cells, want)
		}
	}
}
