package csv

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// table writes a CSV file and is its path.
func table(t *testing.T, text string) string {
	t.Helper()
	return filepath.Join(sourcetest.Write(t, map[string][]byte{"t.csv": []byte(text)}), "t.csv")
}

// birds is a table of 20 rows with a bit of everything: blanks, missing values
// in two spellings, numbers and words.
func birds() string {
	rows := []string{"mass, site ,sex,species"}
	for i := range 20 {
		mass, sex := strconv.Itoa(3000+100*i), "f"
		switch i % 5 {
		case 3:
			mass = "NA"
		case 4:
			sex = "?"
		}
		rows = append(rows, mass+", "+[]string{"ice", "cove", "rock"}[i%3]+" ,"+sex+","+[]string{"king", "rock"}[i%2])
	}
	return strings.Join(rows, "\n") + "\n"
}

func TestContract(t *testing.T) {
	sourcetest.Contract(t, New, sourcetest.Attrs{"path": table(t, birds()), "target": "species"})
}

// use is what became of each column.
func use(d *artifact.Dataset) map[string]artifact.Use {
	out := map[string]artifact.Use{}
	for _, c := range d.Meta.Encoder.Row.Columns {
		out[c.Name] = c.Use
	}
	return out
}

func TestColumns(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  string
		attrs sourcetest.Attrs
		want  map[string]artifact.Use
	}{
		{
			"by looking", birds(),
			sourcetest.Attrs{"target": "species"},
			map[string]artifact.Use{"mass": "numeric", "site": "categorical", "sex": "categorical", "species": "target"},
		},
		{
			"left out", birds(),
			sourcetest.Attrs{"target": "species", "ignore": []string{"site"}},
			map[string]artifact.Use{"mass": "numeric", "site": "ignored", "sex": "categorical", "species": "target"},
		},
		{
			"numbers as categories", birds(),
			sourcetest.Attrs{"target": "-1", "categorical": []string{"mass"}},
			map[string]artifact.Use{"mass": "categorical", "site": "categorical", "sex": "categorical", "species": "target"},
		},
		{
			"no header, the target by number", "1,a\n2,b\n3,a\n4,b\n",
			sourcetest.Attrs{"target": "2"},
			map[string]artifact.Use{"column1": "numeric", "column2": "target"},
		},
		{
			"no header, names given", "1,a\n2,b\n3,a\n4,b\n",
			sourcetest.Attrs{"target": "y", "columns": []string{"x", "y"}},
			map[string]artifact.Use{"x": "numeric", "y": "target"},
		},
		{
			"no header, words only", "p,a\nq,b\np,a\nq,b\n",
			sourcetest.Attrs{"target": "-1", "header": false},
			map[string]artifact.Use{"column1": "categorical", "column2": "target"},
		},
		{
			"years as names", "2001,2002,y\n1,2,a\n3,4,b\n5,6,a\n",
			sourcetest.Attrs{"target": "y", "header": true},
			map[string]artifact.Use{"2001": "numeric", "2002": "numeric", "y": "target"},
		},
		{
			"semicolons, quotes and a byte order mark", "\ufeff\"x\";\"y\"\n1;\"a;b\"\n2;c\n3;c\n",
			sourcetest.Attrs{"target": "y", "separator": ";"},
			map[string]artifact.Use{"x": "numeric", "y": "target"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.attrs["path"] = table(t, c.text)
			c.attrs["split"] = map[string]float64{"train": 1}
			if got := use(sourcetest.Open(t, New, c.attrs)); !maps.Equal(got, c.want) {
				t.Errorf("columns %v, want %v", got, c.want)
			}
		})
	}
}

