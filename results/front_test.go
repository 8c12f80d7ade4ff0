package results

import (
	"math"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// A front is of means over seeds, of finite results, and of feasible variants.
func TestFront(t *testing.T) {
	db := open(t)
	run, _, err := db.Start(Run{Sweep: "s", Repeat: 2, Objectives: []sweep.Objective{{Name: "acc", Goal: sweep.Maximize}, {Name: "cost", Goal: sweep.Minimize}}})
	if err != nil {
		t.Fatal(err)
	}
	rec := db.Record(run)
	for n, seed := range []struct{ acc, cost, violation float64 }{
		{1, 1, 0}, {3, 3, 0}, // 0: 2, 2
		{2, 3, 0}, {2, 1, 0}, // 1: the same
		{9, 9, 0}, {7, 9, 0}, // 2: 8, 9
		{5, 9, 0}, {5, 9, 0}, // 3: dominated by 2
		{9, 1, 0}, {9, 1, 0.1}, // 4: infeasible
		{math.NaN(), 0, 0}, {1, 1, 0}, // 5: one seed of 1, 1
		{math.Inf(1), 0, 0}, {1, math.NaN(), 0}, // 6: none
		{0, 7, 0}, {0, 9, 0}, // 7: dominated
	} {
		tr := trial(run, n, sweep.Succeeded, seed.acc)
		tr.Best.Metrics["cost"], tr.Violation = seed.cost, seed.violation
		put(t, rec, tr)
	}
	put(t, rec, trial(run, 16, sweep.Failed, 100))
	variants, err := db.Variants(run)
	if err != nil || len(variants) != 7 {
		t.Fatalf("%d variants, %v; want 7", len(variants), err)
	}
	if v := variants[2]; v.Trial.Number != 4 || !slices.Equal(v.Values, []float64{8, 9}) || v.Seeds != 2 {
		t.Errorf("variant %+v, want trial 4 with means 8 and 9 of 2 seeds", v)
	}
	var numbers []int
	for _, v := range run.Front(variants) {
		numbers = append(numbers, v.Trial.Variant)
	}
	if want := []int{2, 0, 1, 5}; !slices.Equal(numbers, want) {
		t.Errorf("the front is %v, want %v", numbers, want)
	}
	for _, test := range []struct {
		reference []float64
		used      []float64
		want      float64
	}{
		{nil, []float64{0, 9}, 2*7 + 1*1},
		{[]float64{1, 10}, []float64{1, 10}, 7*1 + 1*7},
		{[]float64{9, 0}, []float64{9, 0}, 0},
	} {
		got, used, err := run.Hypervolume(variants, test.reference)
		if err != nil || math.Abs(got-test.want) > 1e-12 || !slices.Equal(used, test.used) {
			t.Errorf("hypervolume %g up to %v, %v; want %g up to %v", got, used, err, test.want, test.used)
		}
	}
	if _, _, err := run.Hypervolume(variants, []float64{1}); err == nil {
		t.Error("a reference of one value was taken")
	}
	nearest := run.Front(variants[4:5])
	if len(nearest) != 1 || nearest[0].Violation != 0.1 {
		t.Errorf("where none is feasible the front is %+v", nearest)
	}
	if volume, used, err := run.Hypervolume(variants[4:5], nil); volume != 0 || used != nil || err != nil {
		t.Errorf("and its hypervolume %g up to %v, %v", volume, used, err)
	}
}
