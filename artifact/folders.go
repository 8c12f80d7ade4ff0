package artifact

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
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
	for i, name := range s.Names {
		if slices.Contains(s.Names[:i], name) {
			return nil, fmt.Errorf("split: %s is named twice", name)
		}
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
		return nil, fmt.Errorf("split %s: %w", dir, err)
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("split %s: there is no file in it", dir)
	}
	index = map[string][]string{}
	for _, name := range s.Names {
		index[name] = []string{}
	}
	source := rand.New(rand.NewPCG(s.Seed, 0))
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		files := folders[folder]
		source.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		parts := cut(files, s.Names, s.Shares)
		for _, name := range s.Names {
			index[name] = append(index[name], parts[name]...)
		}
	}
	defer func() {
		if err != nil { // none of the folders was there before
			for _, name := range s.Names {
				err = errors.Join(err, os.RemoveAll(filepath.Join(out, name)))
			}
		}
	}()
	for _, name := range s.Names {
		slices.Sort(index[name])
		if err := os.MkdirAll(filepath.Join(out, name), 0o755); err != nil { //nolint:gosec // data for other programs, not state
			return nil, fmt.Errorf("make split folder: %w", err)
		}
		for _, file := range index[name] {
			if err := place(filepath.Join(dir, filepath.FromSlash(file)), filepath.Join(out, name, filepath.FromSlash(file)), s.Link); err != nil {
				return nil, fmt.Errorf("fill split %s: %w", name, err)
			}
		}
	}
	return index, nil
}

// visibleFiles are dir's files by folder, relative to dir, without hidden ones
// and without what lies in except.
func visibleFiles(dir, except string) (map[string][]string, error) {
	skip, err := filepath.Abs(except)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	folders := map[string][]string{}
	for file, err := range Files(root) {
		switch {
		case err != nil:
			return nil, err
		case file.Path == root:
			return nil, errors.New("it is a file, not a folder")
		case skip != root && strings.HasPrefix(file.Path, skip+string(filepath.Separator)):
			continue
		}
		folder := path.Dir(file.Name)
		folders[folder] = append(folders[folder], file.Name)
	}
	return folders, nil
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
