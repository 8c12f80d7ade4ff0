package tpe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

// placed are points of a space, all of them known.
func placed(t *testing.T, space sweep.Space, params ...sweep.Params) []past.Point {
	t.Helper()
	points := make([]past.Point, len(params))
	for i, p := range params {
		var err error
		if points[i], err = past.Place(space, p); err != nil {
			t.Fatal(err)
		}
		points[i].Known, points[i].Values = true, []float64{float64(i)}
	}
	return points
}

func density(space sweep.Space, points []past.Point) *parzen {
	p := newParzen(space)
	p.learn(points, slices.Repeat([]float64{1}, len(points)))
	return p
}

func (p *parzen) at(point past.Point) float64 { return math.Exp(p.logs([]past.Point{point})[0]) }

// branching has a number that exists with one choice of three, and a choice.
func branching() sweep.Space {
	return sweep.Space{Axes: []sweep.Axis{
		searchtest.Axis("x", sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1}),
		searchtest.Axis("c", sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("a"), sweep.String("b"), sweep.String("d")}}),
		{Names: []string{"y"}, Needs: []string{"c"}, Domain: func(p sweep.Params) (sweep.Domain, error) {
			if c, _ := p["c"].AsString(); c == "a" {
				return sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1}, nil
			}
			return sweep.Domain{}, nil
		}},
	}}
}

func variant(x float64, c string, y float64) sweep.Params {
	p := sweep.Params{"x": sweep.Float(x), "c": sweep.String(c)}
	if c == "a" {
		p["y"] = sweep.Float(y)
	}
	return p
}

// The density is one over the parameters' own distributions: summed over the
// choices and integrated over the numbers that exist with each it is 1.
func TestDensityIntegratesToOne(t *testing.T) {
	space := branching()
	p := density(space, placed(t, space, variant(0.1, "a", 0.9), variant(0.5, "b", 0), variant(0.97, "a", -0.2), variant(0.3, "d", 0)))
	const n = 200
	sum := 0.0
	for i := range n {
		x := (float64(i) + 0.5) / n
		for _, c := range []string{"b", "d"} {
			sum += p.at(placed(t, space, variant(x, c, 0))[0]) / n / 3
		}
		for j := range n {
			y := -1 + 2*(float64(j)+0.5)/n
			sum += p.at(placed(t, space, variant(x, "a", y))[0]) / n / n / 3
		}
	}
	if math.Abs(sum-1) > 1e-3 {
		t.Errorf("the integral is %g", sum)
	}
}

// In one dimension: the mean of cut-off normal densities and of the even one.
func TestDensityByHand(t *testing.T) {
	space := sweep.Space{Axes: branching().Axes[:1]}
	at := func(x float64) sweep.Params { return sweep.Params{"x": sweep.Float(x)} }
	p := density(space, placed(t, space, at(0.7), at(0.2), at(0.4)))
	// Sorted 0.2, 0.4, 0.7: the width of each is the distance to the farther
	// neighbour, the bounds being none.
	kernel := func(x, mu, sigma float64) float64 {
		z := func(v float64) float64 { return 0.5 * math.Erfc(-(v-mu)/sigma/math.Sqrt2) }
		return math.Exp(-(x-mu)*(x-mu)/2/sigma/sigma) / sigma / math.Sqrt(2*math.Pi) / (z(1) - z(0))
	}
	for _, x := range []float64{0, 0.2, 0.33, 0.9, 1} {
		want := (kernel(x, 0.2, 0.2) + kernel(x, 0.4, 0.3) + kernel(x, 0.7, 0.3) + 1) / 4
		if got := p.at(placed(t, space, at(x))[0]); math.Abs(got-want) > 1e-12*want {
			t.Errorf("density at %g is %g, want %g", x, got, want)
		}
	}
}

func component(p *parzen, r *rand.Rand) func(int, sweep.Domain) float64 {
	c := p.pick(r)
	return func(a int, d sweep.Domain) float64 { return p.draw(r, c, a, d) }
}

