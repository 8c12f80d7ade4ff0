package tpe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

// sphere is a front: rows on the part of a sphere that no loss leaves.
func sphere(r *rand.Rand, rows, losses int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		norm := 0.0
		for range losses {
			v := math.Abs(r.NormFloat64())
			out[i] = append(out[i], -v)
			norm += v * v
		}
		for k := range out[i] {
			out[i][k] /= math.Sqrt(norm)
		}
	}
	return out
}

// The rows are those of the greedy choice without short cuts, and dominate at least
// 1 - 1/e of what the best choice does.
func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, losses := range []int{2, 3, 4} {
		for range 20 {
			front := sphere(r, 9, losses)
			rows, reference := unit(front)
			volume := func(of []int) float64 {
				var chosen [][]float64
				for _, i := range of {
					chosen = append(chosen, rows[i])
				}
				return sweep.Hypervolume(chosen, reference)
			}
			got := spread(front, 4)
			var want []int
			for range 4 {
				most, add := -1.0, -1
				for i := range rows {
					if v := volume(append(slices.Clip(want), i)); v > most && !slices.Contains(want, i) {
						most, add = v, i
					}
				}
				want = append(want, add)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d losses: %v, want %v of %v", losses, got, want, front)
			}
			best := 0.0
			for set := range 1 << len(rows) {
				var of []int
				for i := range rows {
					if set>>i&1 == 1 {
						of = append(of, i)
					}
				}
				if len(of) == 4 {
					best = max(best, volume(of))
				}
			}
			if volume(got) < (1-1/math.E)*best {
				t.Errorf("%d losses: volume %g, the best is %g", losses, volume(got), best)
			}
		}
	}
}

// An odd front has an order too.
func TestSpreadOfOddFronts(t *testing.T) {
	for name, front := range map[string][][]float64{
		"one":   {{3, 4}},
		"equal": {{1, 2}, {1, 2}, {1, 2}},
		"huge":  {{-math.MaxFloat64, math.MaxFloat64}, {0, 0}, {math.MaxFloat64, -math.MaxFloat64}},
		"flat":  {{1, 2, 5}, {2, 1, 5}},
	} {
		order := spread(front, 5)
		slices.Sort(order)
		for i, k := range order {
			if k != i || len(order) != len(front) {
				t.Fatalf("%s: %v", name, order)
			}
		}
	}
}

// The best are of the first front by what they dominate, then of the next; those cut
// short, infeasible or failed come after.
func TestRanksOfSeveralObjectives(t *testing.T) {
	point := func(values ...float64) past.Point { return past.Point{Known: true, Values: values} }
	points := []past.Point{
		point(0, 10, 10), // the ends of the first front: only one loss is any good
		point(10, 0, 10),
		point(10, 10, 0),
		point(2, 2, 3), // its middle
		point(3, 2, 2),
		point(4, 4, 4), // the second
		point(1, 1, 1), // these dominate all
		point(1, 1, 1),
		point(math.Inf(1), math.Inf(1), math.Inf(1)),
		{Values: []float64{0, 0, 0}},
	}
	points[6].Stopped = true
	points[7].Violation = 1
	points[8].Failed, points[8].Violation = true, math.Inf(1)
	order := func(n int) []int {
		out := ranks(points, n)
		of := make([]int, len(points))
		for i := range of {
			of[i] = i
		}
		slices.SortStableFunc(of, func(a, b int) int { return sweep.CompareLoss(out[a], out[b]) })
		return of[:n]
	}
	if got := order(2); !slices.Equal(got, []int{4, 3}) && !slices.Equal(got, []int{3, 4}) {
		t.Errorf("the best two are %v, want those in the middle", got)
	}
	if got := order(6); got[5] != 5 {
		t.Errorf("the best six are %v, want the second front's last", got)
	}
	many := []past.Point{point(1, 2, 3, 4, 5, 6), point(6, 5, 4, 3, 2, 1), point(7, 7, 7, 7, 7, 7)}
	if got := ranks(many, 1); !slices.Equal(got, past.Ranks(many)) {
		t.Errorf("ranks by six objectives: %v, want those of all searches", got)
	}
}