// A file whose first row is data must not lose it, whether or not names are given.
func TestNoRowIsLost(t *testing.T) {
	const rows = "1,a\n2,b\n3,a\n4,b\n"
	all := map[string]float64{"train": 1}
	for name, attrs := range map[string]sourcetest.Attrs{
		"without names":         {"path": table(t, rows), "target": "-1"},
		"with names":            {"path": table(t, rows), "target": "y", "columns": []string{"x", "y"}},
		"with names and header": {"path": table(t, "x,y\n"+rows), "target": "y", "columns": []string{"x", "y"}},
		"with a header":         {"path": table(t, "x,y\n"+rows), "target": "y"},
	} {
		attrs["split"] = all
		if n := sourcetest.Open(t, New, attrs).Splits[artifact.Train].Len(); n != 4 {
			t.Errorf("%s: %d rows, want 4", name, n)
		}
	}
}

func TestKind(t *testing.T) {
	numbers := func(n int) string {
		text := "x,y\n"
		for i := range 60 {
			text += strconv.Itoa(i) + "," + strconv.Itoa(i%n) + "\n"
		}
		return text
	}
	for _, c := range []struct {
		name, text, kind string
		want             artifact.Kind
	}{
		{"words", birds(), "auto", artifact.Classification},
		{"few numbers", numbers(7), "auto", artifact.Classification},
		{"many numbers", numbers(30), "auto", artifact.Regression},
		{"few numbers that are measured", numbers(7), "regression", artifact.Regression},
		{"many numbers that are names", numbers(30), "classification", artifact.Classification},
	} {
		d := sourcetest.Open(t, New, sourcetest.Attrs{"path": table(t, c.text), "target": "-1", "kind": c.kind})
		if d.Meta.Kind != c.want {
			t.Errorf("%s, kind = %q: %s, want %s", c.name, c.kind, d.Meta.Kind, c.want)
		}
	}
}

// The targets of the training split have mean 0 and deviation 1, and Meta.Target
// leads back to what the file says.
func TestRegressionTarget(t *testing.T) {
	text := "x,y\n"
	for i := range 50 {
		text += strconv.Itoa(i) + "," + strconv.FormatFloat(1000+0.5*float64(i*i), 'g', -1, 64) + "\n"
	}
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": table(t, text), "target": "y"})
	column := d.Meta.Encoder.Row.Columns[0]
	x, sum := make([]float32, 1), 0.0
	for _, split := range d.Splits {
		for i := range split.Len() {
			split.Features(i, x)
			was := float64(x[0])*column.Scale.SD + column.Scale.Mean
			got := float64(split.Target(i))*d.Meta.Target.SD + d.Meta.Target.Mean
			if want := 1000 + 0.5*math.Round(was)*math.Round(was); math.Abs(got-want) > 1e-3 {
				t.Errorf("the target of x = %.0f is %g, want %g", was, got, want)
			}
		}
	}
	train := d.Splits[artifact.Train]
	for i := range train.Len() {
		sum += float64(train.Target(i))
	}
	if math.Abs(sum) > 1e-3 {
		t.Errorf("the training targets sum to %g, want 0", sum)
	}
}

func TestEncoder(t *testing.T) {
	path := table(t, birds())
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": path, "target": "species", "ignore": []string{"sex"}})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	whole := sourcetest.Encoded(t, d, path)
	if len(whole) != len(lines) {
		t.Fatalf("the file has %d examples, want %d", len(whole), len(lines))
	}
	cut := func(line string, n int) string { return strings.Join(strings.Split(line, ",")[:n], ",") }
	for i, line := range lines {
		cells := strings.Split(line, ",")
		if !sourcetest.Holds(d, whole[i], strings.TrimSpace(cells[3])) {
			t.Errorf("row %d is not encoded as it was prepared", i+1)
		}
		for how, input := range map[string]string{
			"a row":                       line,
			"a row without its target":    cut(line, 3),
			"a file without a header":     table(t, line+"\n"),
			"a file without the target":   table(t, "mass,site,sex\n"+cut(line, 3)+"\n"),
			"other columns, other order":  table(t, "id,site,mass\n7,"+cells[1]+","+cells[0]+"\n"),
			"a file without either":       table(t, cut(line, 3)+"\n"),
			"a header and a row, as text": "mass,site,sex,species\n" + line,
		} {
			if got := sourcetest.Encoded(t, d, input); len(got) != 1 || !slices.Equal(got[0], whole[i]) {
				t.Errorf("row %d, given as %s: %v, want %v", i+1, how, got, whole[i])
			}
		}
	}
}

