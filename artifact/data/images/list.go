package images

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds a picture's file.
const maxFile = 256 << 20

// list finds every file of a folder or archive. closing ends the use of an
// archive that is read in place.
func list(path string) (files []file, closing func() error, err error) {
	nothing := func() error { return nil }
	lower := strings.ToLower(path)
	switch {
	case strings.HasSuffix(lower, ".zip"):
		return listZip(path)
	case strings.HasSuffix(lower, ".tar"), strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		files, err = listTar(path)
		return files, nothing, err
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(path, p)
		if err != nil {
			return err
		}
		files = append(files, file{name: filepath.ToSlash(name), open: func() ([]byte, error) { return os.ReadFile(p) }})
		return nil
	})
	return files, nothing, err
}

func listZip(path string) ([]file, func() error, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, err
	}
	var files []file
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(entry.Name) {
			return nil, nil, errors.Join(fmt.Errorf("%q: %w", entry.Name, errOutside), archive.Close())
		}
		files = append(files, file{name: entry.Name, open: func() ([]byte, error) {
			r, err := entry.Open()
			if err != nil {
				return nil, err
			}
			content, err := readBounded(r)
			return content, errors.Join(err, r.Close())
		}})
	}
	return files, archive.Close, nil
}

// listTar reads the whole archive: tar has no index to come back by.
func listTar(path string) ([]file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var in io.Reader = f
	if !strings.HasSuffix(strings.ToLower(path), ".tar") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("unzip: %w", err)
		}
	}
	var files []file
	for archive := tar.NewReader(in); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		name := strings.TrimPrefix(header.Name, "./")
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%q: %w", header.Name, errOutside)
		}
		content, err := readBounded(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, file{name: name, open: func() ([]byte, error) { return content, nil }})
	}
}

func readBounded(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxFile+1))
	if err == nil && n > maxFile {
		err = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return b.Bytes(), err
}
