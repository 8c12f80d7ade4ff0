// Package searchtest is the contract suite of searchers: what every one of them
// keeps to on every kind of space.
package searchtest

import (
	"errors"
	"slices"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// List is the domain of a list of whole numbers.
func List(values ...int64) sweep.Domain {
	choices := make([]sweep.Value, len(values))
	for i, v := range values {
		choices[i] = sweep.Int(v)
	}
	return sweep.Domain{Shape: sweep.Choice, Choices: choices}
}

// Axis is a parameter with a domain of its own.
func Axis(name string, d sweep.Domain) sweep.Axis {
	return sweep.Axis{Names: []string{name}, Domain: func(sweep.Params) (sweep.Domain, error) { return d, nil }}
}

// Space is one of the spaces that searchers are tried on.
type Space struct {
	Name  string
	Space sweep.Space
	Size  int // 0: not finite
}

// Spaces are plain, conditional, zipped, constrained and continuous ones.
func Spaces() []Space {
	conditional := sweep.Axis{Names: []string{"m"}, Needs: []string{"a"}, Domain: func(p sweep.Params) (sweep.Domain, error) {
		if a, _ := p["a"].AsInt(); a == 1 {
			return List(5, 6, 7), nil
		}
		return sweep.Domain{}, nil
	}}
	tail := sweep.Axis{Names: []string{"b"}, Needs: []string{"a"}, Domain: func(p sweep.Params) (sweep.Domain, error) {
		if a, _ := p["a"].AsInt(); a == 1 {
			return sweep.Domain{Shape: sweep.Uniform, Lo: -2, Hi: 6}, nil
		}
		return sweep.Domain{}, nil
	}}
	zip := sweep.Axis{Names: []string{"y", "z"}, Domain: func(sweep.Params) (sweep.Domain, error) {
		return sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{
			sweep.List(sweep.Int(1), sweep.Int(2)), sweep.List(sweep.Int(3), sweep.Value{}),
		}}, nil
	}}
	skip := func(p sweep.Params) (bool, error) {
		a, _ := p["a"].AsInt()
		b, _ := p["b"].AsFloat()
		return float64(a)*b > 4, nil
	}
	return []Space{
		{"one variant", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1))}}, 1},
		{"product", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1, 2, 3)), Axis("b", List(1, 2))}}, 6},
		{"conditional", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1, 2)), conditional}}, 4},
		{"zip", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1, 2)), zip}}, 4},
		{"constraint", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1, 2, 3)), Axis("b", List(1, 2, 3))}, Skip: skip}, 6},
		{"whole numbers", sweep.Space{Axes: []sweep.Axis{Axis("a", sweep.Domain{Shape: sweep.IntUniform, Lo: 1, Hi: 9, Step: 4}), Axis("b", sweep.Domain{Shape: sweep.LogInt, Lo: 1, Hi: 4})}}, 12},
		{"objects", sweep.Space{Axes: []sweep.Axis{Axis("o", sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{
			sweep.Object(map[string]sweep.Value{"k": sweep.Int(1)}), sweep.String("none"), sweep.Bool(true),
		}}), Axis("u", sweep.Domain{Shape: sweep.Uniform, Lo: -1, Hi: 1, Step: 0.25})}}, 27},
		{"conditional continuous", sweep.Space{Axes: []sweep.Axis{Axis("a", List(1, 2)), tail, Axis("c", sweep.Domain{Shape: sweep.LogInt, Lo: 1, Hi: 1000})}, Skip: skip}, 0},
		{"continuous", sweep.Space{Axes: []sweep.Axis{Axis("a", sweep.Domain{Shape: sweep.LogUniform, Lo: 1e-4, Hi: 1}), Axis("b", sweep.Domain{Shape: sweep.Normal, SD: 1})}}, 0},
	}
}

// Run tries a searcher on all Spaces; finiteOnly leaves out those that are not.
func Run(t *testing.T, build func(sweep.Spec) (sweep.Searcher, error), finiteOnly bool) {
	t.Helper()
	for _, s := range Spaces() {
		if s.Size == 0 && finiteOnly {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			spec := sweep.Spec{Space: s.Space, Limits: sweep.Limits{Trials: 50}}
			fresh := func() sweep.Searcher {
				searcher, err := build(spec)
				if err != nil {
					t.Fatal(err)
				}
				return searcher
			}
			contract(t, s, fresh)
		})
	}
}

func contract(t *testing.T, s Space, fresh func() sweep.Searcher) {
	t.Helper()
	searcher := fresh()
	var proposed []sweep.Params
	for n := range 50 {
		p, err := searcher.Next(n, nil)
		if errors.Is(err, sweep.ErrExhausted) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		proposed = append(proposed, p)
	}
	good(t, s, proposed, s.Size)
	// The same without the cache, whatever is asked first.
	for _, n := range []int{len(proposed) - 1, 0, len(proposed) / 2} {
		p, err := fresh().Next(n, nil)
		if err != nil || p.Key() != proposed[n].Key() {
			t.Errorf("a fresh searcher's proposal %d is %s (%v), want %s", n, p.Key(), err, proposed[n].Key())
		}
	}
	again := fresh()
	for n := range slices.Backward(proposed) {
		if p, err := again.Next(n, nil); err != nil || p.Key() != proposed[n].Key() {
			t.Errorf("asked backwards, proposal %d is %s (%v), want %s", n, p.Key(), err, proposed[n].Key())
		}
	}
}
