package artifact

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes empty files below a temporary folder.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "photos")
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func numbered(folder string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%d.jpg", folder, i))
	}
	return out
}

func TestSplitFolder(t *testing.T) {
	files := slices.Concat(numbered("cat/", 10), numbered("dog/", 5), numbered("", 3))
	hidden := []string{".DS_Store", "cat/.x.jpg", ".git/a.jpg"}
	for _, link := range []bool{false, true} {
		dir := tree(t, slices.Concat(files, hidden)...)
		out := filepath.Join(filepath.Dir(dir), "out")
		s := FolderSplit{Names: []string{"train", "holdout"}, Shares: map[string]float64{"train": 0.75, "holdout": 0.25}, Seed: 1, Link: link}
		index, err := SplitFolder(dir, out, s)
		if err != nil {
			t.Fatal(err)
		}
		// Rounded down in each folder, the remainder to the first: 2 of 10, 1 of 5, 0 of 3.
		if len(index["train"]) != 8+4+3 || len(index["holdout"]) != 2+1 {
			t.Errorf("%d and %d files, want 15 and 3", len(index["train"]), len(index["holdout"]))
		}
		all := slices.Sorted(slices.Values(slices.Concat(index["train"], index["holdout"])))
		if !slices.Equal(all, slices.Sorted(slices.Values(files))) {
			t.Errorf("the splits hold %q, want each visible file once", all)
		}
		for name, list := range index {
			if !slices.IsSorted(list) {
				t.Errorf("split %s is not sorted", name)
			}
			for _, file := range list {
				path := filepath.Join(out, name, filepath.FromSlash(file))
				if text, err := os.ReadFile(path); err != nil || string(text) != file {
					t.Errorf("%s holds %q, %v", path, text, err)
				}
				if info, err := os.Lstat(path); err != nil || (info.Mode()&os.ModeSymlink != 0) != link {
					t.Errorf("%s: link = %v is not kept (%v)", path, link, err)
				}
			}
		}
		again, err := SplitFolder(dir, filepath.Join(filepath.Dir(dir), "again"), s)
		if err != nil || !maps.EqualFunc(index, again, slices.Equal) {
			t.Errorf("the same seed gives another division (%v)", err)
		}
	}
}

func TestSplitFolderMistakes(t *testing.T) {
	dir := tree(t, numbered("cat/", 10)...)
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		dir    string
		names  []string
		shares []float64
		want   string
	}{
		{"less than 1", dir, []string{"a", "b"}, []float64{0.5, 0.4}, "sum to 0.9, not to 1"},
		{"not a number", dir, []string{"a", "b"}, []float64{0.5, math.NaN()}, "sum to NaN"},
		{"below 0", dir, []string{"a", "b"}, []float64{1.5, -0.5}, "below 0"},
		{"twice", dir, []string{"a", "a"}, []float64{1, 1}, "named twice"},
		{"a way out", dir, []string{"../a"}, []float64{1}, "no name for a folder"},
		{"hidden", dir, []string{".a"}, []float64{1}, "no name for a folder"},
		{"there already", dir, []string{"taken"}, []float64{1}, "there already"},
		{"no folder", "nowhere", []string{"a"}, []float64{1}, "nowhere"},
		{"a file", filepath.Join(dir, "cat", "0.jpg"), []string{"a"}, []float64{1}, "a file, not a folder"},
		{"an empty folder", t.TempDir(), []string{"a"}, []float64{1}, "no file in it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			shares := map[string]float64{}
			for i, name := range c.names {
				shares[name] = c.shares[i]
			}
			_, err := SplitFolder(c.dir, dir, FolderSplit{Names: c.names, Shares: shares})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// The result may lie in the folder itself; it is not divided again.
func TestSplitFolderWithin(t *testing.T) {
	dir := tree(t, slices.Concat(numbered("cat/", 4), numbered("parts/old/", 4))...)
	index, err := SplitFolder(dir, filepath.Join(dir, "parts"), FolderSplit{Names: []string{"a"}, Shares: map[string]float64{"a": 1}})
	if err != nil || !slices.Equal(index["a"], numbered("cat/", 4)) {
		t.Errorf("it holds %q, %v, want the files of cat", index["a"], err)
	}
}

// What fails half-way leaves nothing behind.
func TestSplitFolderCleansUp(t *testing.T) {
	dir := tree(t, numbered("cat/", 4)...)
	if err := os.Symlink("nowhere", filepath.Join(dir, "cat", "9.jpg")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	out := filepath.Join(filepath.Dir(dir), "out")
	_, err := SplitFolder(dir, out, FolderSplit{Names: []string{"a"}, Shares: map[string]float64{"a": 1}})
	if err == nil || !strings.Contains(err.Error(), "9.jpg") {
		t.Errorf("error %v, want one that names the link to nothing", err)
	}
	if _, err := os.Stat(filepath.Join(out, "a")); err == nil {
		t.Error("a half-filled split is left behind")
	}
}

func TestFiles(t *testing.T) {
	dir := tree(t, "b/2.txt", "b/1.txt", "a.txt", ".hidden", ".git/x", "b/c/3.txt")
	for link, target := range map[string]string{"b/up": dir, "linked": filepath.Join(dir, "b", "c"), "nothing": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	var got []string
	for file, err := range Files(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if (file.Info == nil) != (file.Name == "nothing") {
			t.Errorf("%s has info %v", file.Name, file.Info)
		}
		got = append(got, file.Name)
	}
	if want := []string{"a.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "linked/3.txt", "nothing"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	for file, err := range Files(filepath.Join(dir, "a.txt")) {
		if err != nil || file.Name != "a.txt" {
			t.Errorf("a file itself is %q, %v", file.Name, err)
		}
	}
	for _, err := range Files(filepath.Join(dir, "nowhere")) {
		if err == nil {
			t.Error("a folder that is not there is no error")
		}
	}
}

func TestClassOf(t *testing.T) {
	for name, want := range map[string][2]string{
		"a.jpg":                {"", ""},
		"cat/a.jpg":            {"cat", ""},
		"train/cat/a.jpg":      {"cat", "train"},
		"x/Validation/cat/a":   {"cat", "val"},
		"train/a.jpg":          {"train", ""},
		"photos/cat/a.jpg":     {"cat", ""},
		"set/testing/dog/a.b":  {"dog", "test"},
		"train/cat/small/a.pn": {"small", ""},
	} {
		if class, split := ClassOf(name); class != want[0] || split != want[1] {
			t.Errorf("%s: class %q, split %q, want %q", name, class, split, want)
		}
	}
}
