package evolution

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

const draws = 200_000

// share is the part of draws below a bound.
func share(draw func() float64, below float64) float64 {
	n := 0
	for range draws {
		if draw() < below {
			n++
		}
	}
	return float64(n) / draws
}

// Far from the bounds children lie about the middle of their parents, as far apart as
// the spread factor says: below b with probability b^(index+1)/2 up to 1, and above it
// with b^-(index+1)/2.
func TestCross(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const a, b = 0.45, 0.55
	for range 1000 {
		c, d := cross(r, a, b)
		if math.Abs(c+d-a-b) > 1e-12 {
			t.Fatalf("children %g and %g of %g and %g lie about another middle", c, d, a, b)
		}
	}
	factor := func() float64 {
		c, d := cross(r, a, b)
		return (d - c) / (b - a)
	}
	for _, at := range []float64{0.8, 0.95, 1, 1.05, 1.3} {
		want := math.Pow(at, crossIndex+1) / 2
		if at > 1 {
			want = 1 - math.Pow(at, -(crossIndex+1))/2
		}
		if got := share(factor, at); math.Abs(got-want) > 0.005 {
			t.Errorf("the spread factor is below %g in %.4f of the draws, want %.4f", at, got, want)
		}
	}
}

// Near a bound the distribution is the part of it that stays within.
func TestCrossKeepsToTheBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	const a, b = 0.01, 0.21
	lower := func() float64 {
		c, d := cross(r, a, b)
		if c < 0 || d > 1 {
			t.Fatalf("children %g and %g are out of bounds", c, d)
		}
		return (0.11 - c) / 0.1
	}
	most := 0.11 / 0.1 // where the lower child is at 0
	whole := 1 - math.Pow(most, -(crossIndex+1))/2
	for _, at := range []float64{0.9, 1, 1.05} {
		want := math.Pow(at, crossIndex+1) / 2 / whole
		if at > 1 {
			want = (1 - math.Pow(at, -(crossIndex+1))/2) / whole
		}
		if got := share(lower, at); math.Abs(got-want) > 0.005 {
			t.Errorf("the spread factor is below %g in %.4f of the draws, want %.4f", at, got, want)
		}
	}
	if c, d := cross(r, 0.3, 0.3); c != 0.3 || d != 0.3 {
		t.Errorf("equal parents have children %g and %g", c, d)
	}
}

// A step of polynomial mutation is longer than s with probability (1-s)^(index+1),
// to either side; near a bound, the part of that within it.
func TestMutate(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, from := range []float64{0.5, 0.02, 1} {
		step := func() float64 {
			v := mutate(r, from)
			if v < 0 || v > 1 {
				t.Fatalf("%g was moved to %g", from, v)
			}
			return v - from
		}
		below := func(s, room float64) float64 { // of a distance, with so much room
			return (1 - math.Pow(1-s, mutateIndex+1)) / (1 - math.Pow(1-room, mutateIndex+1))
		}
		for _, s := range []float64{-0.1, -0.01, 0.01, 0.1} {
			var want float64
			switch {
			case s < 0 && -s < from:
				want = (1 - below(-s, from)) / 2
			case s < 0:
				want = 0
			case s < 1-from:
				want = 0.5 + below(s, 1-from)/2
			default: // at a bound half of the draws stay
				want = 1
			}
			if got := share(step, s); math.Abs(got-want) > 0.005 {
				t.Errorf("from %g, the step is below %g in %.4f of the draws, want %.4f", from, s, got, want)
			}
		}
	}
}

// A mutation leaves a discrete value, for a neighbour where there is an order and for
// any other, equally often, where there is none.
func TestMutatedLeavesTheValue(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	texts := sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("a"), sweep.String("b"), sweep.String("c"), sweep.String("d")}}
	for _, d := range []sweep.Domain{
		{Shape: sweep.IntUniform, Lo: 1, Hi: 3},
		{Shape: sweep.LogInt, Lo: 1, Hi: 1000},
		{Shape: sweep.Uniform, Hi: 1, Step: 0.25},
		{Shape: sweep.Choice, Choices: []sweep.Value{sweep.Int(16), sweep.Int(64), sweep.Int(256)}},
		{Shape: sweep.Normal, SD: 1, Step: 1},
		texts,
	} {
		for range 2000 {
			v := d.At(r.Float64())
			if to := d.At(mutated(r, d.Unit(v), d)); to.Equal(v) {
				t.Fatalf("%+v: a mutation of %s stays", d, v)
			}
		}
	}
	counts := map[string]int{}
	for range 3000 {
		counts[texts.At(mutated(r, texts.Unit(sweep.String("b")), texts)).String()]++
	}
	for value, n := range counts {
		if math.Abs(float64(n)-1000) > 120 {
			t.Errorf("b became %s %d times of 3000", value, n)
		}
	}
}
