package slurm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// install puts this very program below the shared directory, under its hash, so that
// jobs run what submitted them, whatever becomes of the file it was started from. A
// copy that is there is checked.
func install(root string) (path string, err error) {
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find own program: %w", err)
	}
	hash, err := hashOf(own)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "bin", hash[:16])
	path = filepath.Join(dir, "sweep")
	switch there, err := hashOf(path); {
	case err == nil && there == hash:
		return path, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make directory of programs: %w", err)
	}
	return path, copyProgram(own, path)
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read program: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read program %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// copyProgram copies a program whole or not at all.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	part, err := os.CreateTemp(filepath.Dir(to), ".tmp-*")
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	_, err = io.Copy(part, in)
	if err := errors.Join(err, part.Chmod(0o700), part.Sync(), part.Close()); err != nil {
		return fmt.Errorf("copy program to %s: %w", to, errors.Join(err, os.Remove(part.Name())))
	}
	if err := os.Rename(part.Name(), to); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	return trialdir.SyncDir(filepath.Dir(to))
}
