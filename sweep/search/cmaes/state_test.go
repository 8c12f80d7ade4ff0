package cmaes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/past"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func choices(names ...string) sweep.Domain {
	d := sweep.Domain{Shape: sweep.Choice}
	for _, n := range names {
		d.Choices = append(d.Choices, sweep.String(n))
	}
	return d
}

// mixed is what a training has: scales, whole numbers, a choice of names, one of
// numbers, and a parameter that only some of the names have.
func mixed() sweep.Spec {
	return spec(
		searchtest.Axis("lr", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-5, Hi: 1}),
		searchtest.Axis("width", sweep.Domain{Shape: sweep.LogInt, Lo: 8, Hi: 1024}),
		searchtest.Axis("batch", searchtest.List(16, 32, 64, 128, 256)),
		searchtest.Axis("norm", choices("off", "on")),
		searchtest.Axis("optimizer", choices("adam", "sgd", "rmsprop", "lion")),
		sweep.Axis{Names: []string{"momentum"}, Needs: []string{"optimizer"}, Domain: func(p sweep.Params) (sweep.Domain, error) {
			if name, _ := p["optimizer"].AsString(); name == "sgd" {
				return sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1}, nil
			}
			return sweep.Domain{}, nil
		}},
	)
}

// training is best, 0, at sgd with momentum 0.9, a learning rate of 0.01, width 100,
// batches of 64 and normalization.
func training(t sweep.Trial, r *rand.Rand) (sweep.Outcome, sweep.Metrics) {
	p := t.Params
	lr, _ := p["lr"].AsFloat()
	width, _ := p["width"].AsFloat()
	batch, _ := p["batch"].AsFloat()
	loss := math.Pow(math.Log10(lr)+2, 2) + math.Pow(math.Log2(width/100), 2)/4 + math.Pow(math.Log2(batch/64), 2)/4
	if name, _ := p["norm"].AsString(); name == "off" {
		loss += 0.5
	}
	momentum, ok := p["momentum"].AsFloat()
	if loss += 0.5; ok {
		loss += 4*(momentum-0.9)*(momentum-0.9) - 0.5
	}
	if r.IntN(20) == 0 {
		return sweep.Failed, nil
	}
	return sweep.Succeeded, sweep.Metrics{searchtest.Metric: loss}
}

