package importance

import (
	"fmt"
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

func TestColumns(t *testing.T) {
	nan := math.NaN()
	word, number := sweep.String, sweep.Float
	optimizer := sweep.Domain{Shape: sweep.Choice, Choices: []sweep.Value{word("sgd"), word("adam"), word("lion")}}
	rate := sweep.Domain{Shape: sweep.LogUniform, Lo: 0.01, Hi: 1}
	byOptimizer := func(yes, no sweep.Domain) func(sweep.Params) (sweep.Domain, error) {
		return func(p sweep.Params) (sweep.Domain, error) {
			if p["optimizer"].Equal(word("sgd")) {
				return yes, nil
			}
			return no, nil
		}
	}
	space := sweep.Space{Axes: []sweep.Axis{
		searchtest.Axis("optimizer", optimizer),
		searchtest.Axis("rate", rate),
		{Names: []string{"momentum"}, Domain: byOptimizer(sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1}, sweep.Domain{})},
		{Names: []string{"decay"}, Domain: byOptimizer(sweep.Domain{Shape: sweep.Uniform, Lo: 0, Hi: 1}, rate)},
		searchtest.Axis("width", searchtest.List(16, 64, 256)),
	}}
	variant := func(optimizer string, rate, momentum, decay float64, width int64) sweep.Params {
		p := sweep.Params{"optimizer": word(optimizer), "rate": number(rate), "decay": number(decay), "width": sweep.Int(width)}
		if optimizer == "sgd" {
			p["momentum"] = number(momentum)
		}
		return p
	}
	variants := []sweep.Params{variant("sgd", 0.1, 0.5, 0.2, 16), variant("lion", 1, 0, 0.6, 64), variant("sgd", 0.01, 0.25, 1, 256)}
	columns, err := Columns(space, variants)
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{
		{"optimizer", 3, []float64{0, 2, 0}, false},
		{"rate", 0, []float64{0.5, 1, 0}, false},
		{"momentum", 0, []float64{0.5, nan, 0.25}, false},
		{"decay", 0, []float64{0, 0.5, 1}, true}, // of two scales: as seen, from 0.2 to 1
		{"width", 0, []float64{1. / 6, 0.5, 5. / 6}, false},
	}
	if got := rounded(columns); got != rounded(want) {
		t.Errorf("the columns are %v, want %v", got, rounded(want))
	}
	want = []Column{
		{"optimizer", 2, []float64{1, 0, 1}, true}, // in the order of their names, those seen
		{"rate", 0, []float64{0.0909, 1, 0}, true}, // not more than a hundred times apart
		{"momentum", 0, []float64{1, nan, 0}, true},
		{"width", 0, []float64{0, 0.2, 1}, true},
		{"gone", 0, []float64{nan, nan, nan}, true},
	}
	if got := rounded(Seen([]string{"optimizer", "rate", "momentum", "width", "gone"}, variants)); got != rounded(want) {
		t.Errorf("the columns seen are %v, want %v", got, rounded(want))
	}
	far := Seen([]string{"rate"}, []sweep.Params{{"rate": number(1e-4)}, {"rate": number(1e-2)}, {"rate": sweep.Int(1)}})
	if got := rounded(far); got != rounded([]Column{{"rate", 0, []float64{0, 0.5, 1}, true}}) {
		t.Errorf("on a logarithmic scale, the column is %v", got)
	}
}

func rounded(columns []Column) string {
	text := ""
	for _, c := range columns {
		text += fmt.Sprintf("%s %d %t %.3f\n", c.Name, c.Choices, c.Seen, c.Places)
	}
	return text
}
