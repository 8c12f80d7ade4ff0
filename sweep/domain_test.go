package sweep_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/search/searchtest"
)

// domains is one of each shape, with and without a step.
var domains = map[string]sweep.Domain{
	"choice":        {Shape: sweep.Choice, Choices: []sweep.Value{sweep.String("a"), sweep.Int(1), sweep.Float(1), sweep.List(sweep.Int(2))}},
	"uniform":       {Shape: sweep.Uniform, Lo: -2, Hi: 3},
	"uniform, step": {Shape: sweep.Uniform, Lo: 0, Hi: 1, Step: 0.1},
	"log":           {Shape: sweep.LogUniform, Lo: 1e-5, Hi: 10},
	"log, step":     {Shape: sweep.LogUniform, Lo: 1, Hi: 10, Step: 0.5},
	"int":           {Shape: sweep.IntUniform, Lo: -3, Hi: 12},
	"int, step":     {Shape: sweep.IntUniform, Lo: 16, Hi: 128, Step: 16},
	"uneven step":   {Shape: sweep.IntUniform, Lo: 0, Hi: 10, Step: 4},
	"log int":       {Shape: sweep.LogInt, Lo: 1, Hi: 1024},
	"normal":        {Shape: sweep.Normal, Mean: 3, SD: 2},
	"normal, step":  {Shape: sweep.Normal, Mean: 3, SD: 2, Step: 0.25},
	"absent":        {},
}

// The stretches of a domain's values lie beside each other and fill the unit
// interval, and At maps what is inside one to its value.
func TestStretchesFillTheUnitInterval(t *testing.T) {
	for name, d := range domains {
		end := 0.0
		for i := range d.Len() {
			lo, hi := d.Stretch(d.Value(i))
			if math.Abs(lo-end) > 1e-9 || hi <= lo {
				t.Errorf("%s: value %d is from %g to %g, the one before ends at %g", name, i, lo, hi, end)
			}
			for _, u := range []float64{lo + 1e-9, (lo + hi) / 2, hi - 1e-9} {
				if v := d.At(u); !v.Equal(d.Value(i)) {
					t.Errorf("%s: At(%g) is %s, inside the stretch of %s", name, u, v, d.Value(i))
				}
			}
			end = hi
		}
		if d.Len() > 0 && math.Abs(end-1) > 1e-9 {
			t.Errorf("%s: the last stretch ends at %g", name, end)
		}
	}
	for name, inside := range map[string]bool{"normal, step": true, "normal": false, "log": false} {
		d := domains[name]
		v := d.At(0.3)
		lo, hi := d.Stretch(v)
		if inside != (lo < 0.3 && 0.3 < hi && d.At(lo+1e-9).Equal(v) && d.At(hi-1e-9).Equal(v)) {
			t.Errorf("%s: the stretch of %s is from %g to %g", name, v, lo, hi)
		}
	}
}

func TestDomainMapsTheUnitInterval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, d := range domains {
		if err := d.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 2000 {
			u := r.Float64()
			v := d.At(u)
			if !d.Contains(v) {
				t.Fatalf("%s: At(%g) = %s is not in it", name, u, v)
			}
			if w := d.At(d.Unit(v)); !w.Equal(v) {
				x, _ := v.AsFloat()
				y, _ := w.AsFloat()
				if math.Abs(x-y) > 1e-9*max(1, math.Abs(x)) {
					t.Fatalf("%s: %s maps to %g and back to %s", name, v, d.Unit(v), w)
				}
			}
		}
		for _, u := range []float64{0, 1, -1, 2, 0.5} {
			if v := d.At(u); !d.Contains(v) {
				t.Errorf("%s: At(%g) = %s is not in it", name, u, v)
			}
		}
		for i := range d.Len() {
			if v := d.Value(i); !d.Contains(v) {
				t.Errorf("%s: value %d, %s, is not in it", name, i, v)
			}
		}
	}
}

// The values of a discrete domain are equally likely, the ends too.
func TestDiscreteValuesAreEquallyLikely(t *testing.T) {
	for _, name := range []string{"choice", "uniform, step", "int", "int, step", "uneven step"} {
		d := domains[name]
		counts := map[string]int{}
		const draws = 100_000
		for i := range draws {
			counts[sweep.Params{"": d.At((float64(i) + 0.5) / draws)}.Key()]++
		}
		want := float64(draws) / float64(d.Len())
		if len(counts) != d.Len() {
			t.Errorf("%s: %d values were drawn of %d", name, len(counts), d.Len())
		}
		for v, n := range counts {
			if math.Abs(float64(n)-want) > 0.01*want {
				t.Errorf("%s: %s was drawn %d times, want %g", name, v, n, want)
			}
		}
	}
}

func TestStepsAreTidy(t *testing.T) {
	if got := domains["uniform, step"].Value(3).String(); got != "0.3" {
		t.Errorf("the third step of 0.1 is %s", got)
	}
}