func TestFindsTheBestOfAMixedSpace(t *testing.T) {
	s := mixed()
	const seeds = 16
	for _, slots := range []int{1, 8} {
		found := 0
		for seed := range uint64(seeds) {
			searcher, err := New(s, Config{Trials: 400, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			history, err := searchtest.Simulation{Spec: s, Slots: slots, Seed: seed, End: training}.Run(searcher)
			if err != nil {
				t.Fatal(err)
			}
			best, bestLoss := sweep.Params{}, math.Inf(1)
			for _, trial := range history {
				if loss := trial.Best.Metrics[searchtest.Metric]; trial.Outcome == sweep.Succeeded && loss < bestLoss {
					best, bestLoss = trial.Params, loss
				}
			}
			t.Logf("%d slots, seed %d: %.2g with %s", slots, seed, bestLoss, best.Key())
			if bestLoss < 0.05 {
				found++
			}
		}
		if found < 2*seeds/3 {
			t.Errorf("with %d slots %d of %d runs came near the best", slots, found, seeds)
		}
	}
}

// A choice without an order becomes likelier where it is better, and never
// impossible.
func TestCategoriesFollowTheBest(t *testing.T) {
	c := newCategories([]int{3, 5})
	r := rand.New(rand.NewPCG(1, 1))
	weights := []float64{0.6, 0.3, 0.1}
	for range 200 {
		var good, rest [][]int
		for range 8 {
			m := []int{c.sample(r, 0, 3, 1), c.sample(r, 1, 5, 1)}
			if m[1] == 2 {
				good = append(good, m)
			} else {
				rest = append(rest, m)
			}
		}
		c.update(append(good, rest...)[:3], weights)
	}
	if c.q[1][2] < 0.8 || c.likeliest(1, 5) != 2 {
		t.Errorf("the best category has probabilities %v", c.q)
	}
	for i, q := range c.q {
		sum := 0.0
		for _, p := range q {
			if sum += p; p < c.min[i]*(1-1e-9) {
				t.Errorf("a probability of %v is below %g", q, c.min[i])
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("the probabilities %v add up to %g", q, sum)
		}
	}
}

// Baselines that were tried first are where the search begins.
func TestBeginsAtTheBestBaseline(t *testing.T) {
	s := cube(4)
	at := func(f float64) sweep.Params {
		p := sweep.Params{}
		for _, name := range s.Space.Names() {
			p[name] = sweep.Float(f)
		}
		return p
	}
	searcher, err := New(s, Config{Trials: 40, Seed: 1, Sigma: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	end := func(t sweep.Trial, _ *rand.Rand) (sweep.Outcome, sweep.Metrics) {
		loss := 0.0
		for _, v := range t.Params {
			f, _ := v.AsFloat()
			loss += (f - 4) * (f - 4)
		}
		return sweep.Succeeded, sweep.Metrics{searchtest.Metric: loss}
	}
	tried := sweep.WithTry(searcher, []sweep.Params{at(-4), at(3.5), at(1)})
	history, err := searchtest.Simulation{Spec: s, Slots: 1, Trials: 4, End: end}.Run(tried)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := history[3].Params["p00"].AsFloat(); math.Abs(f-3.5) > 0.5 {
		t.Errorf("after baselines of which 3.5 was best it proposes %g", f)
	}
}

// What was decided can be decided again from the recorded past: over restarts, with
// baselines, with results that come late, and for repeated variants.
func TestDecidesAgainWhatItDecided(t *testing.T) {
	for name, s := range map[string]sweep.Spec{"mixed": mixed(), "two numbers": cube(2)} {
		for _, repeat := range []int{1, 2} {
			s.Repeat = repeat
			r := rand.New(rand.NewPCG(1, 1))
			var tries []sweep.Params
			for range 3 {
				p, err := s.Space.Sample(r)
				if err != nil {
					t.Fatal(err)
				}
				tries = append(tries, p)
			}
			fresh := func() sweep.Searcher {
				searcher, err := New(s, Config{Trials: 500, Seed: 5, Population: 5})
				if err != nil {
					t.Fatal(err)
				}
				return sweep.WithTry(searcher, tries)
			}
			end := training
			if name != "mixed" {
				end = searchtest.Bowl
			}
			history, err := searchtest.Simulation{Spec: s, Slots: 6, Seed: 2, End: end}.Run(fresh())
			if err != nil {
				t.Fatal(err)
			}
			again := fresh()
			for n := 0; n < len(history); n += 26 * repeat {
				for _, searcher := range []sweep.Searcher{fresh(), again} {
					p, err := searcher.Next(history[n].Variant, history.Before(n))
					if err != nil || p.Key() != history[n].Params.Key() {
						t.Fatalf("%s: variant %d was %s, decided again it is %s (%v)", name, history[n].Variant, history[n].Params.Key(), p.Key(), err)
					}
				}
			}
			n := len(history) - repeat
			why, err := again.(sweep.Learner).Explain(history[n].Variant, history.Before(n))
			if err != nil || !strings.Contains(why, "drawn around") || !strings.Contains(why, "population of") || strings.Contains(why, " 0 generations") {
				t.Errorf("Explain = %q, %v", why, err)
			}
			t.Log(why)
		}
	}
}

func TestAxesAreWhatTheyLookLike(t *testing.T) {
	s := mixed()
	space, err := past.NewSpace(s, "CMA-ES", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	l, err := survey(space)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(l.coords, l.cats, l.dims, l.categories); got != "[0 1 2 3 -1 4] [-1 -1 -1 -1 0 -1] 5 [4]" {
		t.Errorf("coordinates, categorical distributions, how many, of what sizes: %s", got)
	}
}
