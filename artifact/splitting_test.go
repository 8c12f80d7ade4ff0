package artifact

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		split map[string]float64
		want  string // part of the error, empty: none
	}{
		{map[string]float64{"train": 0.8, "val": 0.1, "test": 0.1}, ""},
		{map[string]float64{"train": 1}, ""},
		{map[string]float64{"train": 1.0 / 3, "val": 1.0 / 3, "test": 1.0 / 3}, ""},
		{map[string]float64{"train": 0.8, "val": 0.1}, "sum to 0.9, not to 1"},
		{map[string]float64{"train": 0.8, "valid": 0.2}, `did you mean "val"`},
		{map[string]float64{"val": 1}, "train needs a share"},
		{nil, "train needs a share"},
	} {
		err := Splitting{Split: c.split}.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q", c.split, err, c.want)
		}
	}
}

// times is n copies of each name.
func times(n int, names ...string) []string {
	var out []string
	for _, name := range names {
		out = append(out, slices.Repeat([]string{name}, n)...)
	}
	return out
}

func sizes(assigned []string) map[string]int {
	out := map[string]int{}
	for _, name := range assigned {
		out[name]++
	}
	return out
}

func TestAssign(t *testing.T) {
	standard := map[string]float64{Train: 0.8, Val: 0.1, Test: 0.1}
	for _, c := range []struct {
		name    string
		split   map[string]float64
		own     []string
		classes []string
		want    map[string]int
	}{
		{"by shares", standard, times(100, ""), times(50, "a", "b"), map[string]int{Train: 80, Val: 10, Test: 10}},
		{"no val from many small classes", standard, times(60, ""), times(3, strings.Split("a b c d e f g h i j k l m n o p q r s t", " ")...), map[string]int{Train: 48, Val: 6, Test: 6}},
		{"one example", standard, times(1, ""), times(1, "a"), map[string]int{Train: 1}},
		{"own train and test: val from train", standard, times(45, Train, Test), times(90, "a"), map[string]int{Train: 40, Val: 5, Test: 45}},
		{"own train and val: no test", standard, times(10, Train, Val), times(20, "a"), map[string]int{Train: 10, Val: 10}},
		{"own train only: val from it, no test", standard, times(90, Train), times(90, "a"), map[string]int{Train: 80, Val: 10}},
		{"own train and test, no val asked for", map[string]float64{Train: 1}, times(10, Train, Test), times(20, "a"), map[string]int{Train: 10, Test: 10}},
		{"own test only: the rest by the other shares", standard, slices.Concat(times(90, ""), times(5, Test)), times(95, "a"), map[string]int{Train: 80, Val: 10, Test: 5}},
		{"strays in a divided source train", standard, slices.Concat(times(10, Train, Val), times(3, "")), times(23, "a"), map[string]int{Train: 13, Val: 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sizes(Splitting{Split: c.split, SplitSeed: 1}.assign(c.own, c.classes))
			if !maps.Equal(got, c.want) {
				t.Errorf("sizes %v, want %v", got, c.want)
			}
		})
	}
}

// Whatever the classes and shares: each example is in a split that has a share,
// a split's size and its size in each class are within one of their share, each
// class trains, and the same seed gives the same.
func TestAssignProperties(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		val, test := 0.4*r.Float64(), 0.4*r.Float64()
		s := Splitting{Split: map[string]float64{Train: 1 - val - test, Val: val, Test: test}, SplitSeed: seed}
		classes := make([]string, 1+r.IntN(300))
		for i := range classes {
			classes[i] = fmt.Sprint(r.IntN(1 + int(seed%20)))
		}
		own := make([]string, len(classes))
		got := s.assign(own, classes)
		if again := s.assign(own, classes); !slices.Equal(got, again) {
			t.Fatalf("seed %d: assigned twice, the splits differ", seed)
		}
		inClass := map[string]map[string]int{}
		for i, name := range got {
			if inClass[classes[i]] == nil {
				inClass[classes[i]] = map[string]int{}
			}
			inClass[classes[i]][name]++
		}
		for class, counts := range inClass {
			n := counts[Train] + counts[Val] + counts[Test]
			if n != len(slices.DeleteFunc(slices.Clone(classes), func(c string) bool { return c != class })) {
				t.Errorf("seed %d: class %s is in splits %v", seed, class, counts)
			}
			if counts[Train] == 0 {
				t.Errorf("seed %d: class %s does not train", seed, class)
			}
			for _, name := range []string{Val, Test} {
				if off := float64(counts[name]) - s.Split[name]*float64(n); n > 10 && (off < -1.01 || off > 1.01) {
					t.Errorf("seed %d: %s has %d of the %d of class %s, its share is %g", seed, name, counts[name], n, class, s.Split[name])
				}
			}
		}
	}
	a := Splitting{Split: map[string]float64{Train: 0.5, Val: 0.5}, SplitSeed: 1}
	b := Splitting{Split: a.Split, SplitSeed: 2}
	if slices.Equal(a.assign(times(50, ""), times(50, "x")), b.assign(times(50, ""), times(50, "x"))) {
		t.Error("the seed makes no difference")
	}
}
