package artifact

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"unsafe"

	"github.com/gofrs/flock"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// The cache directory holds, for each data set and settings,
//
//	<fingerprint>.data      the prepared data: magic, length of the header (8 bytes,
//	                        little-endian), header (JSON: content), arrays, each at a
//	                        multiple of 64 bytes
//	<fingerprint>.manifest  what it was made of (JSON: Manifest)
//	<key>.key               the fingerprint of what a block led to, the key being the
//	                        hash of the block and of its inputs' paths, sizes and times
const (
	magic         = "sweepds1"
	formatVersion = 1
	alignment     = 64
)

// array is where an array of numbers lies in a data file.
type array struct {
	Name   string `json:"name"`
	Offset int64  `json:"offset"` // from the end of the header, padded
	Bytes  int64  `json:"bytes"`
}

// element is a type of number that a data file holds. All machines that sweep
// is built for keep them in the same byte order.
type element interface {
	~uint8 | ~int32 | ~uint32 | ~float32
}

func put[T element](c *content, name string, xs []T) {
	var raw []byte
	if len(xs) > 0 {
		raw = unsafe.Slice((*byte)(unsafe.Pointer(&xs[0])), len(xs)*int(unsafe.Sizeof(xs[0])))
	}
	c.put(name, raw)
}

// put adds an array that lies in pieces, which saves pictures a copy.
func (c *content) put(name string, pieces ...[]byte) {
	offset, size := int64(0), int64(0)
	if n := len(c.Arrays); n > 0 {
		offset = pad(c.Arrays[n-1].Offset + c.Arrays[n-1].Bytes)
	}
	for _, piece := range pieces {
		size += int64(len(piece))
	}
	c.Arrays = append(c.Arrays, array{name, offset, size})
	c.data = append(c.data, pieces)
}

func pad(n int64) int64 { return (n + alignment - 1) / alignment * alignment }

// Prepare makes sure that the data set of a block is in the cache, and answers
// its fingerprint. log, if not nil, is told what is being done.
func Prepare(ctx context.Context, cacheDir string, block sweep.Block, src Source, log io.Writer) (fingerprint string, err error) {
	key, err := cacheKey(block, src)
	if err != nil {
		return "", fmt.Errorf("look at the inputs of data %q: %w", block.Type, err)
	}
	keyFile := filepath.Join(cacheDir, key+".key")
	if found, ok := cached(cacheDir, keyFile); ok {
		return found, nil
	}
	if err := os.MkdirAll(cacheDir, 0o700); err != nil {
		return "", fmt.Errorf("make cache directory: %w", err)
	}
	lock := flock.New(keyFile + ".lock")
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return "", fmt.Errorf("wait for another process that prepares data %q: %w", block.Type, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if found, ok := cached(cacheDir, keyFile); ok { // prepared while we waited
		return found, nil
	}
	if log != nil {
		fmt.Fprintf(log, "preparing data %q\n", block.Type)
	}
	b := &Builder{log: log}
	if err := schema.Decode(block.Config, &b.splitting); err != nil {
		return "", fmt.Errorf("read data %q: %w", block.Type, err)
	}
	if err := src.Read(ctx, b); err != nil {
		return "", fmt.Errorf("read data %q: %w", block.Type, err)
	}
	c, err := b.finish()
	if err != nil {
		return "", fmt.Errorf("prepare data %q: %w", block.Type, err)
	}
	if c.Skipped > 0 && log != nil {
		fmt.Fprintf(log, "data %q: %d unreadable examples skipped\n", block.Type, c.Skipped)
	}
	fingerprint, err = c.fingerprint()
	if err != nil {
		return "", err
	}
	part := keyFile + ".part"          // nobody else's, under the lock
	if !sound(cacheDir, fingerprint) { // other settings may have led to the same
		if err := writeFile(filepath.Join(cacheDir, fingerprint+".data"), part, c.write); err != nil {
			return "", fmt.Errorf("write prepared data: %w", err)
		}
	}
	if err := writeManifest(ctx, cacheDir, fingerprint, part, block, src); err != nil {
		return "", fmt.Errorf("note what data %q was made of: %w", block.Type, err)
	}
	err = writeFile(keyFile, part, func(w io.Writer) error { _, err := io.WriteString(w, fingerprint); return err })
	if err != nil {
		return "", fmt.Errorf("write cache key: %w", err)
	}
	return fingerprint, nil
}

// Publish makes a prepared data set available in another cache too, one that other
// machines read. It needs no lock, which a file system that they share may not have:
// whoever writes a data set of that fingerprint writes the same.
func Publish(from, to, fingerprint string) error {
	if sound(to, fingerprint) {
		return nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("make shared cache: %w", err)
	}
	name := fingerprint + ".data"
	in, err := os.Open(filepath.Join(from, name))
	if err != nil {
		return fmt.Errorf("share prepared data: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	part, err := os.CreateTemp(to, name+".*.part")
	if err != nil {
		return fmt.Errorf("share prepared data: %w", err)
	}
	if err := part.Close(); err != nil {
		return fmt.Errorf("share prepared data: %w", err)
	}
	if err := writeFile(filepath.Join(to, name), part.Name(), func(w io.Writer) error { _, err := io.Copy(w, in); return err }); err != nil {
		return fmt.Errorf("share prepared data: %w", err)
	}
	return nil
}

// cached is the fingerprint that a key file names, if its data is there whole.
func cached(cacheDir, keyFile string) (string, bool) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return "", false
	}
	return string(text), sound(cacheDir, string(text))
}

// sound reports whether a prepared data set is there whole.
func sound(cacheDir, fingerprint string) bool {
	d, err := Open(cacheDir, fingerprint)
	return err == nil && d.Close() == nil
}

func cacheKey(block sweep.Block, src Source) (string, error) {
	inputs, err := src.Inputs()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	text, err := json.Marshal(block)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%d %s\n", formatVersion, text)
	for _, input := range inputs {
		for file, err := range Files(input) {
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%q", file.Path)
			if file.Info != nil {
				fmt.Fprintf(h, " %d %d", file.Info.Size(), file.Info.ModTime().UnixNano())
			}
			fmt.Fprintln(h)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func (c *content) fingerprint() (string, error) {
	h := sha256.New()
	if err := c.write(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func (c *content) write(w io.Writer) error {
	header, err := json.Marshal(c)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	length := binary.LittleEndian.AppendUint64([]byte(magic), uint64(len(header)))
	at := int64(len(length) + len(header))
	for _, part := range [][]byte{length, header, make([]byte, pad(at)-at)} {
		if _, err := out.Write(part); err != nil {
			return err
		}
	}
	for i, pieces := range c.data {
		end := c.Arrays[i].Offset + c.Arrays[i].Bytes
		for _, piece := range pieces {
			if _, err := out.Write(piece); err != nil {
				return err
			}
		}
		if _, err := out.Write(make([]byte, pad(end)-end)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// writeFile writes a file that is there whole or not at all: part is its name until
// then, which a process that was killed may have left.
func writeFile(path, part string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return trialdir.SyncDir(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SplitNames are the splits of d, in the order train, val, test.
func (d *Dataset) SplitNames() []string {
	return slices.DeleteFunc(slices.Clone(splitNames), func(n string) bool { return d.Splits[n] == nil })
}
