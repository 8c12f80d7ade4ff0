package artifact

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Manifest says what a prepared data set was made of. It lies beside it in the cache,
// and says so also when the data itself has been cleared away. The JSON shape is stable.
type Manifest struct {
	Source string           `json:"source"` // the kind of data
	Files  []ManifestFile   `json:"files"`  // by name
	Splits map[string]Share `json:"splits"`
}

// ManifestFile is a file that a data set was read from.
type ManifestFile struct {
	Name     string    `json:"name"` // below the folder that the data block names
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Hash     string    `json:"hash"` // of its content
}

// Share is what a split holds.
type Share struct {
	Examples int            `json:"examples"`
	Classes  map[string]int `json:"classes,omitempty"` // examples of each
	Target   *Scale         `json:"target,omitempty"`  // of a regression, over the split
}

func manifestFile(cacheDir, fingerprint string) string {
	return filepath.Join(cacheDir, fingerprint+".manifest")
}

// ReadManifest is the manifest of a data set; false: it has none.
func ReadManifest(cacheDir, fingerprint string) (m Manifest, ok bool, err error) {
	text, err := os.ReadFile(manifestFile(cacheDir, fingerprint))
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, false, fmt.Errorf("read manifest of data %s: %w", fingerprint, err)
	}
	return m, true, nil
}

// writeManifest notes what a prepared data set was made of, unless that is noted.
func writeManifest(ctx context.Context, cacheDir, fingerprint, part string, block sweep.Block, src Source) error {
	path := manifestFile(cacheDir, fingerprint)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	m := Manifest{Source: block.Type, Splits: map[string]Share{}}
	d, err := Open(cacheDir, fingerprint)
	if err != nil {
		return err
	}
	for name, split := range d.Splits {
		m.Splits[name] = shareOf(d.Meta, split)
	}
	if err := d.Close(); err != nil {
		return err
	}
	if m.Files, err = listed(ctx, src, hashes(cacheDir)); err != nil {
		return err
	}
	return writeFile(path, part, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
}

func shareOf(m Meta, s Split) Share {
	out := Share{Examples: s.Len()}
	if m.Kind == Regression {
		var xs []float64
		for i := range s.Len() {
			xs = append(xs, float64(s.Target(i))*m.Target.SD+m.Target.Mean)
		}
		scale := scaleOf(xs)
		out.Target = &scale
		return out
	}
	out.Classes = map[string]int{}
	for i := range s.Len() {
		out.Classes[m.Classes[s.Label(i)]]++
	}
	return out
}

// listed are the files that a source reads, by name. known are the hashes of files that
// need not be read for theirs.
func listed(ctx context.Context, src Source, known map[string]string) ([]ManifestFile, error) {
	inputs, err := src.Inputs()
	if err != nil {
		return nil, err
	}
	out := []ManifestFile{}
	taken := map[string]bool{}
	for _, input := range inputs {
		for file, err := range Files(input) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return nil, err
			}
			if file.Info == nil {
				continue
			}
			m := ManifestFile{Name: file.Name, Size: file.Info.Size(), Modified: file.Info.ModTime()}
			if taken[m.Name] { // in another folder
				m.Name = filepath.ToSlash(file.Path)
			}
			taken[m.Name] = true
			hash, ok := known[m.key()]
			if !ok {
				if hash, err = hashOf(file.Path); err != nil {
					return nil, err
				}
			}
			m.Hash = hash
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b ManifestFile) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// key is what a file is told by without reading it.
func (f ManifestFile) key() string {
	return fmt.Sprintf("%s %d %d", f.Name, f.Size, f.Modified.UnixNano())
}

// hashes are those of the newest manifest in the cache, as a night's data is mostly
// that of the night before.
func hashes(cacheDir string) map[string]string {
	known := map[string]string{}
	entries, err := os.ReadDir(cacheDir)
	if err != nil {
		return known
	}
	var newest fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".manifest") && (newest == nil || info.ModTime().After(newest.ModTime())) {
			newest = info
		}
	}
	if newest == nil {
		return known
	}
	m, _, err := ReadManifest(cacheDir, strings.TrimSuffix(newest.Name(), ".manifest"))
	if err != nil {
		return known // they are read again
	}
	for _, f := range m.Files {
		known[f.key()] = f.Hash
	}
	return known
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// Changes are what became of one data set in another. The JSON shape is stable.
type Changes struct {
	Added   []string                `json:"added"` // files
	Removed []string                `json:"removed"`
	Changed []string                `json:"changed"`
	Splits  map[string]ShareChanges `json:"splits"` // those that changed
}

// ShareChanges are a split as it was and as it is.
type ShareChanges struct {
	From Share `json:"from"`
	To   Share `json:"to"`
}

// Changes are those from m to another manifest.
func (m Manifest) Changes(to Manifest) Changes {
	c := Changes{Added: []string{}, Removed: []string{}, Changed: []string{}, Splits: map[string]ShareChanges{}}
	old := map[string]string{}
	for _, f := range m.Files {
		old[f.Name] = f.Hash
	}
	for _, f := range to.Files {
		switch hash, was := old[f.Name]; {
		case !was:
			c.Added = append(c.Added, f.Name)
		case hash != f.Hash:
			c.Changed = append(c.Changed, f.Name)
		}
		delete(old, f.Name)
	}
	for _, f := range m.Files {
		if _, gone := old[f.Name]; gone {
			c.Removed = append(c.Removed, f.Name)
		}
	}
	for _, name := range splitNames {
		a, b := m.Splits[name], to.Splits[name]
		if !a.equal(b) {
			c.Splits[name] = ShareChanges{a, b}
		}
	}
	return c
}

func (s Share) equal(o Share) bool {
	if s.Examples != o.Examples || (s.Target == nil) != (o.Target == nil) {
		return false
	}
	if s.Target != nil && (math.Abs(s.Target.Mean-o.Target.Mean) > 1e-9 || math.Abs(s.Target.SD-o.Target.SD) > 1e-9) {
		return false
	}
	for _, classes := range []map[string]int{s.Classes, o.Classes} {
		for name := range classes {
			if s.Classes[name] != o.Classes[name] {
				return false
			}
		}
	}
	return true
}

// String is the changes in words: 12 files added, 1 removed; train 80 to 92 examples.
func (c Changes) String() string {
	var parts []string
	for _, p := range []struct {
		files []string
		what  string
	}{{c.Added, "added"}, {c.Removed, "removed"}, {c.Changed, "changed"}} {
		switch n := len(p.files); {
		case n == 0:
		case len(parts) > 0:
			parts = append(parts, fmt.Sprintf("%d %s", n, p.what))
		case n == 1:
			parts = append(parts, "1 file "+p.what)
		default:
			parts = append(parts, fmt.Sprintf("%d files %s", n, p.what))
		}
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = "other settings"
	}
	for _, name := range splitNames {
		if s, ok := c.Splits[name]; ok && s.From.Examples != s.To.Examples {
			text += fmt.Sprintf("; %s %d to %d examples", name, s.From.Examples, s.To.Examples)
		}
	}
	return text
}
