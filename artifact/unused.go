package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Unused is a prepared data set that nothing has learned from. The JSON shape is stable.
type Unused struct {
	Data  string   `json:"data"` // its fingerprint
	Files []string `json:"files"`
	Bytes int64    `json:"bytes"`
}

// FindUnused looks for data sets in a cache that are not used, with the keys that lead
// to them.
func FindUnused(cacheDir string, used map[string]bool) ([]Unused, error) {
	entries, err := os.ReadDir(cacheDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for unused data: %w", err)
	}
	found := map[string]*Unused{}
	for _, e := range entries {
		path := filepath.Join(cacheDir, e.Name())
		name, kind, _ := strings.Cut(e.Name(), ".")
		switch kind {
		case "data", "manifest":
		case "key":
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("look for unused data: %w", err)
			}
			name = string(text)
		default: // locks, and what is being written
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || used[name] {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for unused data: %w", err)
		}
		if found[name] == nil {
			found[name] = &Unused{Data: name}
		}
		found[name].Files = append(found[name].Files, path)
		found[name].Bytes += info.Size()
	}
	out := []Unused{}
	for _, u := range found {
		// Keys go first: data without one is prepared anew, a key without data leads nowhere.
		slices.SortFunc(u.Files, func(a, b string) int {
			if x, y := filepath.Ext(a) == ".key", filepath.Ext(b) == ".key"; x != y {
				return map[bool]int{true: -1, false: 1}[x]
			}
			return strings.Compare(a, b)
		})
		out = append(out, *u)
	}
	slices.SortFunc(out, func(a, b Unused) int { return strings.Compare(a.Data, b.Data) })
	return out, nil
}

// Remove deletes the files.
func (u Unused) Remove() error {
	for _, file := range u.Files {
		if err := ignoreMissing(os.Remove(file)); err != nil {
			return fmt.Errorf("remove unused data: %w", err)
		}
	}
	return nil
}