func TestEncoderMistakes(t *testing.T) {
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": table(t, birds()), "target": "species"})
	e, err := artifact.NewEncoder(d.Meta)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, input, want string }{
		{"no such file", "nowhere.csv", "no file nowhere.csv"},
		{"too few cells", "1,ice", "2 cells, expected are 4"},
		{"a word for a number", "heavy,ice,f", `column mass: "heavy" is not a number`},
		{"row 2 of a file", table(t, "1,ice,f\nx,ice,f\n"), "t.csv, row 2"},
		{"a column missing", table(t, "mass,sex,species\n1,f,king\n"), "column site is missing"},
		{"a short row below a header", table(t, "mass,site,sex\n1,ice\n"), "column sex is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, err := range e.Encode(c.input) {
				if err != nil {
					if !strings.Contains(err.Error(), c.want) {
						t.Errorf("error %q does not say %q", err, c.want)
					}
					return
				}
			}
			t.Error("no error")
		})
	}
}

func TestTestFile(t *testing.T) {
	train := "x,y\n" + strings.Repeat("1,a\n2,b\n", 9)
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": table(t, train), "test_path": table(t, "x,y\n3,a.\n4,b.\n"), "target": "y", "label_trim": "."})
	if got, want := sourcetest.Sizes(d), map[string]int{"train": 16, "val": 2, "test": 2}; !maps.Equal(got, want) {
		t.Errorf("splits %v, want %v", got, want)
	}
	if !slices.Equal(d.Meta.Classes, []string{"a", "b"}) {
		t.Errorf("classes %q, want a and b", d.Meta.Classes)
	}
}

