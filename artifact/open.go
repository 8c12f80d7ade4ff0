package artifact

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"github.com/edsrzf/mmap-go"
)

const lockRetry = 50 * time.Millisecond

// errDamaged is a cache file that is not what was written.
var errDamaged = errors.New("the prepared data is damaged: delete the file, it will be made again")

// Open maps a prepared data set into memory. Processes that open the same one
// share its pages.
func Open(cacheDir, fingerprint string) (*Dataset, error) {
	if digits, err := hex.DecodeString(fingerprint); err != nil || len(digits) != 8 {
		return nil, fmt.Errorf("open prepared data: %q is no fingerprint of 16 digits", fingerprint)
	}
	path := filepath.Join(cacheDir, fingerprint+".data")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open prepared data: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read; the mapping outlives it
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open prepared data: %w", err)
	}
	if info.Size() < int64(len(magic)+8) {
		return nil, fmt.Errorf("open %s: %w", path, errDamaged)
	}
	m, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	d, err := parse(m)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), m.Unmap())
	}
	d.Fingerprint, d.close = fingerprint, m.Unmap
	return d, nil
}

// parse is the data set in a file's bytes, which stay in use. Every length in
// it is checked, so that a damaged file is an error and not a fault later.
func parse(file []byte) (*Dataset, error) {
	if len(file) < len(magic)+8 || string(file[:len(magic)]) != magic {
		return nil, errDamaged
	}
	size := binary.LittleEndian.Uint64(file[len(magic):])
	body := file[len(magic)+8:]
	if size > uint64(len(body)) {
		return nil, errDamaged
	}
	var c content
	if err := json.Unmarshal(body[:size], &c); err != nil {
		return nil, errDamaged
	}
	start := pad(int64(len(magic)) + 8 + int64(size))
	if start > int64(len(file)) {
		return nil, errDamaged
	}
	arrays := map[string][]byte{}
	for _, a := range c.Arrays {
		if a.Offset < 0 || a.Bytes < 0 || a.Offset%alignment != 0 || a.Offset > int64(len(file))-start || a.Bytes > int64(len(file))-start-a.Offset {
			return nil, errDamaged
		}
		arrays[a.Name] = file[start+a.Offset : start+a.Offset+a.Bytes]
	}
	width, ok := c.Meta.width()
	if !ok {
		return nil, errDamaged
	}
	t := &table{meta: c.Meta, count: c.Count, width: width}
	t.labels, t.targets = view[int32](arrays["labels"]), view[float32](arrays["targets"])
	t.pixels, t.sizes, t.rows = arrays["pixels"], view[uint32](arrays["sizes"]), view[float32](arrays["rows"])
	t.starts, t.buckets, t.values = view[uint32](arrays["starts"]), view[uint32](arrays["buckets"]), view[float32](arrays["values"])
	if !t.sound() {
		return nil, errDamaged
	}
	d := &Dataset{Meta: c.Meta, Splits: map[string]Split{}}
	for _, name := range splitNames {
		raw, ok := arrays["split."+name]
		if !ok {
			continue
		}
		index := view[int32](raw)
		for _, i := range index {
			if i < 0 || int(i) >= c.Count {
				return nil, errDamaged
			}
		}
		d.Splits[name] = part{t, index}
		if c.Meta.Encoder.Image != nil {
			d.Splits[name] = pictures{part{t, index}}
		}
	}
	return d, nil
}

// view is raw as numbers, without a copy.
func view[T element](raw []byte) []T {
	var zero T
	n := len(raw) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&raw[0])), n)
}

// table is the arrays of a prepared data set.
type table struct {
	meta    Meta
	count   int
	width   int // features of an example
	labels  []int32
	targets []float32
	pixels  []byte    // images
	sizes   []uint32  // of images that keep their shape: width and height of each
	offsets []int     // of these into pixels
	rows    []float32 // tables
	starts  []uint32  // texts: example i has buckets[starts[i]:starts[i+1]]
	buckets []uint32
	values  []float32
}

func (t *table) sound() bool {
	w := t.width
	switch t.meta.Kind {
	case Classification:
		if len(t.labels) != t.count {
			return false
		}
	case Regression:
		if len(t.targets) != t.count || t.meta.Target == nil {
			return false
		}
	default:
		return false
	}
	for _, l := range t.labels {
		if l < 0 || int(l) >= len(t.meta.Classes) {
			return false
		}
	}
	e := t.meta.Encoder
	switch {
	case e.Image != nil:
		return e.Image.fits(t.meta) && t.soundPixels()
	case e.Row != nil:
		return len(t.rows) == t.count*w
	case e.Text != nil:
		if len(t.starts) != t.count+1 || len(t.values) != len(t.buckets) || len(t.buckets) > math.MaxUint32 {
			return false
		}
		for i := range t.count {
			if t.starts[i] > t.starts[i+1] || int(t.starts[i+1]) > len(t.buckets) {
				return false
			}
		}
		for _, b := range t.buckets {
			if int(b) >= w {
				return false
			}
		}
		return true
	}
	return false
}

// part is a split of a table.
type part struct {
	table *table
	index []int32
}

func (p part) Len() int             { return len(p.index) }
func (p part) Label(i int) int      { return int(p.table.labels[p.index[i]]) }
func (p part) Target(i int) float32 { return p.table.targets[p.index[i]] }

func (p part) Features(i int, dst []float32) {
	t, row, w := p.table, int(p.index[i]), p.table.width
	if t.meta.Encoder.Row != nil {
		copy(dst, t.rows[row*w:(row+1)*w])
		return
	}
	scatter(t.buckets[t.starts[row]:t.starts[row+1]], t.values[t.starts[row]:t.starts[row+1]], dst)
}

func scatter(buckets []uint32, values, dst []float32) {
	clear(dst)
	for i, b := range buckets {
		dst[b] = values[i]
	}
}
