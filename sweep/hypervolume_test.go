package sweep_test

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// union is the volume of the union of the boxes between rows and reference, by
// inclusion and exclusion of all their intersections.
func union(rows [][]float64, reference []float64) float64 {
	sum := 0.0
	for set := 1; set < 1<<len(rows); set++ {
		volume := 1.0
		for i, r := range reference {
			corner := math.Inf(-1)
			for k, row := range rows {
				if set>>k&1 == 1 {
					corner = max(corner, row[i])
				}
			}
			volume *= max(r-corner, 0)
		}
		if bits.OnesCount(uint(set))%2 == 0 {
			volume = -volume
		}
		sum += volume
	}
	return sum
}

func TestHypervolume(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		dims := 1 + r.IntN(5)
		reference := make([]float64, dims)
		for i := range reference {
			reference[i] = 0.5 + r.Float64()
		}
		rows := make([][]float64, r.IntN(9))
		for k := range rows {
			for range dims {
				v := r.Float64() * 1.2
				if r.IntN(3) == 0 {
					v = float64(r.IntN(4)) / 4 // equal ones too
				}
				rows[k] = append(rows[k], v)
			}
		}
		if got, want := sweep.Hypervolume(rows, reference), union(rows, reference); math.Abs(got-want) > 1e-9 {
			t.Fatalf("rows %v to %v: volume %g, want %g", rows, reference, got, want)
		}
	}
}

func TestHypervolumeOfOddRows(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, test := range []struct {
		rows [][]float64
		want float64
	}{
		{nil, 0},
		{[][]float64{{nan, 0, 0}, {inf, 0, 0}, {2, 0, 0}, {1, 1, 2}}, 0},
		{[][]float64{{1, 1, 1}, {1, 1, 1}}, 1},
		{[][]float64{{-inf, 0, 0}}, inf},
	} {
		if got := sweep.Hypervolume(test.rows, []float64{2, 2, 2}); got != test.want {
			t.Errorf("%v has volume %g, want %g", test.rows, got, test.want)
		}
	}
}

func BenchmarkHypervolume(b *testing.B) {
	for _, dims := range []int{2, 3, 4} {
		b.Run(fmt.Sprint(dims), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			rows, reference := make([][]float64, 200), make([]float64, dims)
			for i := range reference {
				reference[i] = 1
			}
			for k := range rows { // on a sphere: none dominates another
				length := 0.0
				for range dims {
					v := math.Abs(r.NormFloat64())
					rows[k] = append(rows[k], v)
					length += v * v
				}
				for i := range rows[k] {
					rows[k][i] = 1 - rows[k][i]/math.Sqrt(length)
				}
			}
			for b.Loop() {
				sweep.Hypervolume(rows, reference)
			}
		})
	}
}
