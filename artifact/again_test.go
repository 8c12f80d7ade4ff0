package artifact

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// features are those of every example.
func features(e Examples, width int) (out [][]float32) {
	for i := range e.Len() {
		x := make([]float32, width)
		e.Features(i, x)
		out = append(out, x)
	}
	return out
}

// grown is a table of the columns a, b and y, whose later rows have larger numbers and
// another category.
func grown(n int, columns ...string) fake {
	return fake{read: func(b *Builder) error {
		e := RowEncoding{Separator: ",", Target: "y", Missing: []string{""}}
		for _, name := range columns {
			c := Column{Name: name}
			if name == "y" {
				c.Use = TargetUse
			}
			e.Columns = append(e.Columns, c)
		}
		b.Rows(e, Classification)
		for i := range n {
			class := []string{"no", "yes"}[i%2]
			cells := map[string]string{"a": fmt.Sprint(i * i), "b": []string{"red", "blue"}[i/3%2], "y": class}
			if i == 18 {
				cells["b"] = "green"
			}
			row := make([]string, len(columns))
			for j, name := range columns {
				row[j] = cells[name]
			}
			b.Row(row, class, 0, "")
		}
		return nil
	}}
}

// A model of earlier rows gets the new ones as it got its own: with its scales and
// categories, its columns wherever they are now.
func TestAgainEncodesAsTheModelHasIt(t *testing.T) {
	b := block(t, halves)
	before := prepared(t, t.TempDir(), b, grown(10, "a", "b", "y"))
	src := grown(20, "b", "y", "a")
	now := prepared(t, t.TempDir(), b, src)
	again, err := now.Again(t.Context(), b, src, Val, before.Meta)
	if err != nil {
		t.Fatal(err)
	}
	e := *before.Meta.Encoder.Row
	width := now.Meta.Shape[0] // the categories, whatever else, and a
	own := features(now.Splits[Val], width)
	x := features(again, e.Width())
	scale := now.Meta.Encoder.Row.Columns[2].Scale
	for i := range x {
		a := math.Round(float64(own[i][width-1])*scale.SD + scale.Mean)
		colour := "green"
		if j := slices.Index(own[i][:width-1], 1); j < len(now.Meta.Encoder.Row.Columns[0].Categories) {
			colour = now.Meta.Encoder.Row.Columns[0].Categories[j]
		}
		want := make([]float32, e.Width())
		if err := e.Encode([]string{fmt.Sprint(a), colour, ""}, want); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x[i], want) {
			t.Errorf("example %d (a %g, b %s) is %v, want %v", i, a, colour, x[i], want)
		}
	}
	if same, err := now.Again(t.Context(), b, src, Val, now.Meta); err != nil || !slices.EqualFunc(features(same, width), own, slices.Equal) {
		t.Errorf("as its own encoding has it, the split is another: %v", err)
	}
}

func TestAgainNormalisesAsTheModelHasIt(t *testing.T) {
	for _, kind := range []string{"images", "pictures"} {
		src := fake{read: kinds[kind]}
		d := prepared(t, t.TempDir(), block(t, halves), src)
		m := d.Meta
		m.Norm = slices.Clone(m.Norm)
		for i := range m.Norm {
			m.Norm[i] = Scale{m.Norm[i].Mean, 2 * m.Norm[i].SD}
		}
		again, err := d.Again(t.Context(), block(t, halves), src, Val, m)
		if err != nil {
			t.Fatal(err)
		}
		width, _ := d.Meta.width()
		own := features(d.Splits[Val], width)
		for i, x := range features(again, width) {
			for j := range x {
				if math.Abs(float64(x[j]-own[i][j]/2)) > 1e-5 {
					t.Fatalf("%s: a feature is %g, want half of %g", kind, x[j], own[i][j])
				}
			}
		}
	}
}

func TestAgainTextsAsTheModelHasThem(t *testing.T) {
	src := fake{read: kinds["texts"]}
	d := prepared(t, t.TempDir(), block(t, halves), src)
	m := d.Meta
	e := *m.Encoder.Text
	e.IDF = slices.Clone(e.IDF)
	for i := range e.IDF {
		e.IDF[i] = 1
	}
	m.Encoder = Encoding{Text: &e}
	again, err := d.Again(t.Context(), block(t, halves), src, Val, m)
	if err != nil {
		t.Fatal(err)
	}
	own := features(d.Splits[Val], 32)
	for i, x := range features(again, 32) {
		if slices.Equal(x, own[i]) || !slices.ContainsFunc(x, func(f float32) bool { return f > 0 }) {
			t.Errorf("text %d is %v, with other weights %v", i, x, own[i])
		}
	}
}

// What a model cannot take is told.
func TestAgainMistakes(t *testing.T) {
	b := block(t, halves)
	src := grown(20, "a", "b", "y")
	d := prepared(t, t.TempDir(), b, src)
	images := prepared(t, t.TempDir(), b, fake{read: kinds["images"]})
	without := prepared(t, t.TempDir(), b, grown(20, "b", "y"))
	smaller := images.Meta
	smaller.Encoder = Encoding{Image: &ImageEncoding{Width: 1, Height: 1, Channels: 3, Resize: 1}}
	for _, test := range []struct {
		name  string
		data  *Dataset
		src   fake
		split string
		meta  Meta
		want  string
	}{
		{"no such split", d, src, Test, without.Meta, "the data has no split test"},
		{"a column less", without, grown(20, "b", "y"), Val, d.Meta, `the model takes a column "a"`},
		{"pictures", d, src, Val, images.Meta, "another kind of input"},
		{"other pictures", images, fake{read: kinds["images"]}, Val, smaller, "the model takes pictures of"},
		{"a file that grew meanwhile", d, grown(30, "a", "b", "y"), Val, without.Meta, "the data has changed since it was prepared"},
		{"a regression", prepared(t, t.TempDir(), b, fake{read: kinds["rows"]}), fake{read: kinds["rows"]}, Val, d.Meta, "the model is of a classification"},
	} {
		if _, err := test.data.Again(t.Context(), b, test.src, test.split, test.meta); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want one with %q", test.name, err, test.want)
		}
	}
}
