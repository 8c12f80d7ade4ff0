package sweep_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Fronts agrees with taking away, again and again, what nothing dominates.
func TestFronts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	odd := []float64{0, 0.5, 0.5, 1, math.Inf(1), math.Inf(-1), math.NaN()}
	for range 500 {
		rows := make([][]float64, r.IntN(25))
		width := 1 + r.IntN(4)
		for i := range rows {
			for range width {
				v := r.Float64()
				if r.IntN(2) == 0 {
					v = odd[r.IntN(len(odd))]
				}
				rows[i] = append(rows[i], v)
			}
		}
		got := sweep.Fronts(rows)
		left := make([]int, len(rows))
		for i := range left {
			left[i] = i
		}
		for front := 0; len(left) > 0; front++ {
			var rest []int
			for _, i := range left {
				if slices.ContainsFunc(left, func(j int) bool { return sweep.Dominates(rows[j], rows[i]) }) {
					rest = append(rest, i)
				} else if got[i] != front {
					t.Fatalf("%v: row %d is on front %d, want %d", rows, i, got[i], front)
				}
			}
			left = rest
		}
		most := r.IntN(4)
		for i, front := range sweep.FirstFronts(rows, most) {
			if front != min(got[i], most) {
				t.Fatalf("%v: of the first %d fronts row %d is on %d, want %d", rows, most, i, front, min(got[i], most))
			}
		}
	}
}

func TestCrowding(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		front [][]float64
		want  []float64
	}{
		{nil, []float64{}},
		{[][]float64{{1, 2}}, []float64{inf}},
		{[][]float64{{0, 10}, {1, 6}, {2, 5}, {4, 0}}, []float64{inf, 0.5 + 0.5, 0.75 + 0.6, inf}},
		{[][]float64{{2, 5}, {0, 10}, {2, 5}, {4, 0}}, []float64{2, inf, 2, inf}}, // equal rows count once
	} {
		got := sweep.Crowding(test.front)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-12 }) {
			t.Errorf("%v is crowded by %v, want %v", test.front, got, test.want)
		}
	}
}

func TestLoss(t *testing.T) {
	up, down := sweep.Objective{Goal: sweep.Maximize}, sweep.Objective{Goal: sweep.Minimize}
	if up.Loss(3) != -3 || up.Loss(-3) != 3 || down.Loss(3) != 3 {
		t.Errorf("3 is a loss of %g and %g", up.Loss(3), down.Loss(3))
	}
	if sweep.CompareLoss(math.NaN(), math.Inf(1)) != 1 || sweep.CompareLoss(1, math.NaN()) != -1 || sweep.CompareLoss(math.NaN(), math.NaN()) != 0 {
		t.Error("NaN is not the worst")
	}
}
