// Package safetensors reads and writes tensors in the safetensors format: eight
// bytes with the length of a header, little-endian; the header, JSON, that gives
// each tensor's type, shape and place; the data, without gaps.
// See https://huggingface.co/docs/safetensors.
package safetensors

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// Tensor is a named tensor of 32-bit floats, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// entry is a tensor's description in a header.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// maxHeader is the largest header that is read, as the format's own library has it.
const maxHeader = 100_000_000

// Write writes tensors, in the order of their names, with metadata of texts.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	sorted := slices.SortedFunc(slices.Values(tensors), func(a, b Tensor) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	header := map[string]any{}
	if len(metadata) > 0 {
		header["__metadata__"] = metadata
	}
	at := int64(0)
	for _, t := range sorted {
		if _, twice := header[t.Name]; twice {
			return fmt.Errorf("write tensors: %q is there twice", t.Name)
		}
		if n, ok := count(t.Shape); !ok || n != int64(len(t.Data)) {
			return fmt.Errorf("write tensors: %q has %d values for shape %v", t.Name, len(t.Data), t.Shape)
		}
		end := at + 4*int64(len(t.Data))
		header[t.Name] = entry{"F32", t.Shape, [2]int64{at, end}}
		at = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	for len(text)%8 != 0 { // so that the data is aligned
		text = append(text, ' ')
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	var word [4]byte
	for _, t := range sorted {
		for _, f := range t.Data {
			binary.LittleEndian.PutUint32(word[:], math.Float32bits(f))
			if _, err := out.Write(word[:]); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// WriteFile writes a file that is there whole or not at all.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	if err := errors.Join(Write(f, tensors, metadata), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write tensors to %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	return nil
}

// ReadFile reads a file of tensors.
func ReadFile(path string) (map[string]Tensor, map[string]string, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read tensors: %w", err)
	}
	tensors, metadata, err := Parse(file)
	if err != nil {
		return nil, nil, fmt.Errorf("read tensors from %s: %w", path, err)
	}
	return tensors, metadata, nil
}

// Parse reads tensors by name and the metadata. Types other than F32 (F64, F16,
// BF16, I64, I32) are converted. Whatever does not fit the format is an error:
// tensors that overlap or leave gaps, lengths that do not match their shapes.
func Parse(file []byte) (map[string]Tensor, map[string]string, error) {
	if len(file) < 8 {
		return nil, nil, errors.New("the file is cut short")
	}
	size := binary.LittleEndian.Uint64(file)
	if size > maxHeader || size > uint64(len(file)-8) {
		return nil, nil, fmt.Errorf("the header's length, %d, is not possible", size)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(file[8:8+size], &raw); err != nil {
		return nil, nil, fmt.Errorf("the header is no JSON object: %w", err)
	}
	var metadata map[string]string
	if text, ok := raw["__metadata__"]; ok {
		if err := json.Unmarshal(text, &metadata); err != nil {
			return nil, nil, fmt.Errorf("the metadata is not of texts: %w", err)
		}
		delete(raw, "__metadata__")
	}
	entries := make(map[string]entry, len(raw))
	for name, text := range raw {
		var e entry
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		entries[name] = e
	}
	data := file[8+size:]
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a].Offsets, entries[b].Offsets
		return int(min(max(x[0]-y[0], -1), 1))*2 + int(min(max(x[1]-y[1], -1), 1))
	})
	tensors := make(map[string]Tensor, len(entries))
	at := int64(0)
	for _, name := range names {
		e := entries[name]
		if e.Offsets[0] != at || e.Offsets[1] < at || e.Offsets[1] > int64(len(data)) {
			return nil, nil, fmt.Errorf("tensor %q lies at %v, which overlaps, leaves a gap or is beyond the end", name, e.Offsets)
		}
		values, err := decode(e, data[e.Offsets[0]:e.Offsets[1]])
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[name] = Tensor{name, e.Shape, values}
		at = e.Offsets[1]
	}
	if at != int64(len(data)) {
		return nil, nil, fmt.Errorf("%d bytes at the end belong to no tensor", int64(len(data))-at)
	}
	return tensors, metadata, nil
}

func count(shape []int) (int64, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt32*int64(64)/int64(d) {
			return 0, false
		}
		n *= int64(d)
	}
	return n, true
}

func decode(e entry, raw []byte) ([]float32, error) {
	le := binary.LittleEndian
	types := map[string]struct {
		size int64
		read func(b []byte) float32
	}{
		"F32":  {4, func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }},
		"F64":  {8, func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) }},
		"BF16": {2, func(b []byte) float32 { return math.Float32frombits(uint32(le.Uint16(b)) << 16) }},
		"F16":  {2, func(b []byte) float32 { return half(le.Uint16(b)) }},
		"I64":  {8, func(b []byte) float32 { return float32(int64(le.Uint64(b))) }},
		"I32":  {4, func(b []byte) float32 { return float32(int32(le.Uint32(b))) }},
	}
	t, ok := types[e.DType]
	if !ok {
		return nil, fmt.Errorf("type %s is not one of F32, F64, F16, BF16, I64 and I32", e.DType)
	}
	n, ok := count(e.Shape)
	if !ok || n*t.size != int64(len(raw)) {
		return nil, fmt.Errorf("%d bytes do not hold shape %v of %s", len(raw), e.Shape, e.DType)
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = t.read(raw[int64(i)*t.size:])
	}
	return out, nil
}

// half is an IEEE 754 half-precision number.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0:
		f := float32(fraction) / (1 << 24)
		if sign != 0 {
			return -f
		}
		return f
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