func TestMistakes(t *testing.T) {
	ragged := "x,y\n1,a\n2,b\n3\n4,b\n"
	for _, c := range []struct {
		name, text string
		attrs      sourcetest.Attrs
		want       string
	}{
		{"no file", "", sourcetest.Attrs{"path": "nowhere.csv", "target": "y"}, "nowhere.csv"},
		{"an empty file", "", sourcetest.Attrs{"target": "y"}, "t.csv has no rows"},
		{"a header only", "x,y\n", sourcetest.Attrs{"target": "y"}, "t.csv has no rows"},
		{"a ragged row", ragged, sourcetest.Attrs{"target": "y"}, "t.csv, row 4: it has 1 cells, the table has 2 columns"},
		{"an unknown target", ragged, sourcetest.Attrs{"target": "z", "on_error": "skip"}, `"z" is not known here`},
		{"a target beyond the last", "1,a\n2,b\n", sourcetest.Attrs{"target": "3"}, "target: column"},
		{"an unknown column to ignore", birds(), sourcetest.Attrs{"target": "species", "ignore": []string{"sexes"}}, `did you mean "sex"`},
		{"a target that is no number", "x,y\n1,2\n3,b\n", sourcetest.Attrs{"target": "y", "kind": "regression"}, `t.csv, row 3: the target, "b", is not a number`},
		{"too few names", "1,2,a\n3,4,b\n", sourcetest.Attrs{"target": "y", "columns": []string{"x", "y"}}, "row 1: it has 3 columns, 2 names are given"},
		{"nothing to learn from", "y\na\nb\n", sourcetest.Attrs{"target": "y"}, "no column to learn from"},
		{"one class", "x,y\n1,a\n2,a\n", sourcetest.Attrs{"target": "y"}, "one class only"},
		{"no targets", "x,y\n1,\n2,?\n", sourcetest.Attrs{"target": "y", "kind": "classification"}, "the data set is empty"},
		{"a separator of two", "x\n", sourcetest.Attrs{"target": "y", "separator": "::"}, "it is one character"},
		{"a line end as separator", "x\n", sourcetest.Attrs{"target": "y", "separator": "\r"}, "it is one character"},
		{"a test file of other columns", "x,y\n1,a\n2,b\n", sourcetest.Attrs{"target": "y", "test_path": table(t, "z,y\n1,a\n")}, `has the columns ["z" "y"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.attrs["path"] == nil {
				c.attrs["path"] = table(t, c.text)
			}
			_, _, err := sourcetest.Try(t, New, c.attrs)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	d, said, err := sourcetest.Try(t, New, sourcetest.Attrs{
		"path": table(t, "x,y\n1,a\n2,b\n3\n4,b\n5,?\n6,a\n"), "target": "y", "on_error": "skip", "split": map[string]float64{"train": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Splits[artifact.Train].Len(); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
	for _, want := range []string{"row 4", "1 unreadable examples skipped", "1 rows without a y left out"} {
		if !strings.Contains(said, want) {
			t.Errorf("it said %q, which lacks %q", said, want)
		}
	}
}

func TestRealTables(t *testing.T) {
	adult := []string{"age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"}
	for _, c := range []struct {
		file    string
		attrs   sourcetest.Attrs
		rows    int
		kind    artifact.Kind
		classes []string
		numeric int // columns
	}{
		{"adult-train.csv", sourcetest.Attrs{"columns": adult, "target": "income", "label_trim": "."}, 48842, artifact.Classification, []string{"<=50K", ">50K"}, 6},
		{"titanic.csv", sourcetest.Attrs{"target": "survived"}, 891, artifact.Classification, []string{"0", "1"}, 5},
		{"penguins.csv", sourcetest.Attrs{"target": "species"}, 344, artifact.Classification, []string{"Adelie", "Chinstrap", "Gentoo"}, 4},
		{"diamonds.csv", sourcetest.Attrs{"target": "price"}, 53940, artifact.Regression, nil, 6},
		{"winequality-white.csv", sourcetest.Attrs{"target": "-1"}, 4898, artifact.Classification, []string{"3", "4", "5", "6", "7", "8", "9"}, 11},
	} {
		t.Run(c.file, func(t *testing.T) {
			c.attrs["path"] = sourcetest.Real(t, "tabular/"+c.file)
			if c.file == "adult-train.csv" {
				c.attrs["test_path"] = sourcetest.Real(t, "tabular/adult-test.csv")
			}
			d := sourcetest.Open(t, New, c.attrs)
			rows, numeric := 0, 0
			for _, n := range sourcetest.Sizes(d) {
				rows += n
			}
			for _, u := range use(d) {
				if u == artifact.Numeric {
					numeric++
				}
			}
			if rows != c.rows || d.Meta.Kind != c.kind || !slices.Equal(d.Meta.Classes, c.classes) || numeric != c.numeric {
				t.Errorf("%d rows, %s of %q, %d numeric columns; want %d, %s of %q, %d", rows, d.Meta.Kind, d.Meta.Classes, numeric, c.rows, c.kind, c.classes, c.numeric)
			}
			if c.file == "adult-train.csv" && d.Splits[artifact.Test].Len() != 16281 {
				t.Errorf("the test split has %d rows, want the 16281 of the test file", d.Splits[artifact.Test].Len())
			}
		})
	}
}

// No file makes the source panic; what it takes can be encoded again.
func FuzzTable(f *testing.F) {
	f.Add(birds(), "species", ",")
	f.Add("x;y\n1;\"a\n2;b\"\"\n", "-1", ";")
	f.Add("\ufeff,,\n\n\r\n1,2,3", "2", "\t")
	f.Fuzz(func(t *testing.T, text, target, separator string) {
		path := table(t, text)
		d, _, err := sourcetest.Try(t, New, sourcetest.Attrs{"path": path, "target": target, "separator": separator, "on_error": "skip", "split": map[string]float64{"train": 1}})
		if err != nil {
			return
		}
		e, err := artifact.NewEncoder(d.Meta)
		if err != nil {
			t.Fatalf("encoder: %v", err)
		}
		for _, err := range e.Encode(path) {
			if err != nil {
				return // a row that was skipped
			}
		}
	})
}
