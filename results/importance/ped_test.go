package importance

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// The divergence on a grid is the integral over the Parzen densities of the
// places themselves.
func TestDivergenceIsTheIntegral(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	draw := func(n int, mean, sd float64) []float64 {
		var out []float64
		for len(out) < n {
			if u := mean + sd*r.NormFloat64(); u >= 0 && u <= 1 {
				out = append(out, u)
			}
		}
		return out
	}
	for _, test := range []struct{ mean, sd float64 }{{0.3, 0.1}, {0.9, 0.2}, {0.5, 0.3}, {0, 0.05}} {
		best := draw(40, test.mean, test.sd)
		all := append(draw(360, 0.5, 0.4), best...)
		width := bandwidth(best)
		parzen := func(places []float64) func(float64) float64 {
			return func(u float64) float64 {
				sum := 0.0
				for _, p := range places {
					kernel := distuv.Normal{Mu: p, Sigma: width}
					sum += kernel.Prob(u) / (kernel.CDF(1) - kernel.CDF(0))
				}
				even := 1 / float64(len(best)+1)
				return (1-even)*sum/float64(len(places)) + even
			}
		}
		p, q := parzen(best), parzen(all)
		want := quad.Fixed(func(u float64) float64 { return (p(u)/q(u) - 1) * (p(u)/q(u) - 1) * q(u) }, 0, 1, 200, nil, 0)
		if got := (Column{}).divergence(best, all); math.Abs(got-want) > 0.01*want+0.001 {
			t.Errorf("best around %g: the divergence is %g, the integral %g", test.mean, got, want)
		}
	}
}

// Of choices, by hand: a quarter is even, as three places and one even kernel say.
func TestDivergenceOfChoices(t *testing.T) {
	got := Column{Choices: 2}.divergence([]float64{0, 0, 0}, []float64{0, 0, 0, 1, 1})
	p, q := 0.75*1+0.25/2, 0.75*3/5+0.25/2
	want := (p-q)*(p-q)/q + (p-q)*(p-q)/(1-q)
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("the divergence is %g, want %g", got, want)
	}
}

// What places the best counts, and of two parameters the one that places them in
// the smaller part counts more.
func TestPEDANOVASeesWhereTheBestAre(t *testing.T) {
	columns := uniform(600, 3, 7)
	losses := make([]float64, 600)
	for i := range losses {
		x, y := columns[0].Places[i]-0.3, columns[1].Places[i]-0.6
		losses[i] = 9*x*x + y*y
	}
	effects, err := PEDANOVA(columns, losses, 0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if effects[0].Params[0] != "x0" || effects[1].Params[0] != "x1" || effects[0].Share < 0.6 || effects[2].Share > 0.1 {
		t.Errorf("the effects are %v", effects)
	}
	for i := range losses {
		losses[i] = math.Exp(20 * losses[i]) // only their order counts
	}
	again, err := PEDANOVA(columns, losses, 0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range effects {
		if again[i].Share != effects[i].Share {
			t.Errorf("of values in the same order, the effects are %v, not %v", again, effects)
		}
	}
}

// A parameter that only the worst have takes nothing from what decides on it.
func TestPEDANOVAOfWhatTheBestLack(t *testing.T) {
	columns, losses := branching(300)
	effects, err := PEDANOVA(columns, losses, 0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if effects[0].Params[0] != "x" || share(effects, "kind") < 0.05 || share(effects, "inner") != 0 {
		t.Errorf("the effects are %v", effects)
	}
}

// The divergence of a condition's values with absence is that of presence and,
// times a^2/b, that of the values where they are.
func TestPEDANOVACountsConditionsByTheirShares(t *testing.T) {
	columns, losses := branching(300)
	inner, x := columns[0], columns[2]
	for i := range losses {
		losses[i] = math.Abs(x.Places[i] - 0.5)
		if !math.IsNaN(inner.Places[i]) {
			losses[i] += inner.Places[i] - 0.5
		}
	}
	order := slices.Sorted(slices.Values(losses))
	var best, all []int
	for i, l := range losses {
		all = append(all, i)
		if l <= order[59] {
			best = append(best, i)
		}
	}
	shares, ok := divergences([]Column{inner, x}, losses, all, 0.2)
	a, b := float64(len(inner.present(best)))/60, float64(len(inner.present(all)))/300
	want := a * a / b * inner.divergence(inner.present(best), inner.present(all)) / x.divergence(x.present(best), x.present(all))
	if got := shares[0] / shares[1]; !ok || math.Abs(got-want) > 1e-9*want || a == b {
		t.Errorf("the condition has %g times the other's share, want %g", got, want)
	}
}