// A bound that was computed has digits that its tidy value lacks.
func TestTidyBoundsAreInside(t *testing.T) {
	tenth := 0.1
	d := sweep.Domain{Shape: sweep.Uniform, Lo: tenth + 0.2, Hi: 0.9, Step: 0.3}
	for i := range d.Len() {
		if v := d.Value(i); !d.Contains(v) {
			t.Errorf("%s is not in %s", v, d)
		}
	}
	for _, f := range []float64{0, 0.299, 0.4, 1.2} {
		if d.Contains(sweep.Float(f)) {
			t.Errorf("%g is in %s", f, d)
		}
	}
}

func TestDomainValidate(t *testing.T) {
	for name, d := range map[string]sweep.Domain{
		"no choices": {Shape: sweep.Choice}, "doubled": searchtest.List(1, 1), "reversed": {Shape: sweep.Uniform, Lo: 1},
		"log of 0": {Shape: sweep.LogUniform, Hi: 1}, "fraction": {Shape: sweep.IntUniform, Lo: 0.5, Hi: 3}, "NaN": {Shape: sweep.Uniform, Lo: math.NaN(), Hi: 1},
		"infinite": {Shape: sweep.Uniform, Hi: math.Inf(1)}, "flat": {Shape: sweep.Normal}, "wide step": {Shape: sweep.Uniform, Hi: 1, Step: 2},
		"negative step": {Shape: sweep.Uniform, Hi: 1, Step: -1}, "fractional step": {Shape: sweep.IntUniform, Hi: 9, Step: 1.5},
	} {
		if d.Validate() == nil {
			t.Errorf("%s is found good", name)
		}
	}
}

func FuzzDomain(f *testing.F) {
	f.Add(uint8(2), 0.0, 1.0, 0.1, 0.5)
	f.Add(uint8(5), 1.0, 1024.0, 0.0, 1.0)
	f.Fuzz(func(t *testing.T, shape uint8, lo, hi, step, u float64) {
		d := sweep.Domain{Shape: sweep.Shape(shape%5) + sweep.Uniform, Lo: lo, Hi: hi, Mean: lo, SD: hi, Step: step}
		if d.Validate() != nil || math.Abs(lo) > 1e9 || math.Abs(hi) > 1e9 || step != 0 && step < 1e-4 || hi-lo < 1e-6 {
			return
		}
		if v := d.At(u); !d.Contains(v) {
			t.Errorf("%+v: At(%g) = %s is not in it", d, u, v)
		}
	})
}

func TestValueKeepsItsKindThroughJSON(t *testing.T) {
	for _, v := range []sweep.Value{
		{},
		sweep.Bool(true), sweep.Int(3), sweep.Int(-1 << 62), sweep.Float(3), sweep.Float(1e21), sweep.Float(-0.5), sweep.Float(1e-300),
		sweep.String("a\"b"), sweep.List(), sweep.List(sweep.Int(1), sweep.Float(1)), sweep.Object(map[string]sweep.Value{"x": sweep.Float(2)}),
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back sweep.Value
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(v) {
			t.Errorf("%s came back as %s (%v)", text, back, err)
		}
	}
	if sweep.Int(1).Equal(sweep.Float(1)) {
		t.Error("1 equals 1.0")
	}
	if _, err := json.Marshal(sweep.Float(math.NaN())); err == nil {
		t.Error("NaN was written as JSON")
	}
}

func TestMetricsKeepNaNThroughJSON(t *testing.T) {
	text, err := json.Marshal(sweep.Metrics{"a": math.NaN(), "b": math.Inf(-1), "c": 0.5})
	if err != nil {
		t.Fatal(err)
	}
	var back sweep.Metrics
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(back["a"]) || !math.IsInf(back["b"], -1) || back["c"] != 0.5 {
		t.Errorf("%s came back as %v (%v)", text, back, err)
	}
}

// Baselines come first, are not proposed again, and numbers have no gaps.
func TestWithTry(t *testing.T) {
	inner := variants(5)
	tries := []sweep.Params{{"x": sweep.Int(3)}, {"x": sweep.Int(0)}, {"x": sweep.Int(3)}}
	want := []int64{3, 0, 1, 2, 4}
	s := sweep.WithTry(inner, tries)
	for n, x := range want {
		p, err := s.Next(n, nil)
		if got, _ := p["x"].AsInt(); err != nil || got != x {
			t.Errorf("proposal %d is %d (%v), want %d", n, got, err, x)
		}
		fresh, err := sweep.WithTry(inner, tries).Next(n, nil)
		if err != nil || fresh.Key() != p.Key() {
			t.Errorf("without its cache, proposal %d is %s", n, fresh.Key())
		}
	}
	if _, err := s.Next(5, nil); !errors.Is(err, sweep.ErrExhausted) {
		t.Errorf("Next(5) = %v", err)
	}
}

func TestSizeCounts(t *testing.T) {
	for _, s := range searchtest.Spaces() {
		if s.Size == 0 {
			continue
		}
		if n, err := s.Space.Size(1000); err != nil || n != s.Size {
			t.Errorf("%s: size %d (%v), want %d", s.Name, n, err, s.Size)
		}
	}
}
