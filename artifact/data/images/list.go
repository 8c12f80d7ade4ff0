package images

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/inflame-deeplearning/sweep/artifact"
)

// maxFile bounds a picture's file.
const maxFile = 256 << 20

// list finds every file of a folder or archive. closing ends the use of an
// archive that is read in place.
func list(name string) (files []file, closing func() error, err error) {
	nothing := func() error { return nil }
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, ".zip"):
		return listZip(name)
	case strings.HasSuffix(lower, ".tar"), strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		files, err = listTar(name)
		return files, nothing, err
	}
	for found, err := range artifact.Files(name) {
		if err != nil {
			return nil, nil, err
		}
		if found.Path == name {
			return nil, nil, errors.New("it is neither a folder nor a .zip, .tar or .tar.gz archive")
		}
		files = append(files, file{name: found.Name, open: func() ([]byte, error) { return readPicture(found) }})
	}
	return files, nothing, nil
}

func readPicture(f artifact.File) ([]byte, error) {
	if f.Info != nil && f.Info.Size() > maxFile {
		return nil, errTooLarge
	}
	return os.ReadFile(f.Path)
}

func listZip(archivePath string) ([]file, func() error, error) {
	archive, err := zip.OpenReader(archivePath)
	if err != nil {
		return nil, nil, err
	}
	var files []file
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		name, err := inside(entry.Name)
		if err != nil {
			return nil, nil, errors.Join(err, archive.Close())
		}
		files = append(files, file{name: name, open: func() ([]byte, error) {
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

// listTar reads the pictures of the whole archive, packed as they are: tar has
// no index to come back by.
func listTar(archivePath string) ([]file, error) {
	f, err := os.Open(archivePath)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var in io.Reader = f
	if !strings.HasSuffix(strings.ToLower(archivePath), ".tar") {
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
		name, err := inside(header.Name)
		if err != nil {
			return nil, err
		}
		if !isPicture(name) {
			continue
		}
		content, err := readBounded(archive)
		if err != nil && !errors.Is(err, errTooLarge) { // the archive is cut short
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, file{name: name, open: func() ([]byte, error) { return content, err }})
	}
}

var (
	errOutside  = errors.New("a name in the archive leads outside of it")
	errTooLarge = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
)

// inside is the name of an archive's file, with slashes whoever packed it.
func inside(name string) (string, error) {
	name = path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q: %w", name, errOutside)
	}
	return name, nil
}

func readBounded(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxFile+1))
	if err == nil && n > maxFile {
		return nil, errTooLarge
	}
	return b.Bytes(), err
}
