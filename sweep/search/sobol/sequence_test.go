package sobol

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The first points of Joe and Kuo's sequence, as their program prints them.
func TestFirstPointsArePublished(t *testing.T) {
	want := [][]float64{
		{0, 0, 0, 0, 0, 0, 0, 0},
		{.5, .5, .5, .5, .5, .5, .5, .5},
		{.75, .25, .25, .25, .75, .75, .25, .75},
		{.25, .75, .75, .75, .25, .25, .75, .25},
		{.375, .375, .625, .875, .375, .125, .375, .875},
		{.875, .875, .125, .375, .875, .625, .875, .375},
		{.625, .125, .875, .625, .625, .875, .125, .125},
		{.125, .625, .375, .125, .125, .375, .625, .625},
	}
	s := newSequence(8)
	for n, point := range want {
		for dim, x := range point {
			if got := float64(s.at(uint32(n), dim)) / (1 << digits); got != x {
				t.Errorf("point %d, dimension %d = %g, want %g", n, dim, got, x)
			}
		}
	}
}

// A point of dimensions all over the table, as SciPy has it; and the table has no
// more than it should.
func TestDistantDimensions(t *testing.T) {
	s := newSequence(dimensions)
	for dim, want := range map[int]float64{0: .0625, 1: .9375, 5: .1875, 63: .8125, 500: .0625, 1023: .6875} {
		if got := float64(s.at(15, dim)) / (1 << digits); got != want {
			t.Errorf("dimension %d of point 15 = %g, want %g", dim, got, want)
		}
	}
	for dim, v := range s {
		for k, n := range v {
			if n>>(digits-1-k)&1 == 0 || n<<k<<1 != 0 {
				t.Fatalf("direction number %d of dimension %d is %032b: it must end in a 1 at place %d", k, dim, n, k)
			}
		}
	}
}

// Of 2^m points of two dimensions each elementary interval of area 2^-m has
// exactly one, scrambled or not: they are a (0,m,2)-net in base 2.
func TestScrambledPointsAreANet(t *testing.T) {
	s := newSequence(2)
	for seed := range uint64(5) {
		for m := range 11 {
			for first := range 1 << (10 - m) { // any 2^m points that begin at a multiple of it
				for a := range m + 1 { // 2^a by 2^(m-a) intervals
					hit := make([]bool, 1<<m)
					for i := range 1 << m {
						n := uint32(first<<m + i)
						x := scramble(s.at(n, 0), mix(seed))
						y := scramble(s.at(n, 1), mix(seed+100))
						cell := int(math.Ldexp(x, a))<<(m-a) | int(math.Ldexp(y, m-a))
						if hit[cell] {
							t.Fatalf("seed %d: two of 2^%d points in cell %d of 2^%d by 2^%d", seed, m, cell, a, m-a)
						}
						hit[cell] = true
					}
				}
			}
		}
	}
}

// A scrambled point is uniform over the seeds: 16 cells of a dimension are hit
// equally often (the limit is chi-squared's of 15 at 0.001).
func TestScramblingIsUniform(t *testing.T) {
	const seeds, cells = 4000, 16
	for _, x := range []uint32{0, 1 << 31, 3 << 29, 12345} {
		var count [cells]float64
		for seed := range uint64(seeds) {
			count[int(scramble(x, mix(seed))*cells)]++
		}
		chi := 0.0
		for _, c := range count {
			chi += (c - seeds/cells) * (c - seeds/cells) / (seeds / cells)
		}
		if chi > 37.7 {
			t.Errorf("digits %x: chi-squared is %g", x, chi)
		}
	}
}

// The integral of a product of ten smooth factors, which is 1: the error of 1024
// points is a small part of that of as many random ones.
func TestIntegratesBetterThanRandom(t *testing.T) {
	const dims, points, runs = 10, 1024, 20
	s := newSequence(dims)
	integral := func(coordinate func(n, dim int) float64) float64 {
		sum := 0.0
		for n := range points {
			f := 1.0
			for dim := range dims {
				f *= 1 + (coordinate(n, dim)-0.5)/float64(dim+1)
			}
			sum += f
		}
		return sum / points
	}
	ours, theirs := 0.0, 0.0
	for run := range uint64(runs) {
		r := rand.New(rand.NewPCG(run, 0))
		a := integral(func(n, dim int) float64 { return scramble(s.at(uint32(n), dim), mix(mix(run)+uint64(dim))) })
		b := integral(func(int, int) float64 { return r.Float64() })
		ours += (a - 1) * (a - 1) / runs
		theirs += (b - 1) * (b - 1) / runs
	}
	t.Logf("root mean square error %.2g, of random points %.2g", math.Sqrt(ours), math.Sqrt(theirs))
	if math.Sqrt(ours) > math.Sqrt(theirs)/20 {
		t.Errorf("error %g is not a twentieth of random points' %g", math.Sqrt(ours), math.Sqrt(theirs))
	}
}

func BenchmarkPoint(b *testing.B) {
	s := newSequence(40)
	for n := range b.N {
		for dim := range 40 {
			scramble(s.at(uint32(n), dim), uint64(dim))
		}
	}
}
