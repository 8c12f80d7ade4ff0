package config

import (
	"math"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// A constraint measures how far metrics are from meeting it.
func TestConstraint(t *testing.T) {
	const tiny = math.SmallestNonzeroFloat64
	m := sweep.Metrics{"latency": 25, "size": 4, "tenth": 0.1, "zero": 0, "inf": math.Inf(1), "nan": math.NaN(), "top 5": 0.9}
	for _, test := range []struct {
		text string
		want float64
	}{
		{"metric.latency < 20", 0.25},
		{"20 >= metric.latency", 0.25},
		{"metric.latency > -50", 0},
		{"metric.latency < -50", 1.5},
		{"metric.latency < 25", tiny},
		{"metric.latency <= 25", 0},
		{"metric.tenth <= 0.1 && metric.tenth >= 0.1", 0},
		{"metric.zero > 0", tiny},
		{"metric.latency < 0", 25},
		{"metric.latency < metric.size", 21},
		{"metric.latency < 20 && metric.size <= 2", 1.25},
		{"metric.latency < 20 || metric.size <= 2", 0.25},
		{"!(metric.latency >= 20 || metric.size > 2)", 1.25},
		{"!(metric.latency >= 20 && metric.size > 2)", 0.25},
		{"metric.size == 5", 0.2},
		{"metric.size == 4 && metric.size != 5", 0},
		{"metric.size != 4", 1},
		{"contains([1, 2], metric.size)", 1},
		{"!contains([1, 2], metric.size)", 0},
		{"metric.size > 3 ? metric.latency < 30 : false", 0},
		{"metric[\"top 5\"] > 0.8", 0},
		{"metric.inf < 3", math.Inf(1)},
		{"metric.inf == metric.inf", 0},
		{"metric.lost < 3", math.Inf(1)},
		{"metric.nan < 3", math.Inf(1)},
		{"!(metric.nan < 3)", math.Inf(1)},
		{"metric.latency < 20 || metric.lost < 3", 0.25},
		{"metric.latency / metric.zero < 3", math.Inf(1)},
		{"metric.latency / metric.zero < 3 || metric.zero == 0", 0},
	} {
		c, err := ParseConstraint(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Measure(m); math.Abs(got-test.want) > 1e-12 || (got == 0) != (test.want == 0) {
			t.Errorf("%s is violated by %g, want %g", test.text, got, test.want)
		}
	}
	if _, err := ParseConstraint("metric.a <"); err == nil {
		t.Error("half a condition was read")
	}
}

// The text of a constraint says the same without the file it stood in.
func TestConstraintStandsAlone(t *testing.T) {
	src := `
feasible = (metric.loss < var.budget # of all
  && metric.score > local.floor[1] - var.slack)
variable "budget" {
  default = 20
}
variable "slack" {
  default = -2
}
locals {
  floor = [0.5, -0.5]
}
` + file("x = [1]")
	f, err := Parse([]byte(src), "test.hcl", map[string]string{"budget": "10"}, testPlugins())
	if err != nil {
		t.Fatal(err)
	}
	alone, err := ParseConstraint(f.Spec.Feasible.Text)
	if err != nil {
		t.Fatalf("%q: %v", f.Spec.Feasible.Text, err)
	}
	for _, test := range []struct {
		loss, score, want float64
	}{
		{9, 2, 0},
		{15, 2, 0.5},
		{9, 1, 0.5 / 1.5},
	} {
		m := sweep.Metrics{"loss": test.loss, "score": test.score}
		if got := f.Spec.Violation(m); math.Abs(got-test.want) > 1e-12 || got != f.Spec.Feasible.Measure(m) || got != alone.Measure(m) {
			t.Errorf("loss %g, score %g: violated by %g, and alone by %g; want %g", test.loss, test.score, got, alone.Measure(m), test.want)
		}
	}
}

func FuzzConstraint(f *testing.F) {
	f.Add("metric.a < 0.1 && !(metric.b / metric.a > 1 || metric.c == 2)")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseConstraint(text); err == nil {
			if v := c.Measure(sweep.Metrics{"a": 1, "b": 0, "c": math.Inf(-1)}); !(v >= 0) {
				t.Errorf("%q is violated by %g", text, v)
			}
		}
	})
}
