package text

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/sourcetest"
)

// folders are n texts of each of two classes, below prefix.
func folders(prefix string, n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		files[fmt.Sprintf("%ssea/%d.txt", prefix, i)] = fmt.Appendf(nil, "The gull number %d flew over the waves.", i)
		files[fmt.Sprintf("%sland/%d.txt", prefix, i)] = fmt.Appendf(nil, "A fox, number %d, slept in its den!", i)
	}
	return files
}

func table(t *testing.T, text string) string {
	t.Helper()
	return filepath.Join(sourcetest.Write(t, map[string][]byte{"t.csv": []byte(text)}), "t.csv")
}

func TestContract(t *testing.T) {
	for name, path := range map[string]string{
		"folders": sourcetest.Write(t, folders("", 10)),
		"table":   table(t, strings.Repeat("1,a gull\n2,\"a fox, asleep\"\n", 10)),
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Contract(t, New, sourcetest.Attrs{"path": path, "features": 64})
		})
	}
}

func TestFolders(t *testing.T) {
	files := folders("train/", 10)
	maps.Copy(files, folders("test/", 3))
	maps.Copy(files, map[string][]byte{"train/sea/.hidden.txt": {0xff}, "train/sea/gull.png": {0xff}, "readme.txt": []byte("not a text")})
	dir := sourcetest.Write(t, files)
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": dir, "features": 4096, "ngrams": 2})
	if got, want := sourcetest.Sizes(d), map[string]int{"train": 18, "val": 2, "test": 6}; !maps.Equal(got, want) {
		t.Errorf("splits %v, want %v", got, want)
	}
	for name, content := range folders("train/", 10) {
		class := strings.Split(name, "/")[1]
		file, literal := sourcetest.Encoded(t, d, filepath.Join(dir, name)), sourcetest.Encoded(t, d, string(content))
		if !sourcetest.Holds(d, file[0], class) || !slices.Equal(file[0], literal[0]) {
			t.Errorf("%s is not encoded as it was prepared", name)
		}
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name, text string
		attrs      sourcetest.Attrs
		classes    []string
		rows       int
		same       [2]string // texts with the same features
	}{
		{"no header", "1,gull\n2,fox\n1,gull\n", nil, []string{"1", "2"}, 3, [2]string{"gull", "GULL!"}},
		{"header", "topic,text\nsea,gull\nland,fox\n", sourcetest.Attrs{"label": "topic"}, []string{"land", "sea"}, 2, [2]string{"fox", " fox\n"}},
		{"columns by name", "a,b,c\ngull,x,sea\nfox,y,land\n", sourcetest.Attrs{"label": "c", "text": []string{"a"}}, []string{"land", "sea"}, 2, [2]string{"gull", "gull,"}},
		{"header denied", "sea,gull\nland,fox\n", sourcetest.Attrs{"header": false}, []string{"land", "sea"}, 2, [2]string{"fox", "Fox"}},
		{"tabs", "1\tgull, asleep\n2\tfox\n", sourcetest.Attrs{"separator": "\t"}, []string{"1", "2"}, 2, [2]string{"gull asleep", "asleep gull"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			attrs := sourcetest.Attrs{"path": table(t, c.text), "features": 1024, "split": map[string]float64{"train": 1}}
			maps.Copy(attrs, c.attrs)
			d := sourcetest.Open(t, New, attrs)
			if n := d.Splits[artifact.Train].Len(); n != c.rows || !slices.Equal(d.Meta.Classes, c.classes) {
				t.Errorf("%d texts of %q, want %d of %q", n, d.Meta.Classes, c.rows, c.classes)
			}
			a, b := sourcetest.Encoded(t, d, c.same[0]), sourcetest.Encoded(t, d, c.same[1])
			if !slices.Equal(a[0], b[0]) || !sourcetest.Holds(d, a[0], "") {
				t.Errorf("%q and %q are not encoded as the example", c.same[0], c.same[1])
			}
		})
	}
}

// All texts have the same length as vectors, and one without any known word is
// all zero and no fault.
func TestLength(t *testing.T) {
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": sourcetest.Write(t, folders("", 10)), "features": 256})
	length := func(x []float32) float64 {
		sum := 0.0
		for _, f := range x {
			sum += float64(f) * float64(f)
		}
		return math.Sqrt(sum)
	}
	want := length(sourcetest.Encoded(t, d, "gull")[0])
	for _, text := range []string{"the gull and the fox", strings.Repeat("waves ", 50)} {
		if got := length(sourcetest.Encoded(t, d, text)[0]); math.Abs(got-want) > 1e-3 {
			t.Errorf("%.20q has length %g, want %g", text, got, want)
		}
	}
	if got := length(sourcetest.Encoded(t, d, " ... ")[0]); got != 0 {
		t.Errorf("a text without words has length %g", got)
	}
}

func TestMistakes(t *testing.T) {
	bad := folders("", 4)
	bad["sea/latin1.txt"] = []byte("m\xf6we")
	for _, c := range []struct {
		name  string
		attrs sourcetest.Attrs
		want  string
	}{
		{"no path", sourcetest.Attrs{"path": "nowhere"}, "nowhere"},
		{"an empty folder", sourcetest.Attrs{"path": t.TempDir()}, "no .txt file in a class folder"},
		{"not UTF-8", sourcetest.Attrs{"path": sourcetest.Write(t, bad)}, "latin1.txt is not UTF-8"},
		{"a ragged row", sourcetest.Attrs{"path": table(t, "1,gull\n2\n")}, "t.csv, row 2: it has 1 cells"},
		{"a row without a label", sourcetest.Attrs{"path": table(t, "1,gull\n,fox\n")}, "t.csv, row 2: its label is empty"},
		{"an unknown column", sourcetest.Attrs{"path": table(t, "topic,text\nsea,gull\n"), "label": "topics"}, `did you mean "topic"`},
		{"a bad separator", sourcetest.Attrs{"path": table(t, "1,2\n"), "separator": ""}, "it is one character"},
		{"too few features", sourcetest.Attrs{"path": table(t, "1,2\n"), "features": 2}, "at least 16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := sourcetest.Try(t, New, c.attrs)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": sourcetest.Write(t, folders("", 4)), "features": 64})
	e, err := artifact.NewEncoder(d.Meta)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range e.Encode("nowhere.txt") {
		if err == nil {
			t.Error("a file that is not there was taken for a text")
		}
	}
}

// AG News: 7,600 texts of 4,096 features, which dense would be 120 MB.
func TestRealNews(t *testing.T) {
	path := sourcetest.Real(t, "text/ag_news_test.csv")
	d := sourcetest.Open(t, New, sourcetest.Attrs{"path": path, "features": 4096})
	n := 0
	for _, size := range sourcetest.Sizes(d) {
		n += size
	}
	if n != 7600 || !slices.Equal(d.Meta.Classes, []string{"1", "2", "3", "4"}) {
		t.Errorf("%d texts of %q, want 7600 of 1 to 4", n, d.Meta.Classes)
	}
}
