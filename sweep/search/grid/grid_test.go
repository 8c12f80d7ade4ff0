package grid

import (
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestContract(t *testing.T) {
	searchtest.Run(t, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{}) }, true)
}

func TestRefusesDistributions(t *testing.T) {
	space := sweep.Space{Axes: []sweep.Axis{searchtest.Axis("lr", sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1})}}
	if _, err := New(sweep.Spec{Space: space}, Config{}); err == nil || !strings.Contains(err.Error(), "lr is a distribution") {
		t.Errorf("New = %v", err)
	}
}

func BenchmarkMillion(b *testing.B) {
	values := make([]int64, 100)
	for i := range values {
		values[i] = int64(i)
	}
	space := sweep.Space{Axes: []sweep.Axis{
		searchtest.Axis("a", searchtest.List(values...)), searchtest.Axis("b", searchtest.List(values...)), searchtest.Axis("c", searchtest.List(values...)),
	}}
	for b.Loop() {
		g, err := New(sweep.Spec{Space: space}, Config{})
		if err != nil {
			b.Fatal(err)
		}
		for n := range 1_000_000 {
			if _, err := g.Next(n, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func FuzzSpaces(f *testing.F) {
	searchtest.Fuzz(f, func(s sweep.Spec) (sweep.Searcher, error) { return New(s, Config{}) }, true)
}