// Draws follow the density: of many, the share in each cell is its integral.
func TestDrawsFollowTheDensity(t *testing.T) {
	spec := sweep.Spec{Space: branching()}
	space, err := past.NewSpace(spec, "tpe", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := density(space.Space, placed(t, space.Space, variant(0.1, "a", 0.9), variant(0.15, "a", 0.7), variant(0.9, "b", 0)))
	const draws, cells = 40_000, 10
	r := past.Seed(1, 1)
	got := map[string]float64{}
	for range draws {
		point, err := space.Build(component(p, r))
		if err != nil {
			t.Fatal(err)
		}
		x, _ := point.Params["x"].AsFloat()
		c, _ := point.Params["c"].AsString()
		got[c+string(rune('0'+int(x*cells)))] += 1.0 / draws
	}
	for _, c := range []string{"b", "d"} { // of a, the density has y too
		for cell := range cells {
			want := 0.0
			for k := range 20 {
				x := (float64(cell) + (float64(k)+0.5)/20) / cells
				want += p.at(placed(t, space.Space, variant(x, c, 0))[0]) / 20 / cells / 3
			}
			if key := c + string(rune('0'+cell)); math.Abs(got[key]-want) > 5*math.Sqrt(want/draws)+1e-4 {
				t.Errorf("%.4f of the draws are in %s, want %.4f", got[key], key, want)
			}
		}
	}
}

// A density that follows its points, which come and go, is to the last bit the
// one that learns them at once: proposals do not depend on what was asked before.
func TestDensityFollows(t *testing.T) {
	space := branching()
	space.Axes = append(space.Axes, searchtest.Axis("n", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 6}))
	r := past.Seed(2, 0)
	var params []sweep.Params
	for range 60 {
		p, err := space.Sample(r)
		if err != nil {
			t.Fatal(err)
		}
		params = append(params, p)
	}
	points := placed(t, space, params...)
	follows := newParzen(space)
	for n := range len(points) + 1 {
		weights := make([]float64, n)
		for i := range weights {
			weights[i] = float64(r.IntN(3))
		}
		follows.learn(points[:n], weights)
		once := newParzen(space)
		once.learn(points[:n], weights)
		if got, want := follows.logs(points), once.logs(points); !slices.Equal(got, want) {
			t.Fatalf("of %d points the densities are %v, learned at once %v", n, got, want)
		}
	}
}

// The narrowest kernel of a whole number reaches its neighbours.
func TestWidthOfNumbers(t *testing.T) {
	space := sweep.Space{Axes: []sweep.Axis{searchtest.Axis("n", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 5})}}
	p := density(space, placed(t, space, sweep.Params{"n": sweep.Int(2)}, sweep.Params{"n": sweep.Int(2)}))
	if sigma := 1 / (p.scale[0] * math.Sqrt2); math.Abs(sigma-0.2) > 1e-12 {
		t.Errorf("the width is %g, want a fifth", sigma)
	}
}

// The good tenth: by value, one that was cut short after those that were not, and
// never one that failed or still runs.
func TestSplit(t *testing.T) {
	points := make([]past.Point, 20)
	for i := range points {
		points[i] = past.Point{Known: true, Values: []float64{float64(100 - i)}}
	}
	points[19] = past.Point{Known: true, Failed: true, Values: []float64{math.Inf(1)}}
	points[18] = past.Point{}                                                               // still runs
	points[17] = past.Point{Known: true, Stopped: true, Steps: 3, Values: []float64{-1000}} // cut short
	good, bad, count := split(points, 19)
	for i := range points {
		if want := i == 16 || i == 15; (good[i] > 0) != want || (bad[i] > 0) == want {
			t.Errorf("point %d: good %g, bad %g, want good %t", i, good[i], bad[i], want)
		}
	}
	if count != 2 || good[16] <= good[15] || math.Abs(good[16]+good[15]-2) > 1e-12 {
		t.Errorf("%d good ones, want 2: weights %g and %g", count, good[16], good[15])
	}
}
