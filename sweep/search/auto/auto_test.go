package auto

import (
	"fmt"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/cmaes"
	"github.com/inflame-deeplearning/sweep/sweep/search/evolution"
	"github.com/inflame-deeplearning/sweep/sweep/search/gp"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
	"github.com/inflame-deeplearning/sweep/sweep/search/sobol"
	"github.com/inflame-deeplearning/sweep/sweep/search/tpe"
)

// build is what the program's registry does.
func build(s sweep.Spec, b sweep.Block) (sweep.Searcher, error) {
	n, _ := b.Config.Fields()["seed"].AsInt()
	seed := uint64(n)
	n, _ = b.Config.Fields()["trials"].AsInt()
	trials := int(n)
	switch b.Type {
	case "gp":
		return gp.New(s, gp.Config{Trials: trials, Seed: seed})
	case "tpe":
		return tpe.New(s, tpe.Config{Trials: trials, Seed: seed, Startup: 10, Candidates: 24})
	case "cmaes":
		return cmaes.New(s, cmaes.Config{Trials: trials, Seed: seed})
	case "sobol":
		return sobol.New(s, sobol.Config{Trials: trials, Seed: seed})
	case "evolution":
		return evolution.New(s, evolution.Config{Trials: trials, Seed: seed, Population: 20})
	}
	return nil, fmt.Errorf("no method %q", b.Type)
}

// The contract holds where the method changes on the way.
func TestContract(t *testing.T) {
	searchtest.Learn(t, func(s sweep.Spec) (sweep.Searcher, error) {
		made, err := New(build)(s, Config{Seed: 3})
		if err != nil {
			return nil, err
		}
		made.(*search).plan[0].until = 15
		return made, nil
	})
}

// With many trials at a time the first are evenly spread, and it says so.
func TestSpreadsACrowd(t *testing.T) {
	spec := sweep.Spec{
		Space:      sweep.Space{Axes: []sweep.Axis{searchtest.Axis("x", sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1})}},
		Objectives: []sweep.Objective{{Name: searchtest.Metric, Goal: sweep.Minimize}},
	}
	s, err := New(build)(spec, Config{Trials: 100, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var history sweep.History
	for n := range 40 {
		p, err := s.Next(n, history)
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, sweep.Trial{Number: n, Variant: n, Params: p})
	}
	for n, want := range map[int]bool{5: false, 12: true, 39: true} {
		why, err := s.(sweep.Learner).Explain(n, history[:n])
		if err != nil || strings.HasPrefix(why, "sobol: evenly spread, as") != want {
			t.Errorf("variant %d: %q (%v)", n, why, err)
		}
	}
	cells := map[int]bool{}
	for _, trial := range history[10:] {
		x, _ := trial.Params["x"].AsFloat()
		cells[int(x*16)] = true
	}
	if len(cells) < 15 {
		t.Errorf("30 variants fall into %d of 16 parts", len(cells))
	}
}

func TestChoice(t *testing.T) {
	number := searchtest.Axis("x", sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1})
	words := searchtest.Axis("w", sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("a"), sweep.String("b")}})
	depends := sweep.Axis{Names: []string{"y"}, Needs: []string{"w"}, Domain: number.Domain}
	many := make([]sweep.Axis, 100)
	for i := range many {
		many[i] = number
	}
	one, two := []sweep.Objective{{Name: "loss"}}, []sweep.Objective{{Name: "loss"}, {Name: "size"}}
	for _, test := range []struct {
		name       string
		axes       []sweep.Axis
		objectives []sweep.Objective
		want       string
	}{
		{"numbers", []sweep.Axis{number, searchtest.Axis("n", searchtest.List(1, 2, 4))}, one, "gp up to 500 results, as it makes the best use of few results; then cmaes, as it copes with many results, and all parameters are numbers"},
		{"words", []sweep.Axis{number, words}, one, "gp up to 500 results, as it makes the best use of few results; then tpe, "},
		{"conditions", []sweep.Axis{number, depends}, one, "then tpe, "},
		{"many parameters", many, one, "gp up to 100 results, "},
		{"two objectives", []sweep.Axis{number}, two, "then evolution, as it spreads over the trade-offs of 2 objectives, and all parameters are numbers"},
		{"two objectives of words", []sweep.Axis{number, words}, two, "then tpe, "},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := New(build)(sweep.Spec{Space: sweep.Space{Axes: test.axes}, Objectives: test.objectives}, Config{Trials: 10})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.(sweep.Chooser).Choice(); !strings.Contains(got, test.want) {
				t.Errorf("chosen is %q, want %q", got, test.want)
			}
		})
	}
}
