package halving

import (
	"slices"
	"testing"
)

func TestRungs(t *testing.T) {
	for _, test := range []struct {
		first int
		eta   float64
		top   int
		want  []int
	}{
		{1, 3, 81, []int{1, 3, 9, 27}},
		{1, 3, 82, []int{1, 3, 9, 27, 81}},
		{2, 2.5, 50, []int{2, 5, 13, 31}},
		{1, 1.5, 20, []int{1, 2, 3, 5, 7, 10, 15}},
		{3, 1.000001, 7, []int{3, 4, 5, 6}},
		{5, 2, 5, nil},
	} {
		if got := slices.Collect(Rungs(test.first, test.eta, test.top)); !slices.Equal(got, test.want) {
			t.Errorf("Rungs(%d, %v, %d) = %v, want %v", test.first, test.eta, test.top, got, test.want)
		}
	}
	for rung := range Rungs(1, 10, 0) { // it ends by itself, if far out
		if rung < 1 {
			t.Fatalf("rung %d", rung)
		}
	}
}
