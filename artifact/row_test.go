package artifact

import (
	"slices"
	"testing"
)

// What a column looks like is learned from the training rows alone.
func TestFit(t *testing.T) {
	e := RowEncoding{Columns: []Column{{Name: "n"}, {Name: "c"}, {Name: "y", Use: TargetUse}}, Missing: []string{"", "?"}}
	rows := [][]string{{"1", "b", ""}, {" 3 ", "a", ""}, {"?", "b", ""}, {"5", "", ""}, {"100", "z", ""}}
	e.fit(rows, []int{0, 1, 2, 3})
	n, c := e.Columns[0], e.Columns[1]
	if n.Use != Numeric || n.Median != 3 || n.Scale.Mean != 3 {
		t.Errorf("the numeric column is %+v, want median 3 and mean 3: of 1, 3 and 5", n)
	}
	if c.Use != Categorical || !slices.Equal(c.Categories, []string{"a", "b"}) {
		t.Errorf("the categorical column is %+v, want categories a and b", c)
	}
	if e.Width() != 1+3 {
		t.Errorf("width %d, want 1 number and 2 categories and 1 for all others", e.Width())
	}
	for _, r := range []struct {
		cells []string
		want  []float32
	}{
		{[]string{"3", "a", ""}, []float32{0, 1, 0, 0}},
		{[]string{"?", "b", ""}, []float32{0, 0, 1, 0}},
		{[]string{" 3", " ? ", "x"}, []float32{0, 0, 0, 1}},
		{[]string{"", "z", ""}, []float32{0, 0, 0, 1}},
	} {
		x := []float32{9, 9, 9, 9}
		if err := e.Encode(r.cells, x); err != nil || !slices.Equal(x, r.want) {
			t.Errorf("%q: %v, %v, want %v", r.cells, x, err, r.want)
		}
	}
	for _, cells := range [][]string{{"x", "a", ""}, {"NaN", "a", ""}, {"Inf", "a", ""}} {
		if err := e.Encode(cells, make([]float32, 4)); err == nil {
			t.Errorf("%q: taken for a number", cells[0])
		}
	}
}

// A column of many values keeps the most frequent ones.
func TestManyCategories(t *testing.T) {
	e := RowEncoding{Columns: []Column{{Name: "c", Use: Categorical}}}
	var rows [][]string
	var train []int
	for i := range 5 * maxCategories {
		rows = append(rows, []string{string(rune('\u4e00' + i))}, []string{"often"})
		train = append(train, 2*i, 2*i+1)
	}
	e.fit(rows, train)
	if c := e.Columns[0].Categories; len(c) != maxCategories || !slices.Contains(c, "often") || !slices.IsSorted(c) {
		t.Errorf("%d categories, %q among them: %v", len(c), "often", slices.Contains(c, "often"))
	}
}

func TestClassOrder(t *testing.T) {
	want := []string{"-1", "2", "10", "Inf", "NaN", "a", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, naturally)
	if !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestIsHeader(t *testing.T) {
	for _, c := range []struct {
		first, columns []string
		want           bool
	}{
		{[]string{"age", " income "}, nil, true},
		{[]string{"39", "<=50K"}, nil, false},
		{[]string{"age", ""}, nil, false},
		{[]string{"a", "a"}, nil, false},
		{[]string{"age", "income"}, []string{"x", "y"}, false},
		{[]string{" X", "y"}, []string{"x", "y"}, true},
	} {
		if got := IsHeader(c.first, c.columns); got != c.want {
			t.Errorf("%q with the columns %q: %v, want %v", c.first, c.columns, got, c.want)
		}
	}
}
