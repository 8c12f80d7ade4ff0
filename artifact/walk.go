package artifact

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is a file that Files found.
type File struct {
	Path string // to open it by
	Name string // below the root, with slashes
	Info fs.FileInfo
}

// Files yields the files below root in the order of their names, or root itself
// where that is a file. Hidden files and folders are left out. Links are
// followed, so that data may lie elsewhere, but never in a circle; a link to
// nothing is a file whose Info is nil, for whoever opens it to complain of.
func Files(root string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) { walk(File{Path: root}, nil, yield) }
}

func walk(f File, above []fs.FileInfo, yield func(File, error) bool) bool {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Name != "":
		return yield(f, nil)
	case err != nil:
		return yield(f, err)
	case info.Mode().IsRegular():
		f.Info = info
		if f.Name == "" {
			f.Name = filepath.Base(f.Path)
		}
		return yield(f, nil)
	case !info.IsDir(), slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) }):
		return true // a socket, a pipe; a link back up
	}
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return yield(f, err)
	}
	above = append(slices.Clone(above), info)
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		if !walk(File{Path: filepath.Join(f.Path, name), Name: path.Join(f.Name, name)}, above, yield) {
			return false
		}
	}
	return true
}

// OwnSplit is the split that a folder of that name stands for, empty for none.
func OwnSplit(folder string) string {
	switch strings.ToLower(folder) {
	case "train", "training":
		return Train
	case "val", "valid", "validation":
		return Val
	case "test", "testing":
		return Test
	}
	return ""
}

// ClassOf is the class and the split of a file by the folders it lies in:
// CLASS/NAME or SPLIT/CLASS/NAME, the latter at any depth. A file that lies in
// no folder has no class.
func ClassOf(name string) (class, split string) {
	parts := strings.Split(name, "/")
	if len(parts) < 2 {
		return "", ""
	}
	if len(parts) > 2 {
		split = OwnSplit(parts[len(parts)-3])
	}
	return parts[len(parts)-2], split
}
