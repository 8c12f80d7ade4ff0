package past_test

import (
	"math"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep/search/past"
)

func TestRanks(t *testing.T) {
	inf := math.Inf(1)
	point := func(violation float64, values ...float64) past.Point {
		return past.Point{Known: true, Values: values, Violation: violation}
	}
	failed := past.Point{Known: true, Failed: true, Values: []float64{inf, inf}, Violation: inf}
	for _, test := range []struct {
		name   string
		points []past.Point
		want   []float64
	}{
		{"nothing", nil, []float64{}},
		{"one objective", []past.Point{point(0, 3), point(0, 1), {Values: []float64{0}}, failed, point(0, 3)}, []float64{1, 0, inf, inf, 1}},
		{"and a constraint", []past.Point{point(2, 1), point(0, 9), point(1, 5), point(2, 0), point(1, 5)}, []float64{4, 0, 1, 3, 1}},
		{"none feasible", []past.Point{point(2, 1), point(1, 9)}, []float64{1, 0}},
		{
			"several objectives: the ends of the front, then the one with most room",
			[]past.Point{point(0, 9, 9), point(0, 0, 10), point(0, 1, 6), point(0, 2, 5), point(0, 4, 0), failed},
			[]float64{4, 0, 3, 2, 0, inf},
		},
		{"and a constraint", []past.Point{point(1, 0, 0), point(0, 9, 9), point(3, 0, 0), point(1, 5, 5)}, []float64{1, 0, 3, 1}},
	} {
		if got := past.Ranks(test.points); !slices.Equal(got, test.want) {
			t.Errorf("%s: ranks %v, want %v", test.name, got, test.want)
		}
	}
}
