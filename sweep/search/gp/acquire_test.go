package gp

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// The starts are those of complete predictions of all candidates.
func TestStarts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	xs, ys := sample(60)
	m := sampleModel()
	m.see(xs, ys[:55])
	a := &acquisition{search: &search{reader: past.NewReader(sweep.Spec{})}, model: m, best: slices.Min(ys)}
	var pool []candidate
	for i := range 200 {
		x := []float64{r.Float64(), r.Float64(), float64(r.IntN(3))}
		if i%10 == 9 {
			x = slices.Clone(pool[i-5].x) // a double
		}
		pool = append(pool, candidate{x: x})
	}
	all := slices.Clone(pool)
	for i := range all {
		a.score(&all[i])
	}
	slices.SortStableFunc(all, func(c, d candidate) int { return cmp.Compare(d.score, c.score) })
	var want []candidate
	for _, c := range all {
		if len(want) < climbs && !slices.ContainsFunc(want, func(d candidate) bool { return m.kernel.distance(c.x, d.x) < 0.01 }) {
			want = append(want, c)
		}
	}
	got := a.starts(pool)
	if len(got) != len(want) {
		t.Fatalf("%d starts, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].score != want[i].score || !slices.Equal(got[i].x, want[i].x) {
			t.Errorf("start %d is %v with %g, want %v with %g", i, got[i].x, got[i].score, want[i].x, want[i].score)
		}
	}
}
