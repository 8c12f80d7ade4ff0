package gp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The weighted distance never prefers a point that another beats in everything.
func TestScalarKeepsDominance(t *testing.T) {
	values := [][]float64{{1, 5}, {2, 6}, {3, 1}, {math.Inf(1), math.Inf(1)}}
	for n := range uint64(50) {
		out := scalar(values, rand.New(rand.NewPCG(1, n)))
		if out[0] >= out[1] || !math.IsInf(out[3], 1) {
			t.Fatalf("scalars %v", out)
		}
	}
}
