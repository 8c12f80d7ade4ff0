package tpe

import (
	"math"
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

func density(points []past.Point) *parzen {
	o := &order{}
	o.extend(points)
	all := make([]bool, len(points))
	for i := range all {
		all[i] = true
	}
	p := &parzen{}
	p.learn(o, all)
	return p
}

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
	p := density(placed(t, space, variant(0.1, "a", 0.9), variant(0.5, "b", 0), variant(0.97, "a", -0.2), variant(0.3, "d", 0)))
	const n = 200
	sum := 0.0
	for i := range n {
		x := (float64(i) + 0.5) / n
		for _, c := range []string{"b", "d"} {
			sum += math.Exp(p.log(placed(t, space, variant(x, c, 0))[0])) / n / 3
		}
		for j := range n {
			y := -1 + 2*(float64(j)+0.5)/n
			sum += math.Exp(p.log(placed(t, space, variant(x, "a", y))[0])) / n / n / 3
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
	p := density(placed(t, space, at(0.7), at(0.2), at(0.4)))
	// Sorted 0.2, 0.4, 0.7: the width of each is the distance to the farther
	// neighbour or bound, at least 1/5.
	kernel := func(x, mu, sigma float64) float64 {
		z := func(v float64) float64 { return 0.5 * math.Erfc(-(v-mu)/sigma/math.Sqrt2) }
		return math.Exp(-(x-mu)*(x-mu)/2/sigma/sigma) / sigma / math.Sqrt(2*math.Pi) / (z(1) - z(0))
	}
	for _, x := range []float64{0, 0.2, 0.33, 0.9, 1} {
		want := (kernel(x, 0.2, 0.2) + kernel(x, 0.4, 0.3) + kernel(x, 0.7, 0.3) + 1) / 4
		if got := math.Exp(p.log(placed(t, space, at(x))[0])); math.Abs(got-want) > 1e-12*want {
			t.Errorf("density at %g is %g, want %g", x, got, want)
		}
	}
}

// Draws follow the density: of many, the share in each cell is its integral.
func TestDrawsFollowTheDensity(t *testing.T) {
	spec := sweep.Spec{Space: branching()}
	space, err := past.NewSpace(spec, "tpe", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := density(placed(t, space.Space, variant(0.1, "a", 0.9), variant(0.15, "a", 0.7), variant(0.9, "b", 0)))
	const draws, cells = 40_000, 10
	r := past.Seed(1, 1)
	got := map[string]float64{}
	for range draws {
		point, err := space.Build(p.draw(r))
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
				want += math.Exp(p.log(placed(t, space.Space, variant(x, c, 0))[0])) / 20 / cells / 3
			}
			if key := c + string(rune('0'+cell)); math.Abs(got[key]-want) > 5*math.Sqrt(want/draws)+1e-4 {
				t.Errorf("%.4f of the draws are in %s, want %.4f", got[key], key, want)
			}
		}
	}
}

func TestOrderIsSorted(t *testing.T) {
	space := branching()
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
	o := &order{}
	for n := range len(points) + 1 {
		o.extend(points[:n])
	}
	for a, line := range o.axes {
		var want []int
		for i, p := range points {
			if !math.IsNaN(p.Units[a]) {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(i, j int) int {
			return sweep.CompareLoss(points[i].Units[a], points[j].Units[a])
		})
		if !slices.Equal(line.sorted, want) {
			t.Errorf("axis %d is in the order %v, want %v", a, line.sorted, want)
		}
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
		if want := i == 16 || i == 15; good[i] != want || bad[i] == want {
			t.Errorf("point %d: good %t, bad %t, want good %t", i, good[i], bad[i], want)
		}
	}
	if count != 2 {
		t.Errorf("%d good ones, want 2", count)
	}
}
