package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FolderSplit is how SplitFolder divides a folder.
type FolderSplit struct {
	Names  []string           // of the splits; the first takes what rounding leaves over
	Shares map[string]float64 // by name; they sum to 1
	Seed   uint64
	Link   bool // link the files instead of copying them
}

// SplitFolder copies the files of dir into a folder a split below out, at
// random but stratified: the files of each sub-folder (a class, as a rule) are
// divided by the same shares, rounded down, and keep their place below the
// split's folder. Hidden files are left out. The result lists the files of each
// split. Nothing that is there already is overwritten.
func SplitFolder(dir, out string, s FolderSplit) (index map[string][]string, err error) {
	if err := sumsToOne(s.Shares); err != nil {
		return nil, err
	}
	for _, name := range s.Names {
		if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
			return nil, fmt.Errorf("split: %q is no name for a folder", name)
		}
		if s.Shares[name] < 0 {
			return nil, fmt.Errorf("split: the share of %s is below 0", name)
		}
		if _, err := os.Lstat(filepath.Join(out, name)); err == nil {
			return nil, fmt.Errorf("split into %s: it is there already; name another folder with -o", filepath.Join(out, name))
		}
	}
	folders, err := visibleFiles(dir, out)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("split %s: there is no file in it", dir)
	}
	index = map[string][]string{}
	for _, name := range s.Names {
		index[name] = []string{}
	}
	source := rand.New(rand.NewPCG(s.Seed, 0))
	for _, folder := range slices.Sorted(keys(folders)) {
		files := folders[folder]
		slices.Sort(files)
		source.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		parts := cut(files, s.Names, s.Shares)
		for _, name := range s.Names {
			index[name] = append(index[name], parts[name]...)
		}
	}
	for _, name := range s.Names {
		slices.Sort(index[name])
		if err := os.MkdirAll(filepath.Join(out, name), 0o755); err != nil { //nolint:gosec // data for other programs, not state
			return nil, fmt.Errorf("make split folder: %w", err)
		}
		for _, file := range index[name] {
			if err := place(filepath.Join(dir, file), filepath.Join(out, name, file), s.Link); err != nil {
				return nil, fmt.Errorf("fill split %s: %w", name, err)
			}
		}
	}
	return index, nil
}

func keys(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// visibleFiles are dir's files by folder, relative to dir, without hidden ones
// and without what lies in except.
func visibleFiles(dir, except string) (map[string][]string, error) {
	skip, err := filepath.Abs(except)
	if err != nil {
		return nil, err
	}
	folders := map[string][]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") || abs == skip {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		folders[filepath.Dir(relative)] = append(folders[filepath.Dir(relative)], filepath.ToSlash(relative))
		return nil
	})
	return folders, err
}

func place(from, to string, link bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	if link {
		abs, err := filepath.Abs(from)
		if err != nil {
			return err
		}
		return os.Symlink(abs, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()                                                    //nolint:errcheck // it was only read
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as above
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}
