package artifact

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Seen are the examples that a model has learned from, by hashes of their features: to
// tell which of later data it knows already. They are written in order, 8 bytes each,
// big-endian.
type Seen []uint64

// Seen are the examples of d's training split.
func (d *Dataset) Seen() Seen {
	train := d.Splits[Train]
	width, ok := d.Meta.width()
	if train == nil || !ok {
		return nil
	}
	out := make(Seen, train.Len())
	x := make([]float32, width)
	h := hasher{}
	for i := range out {
		train.Features(i, x)
		out[i] = h.hash(x)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Unseen are the examples, by number, that are not among those seen.
func (s Seen) Unseen(e Examples, m Meta) []int {
	var out []int
	width, ok := m.width()
	if !ok {
		return nil
	}
	x := make([]float32, width)
	h := hasher{}
	for i := range e.Len() {
		e.Features(i, x)
		if _, known := slices.BinarySearch(s, h.hash(x)); !known {
			out = append(out, i)
		}
	}
	return out
}

// hasher hashes features; its bytes are used again.
type hasher struct{ raw []byte }

func (h *hasher) hash(x []float32) uint64 {
	h.raw = h.raw[:0]
	for _, f := range x {
		h.raw = binary.BigEndian.AppendUint32(h.raw, math.Float32bits(f))
	}
	sum := sha256.Sum256(h.raw)
	return binary.BigEndian.Uint64(sum[:])
}

// WriteTo writes s.
func (s Seen) WriteTo(w io.Writer) (int64, error) {
	out := bufio.NewWriter(w)
	for _, hash := range s {
		if err := binary.Write(out, binary.BigEndian, hash); err != nil {
			return 0, err
		}
	}
	return int64(8 * len(s)), out.Flush()
}

// ReadSeen reads what WriteTo wrote.
func ReadSeen(r io.Reader) (Seen, error) {
	raw, err := io.ReadAll(r)
	if err == nil && len(raw)%8 != 0 {
		err = errors.New("it is cut short")
	}
	if err != nil {
		return nil, fmt.Errorf("read what a model has learned from: %w", err)
	}
	out := make(Seen, len(raw)/8)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(raw[8*i:])
	}
	return out, nil
}
