package safetensors

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	tensors := []Tensor{{"b", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}}, {"a", []int{}, []float32{7}}, {"none", []int{0, 4}, []float32{}}}
	if err := WriteFile(path, tensors, map[string]string{"epoch": "3"}); err != nil {
		t.Fatal(err)
	}
	got, metadata, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range tensors {
		if !reflect.DeepEqual(got[want.Name], want) {
			t.Errorf("read %v, want %v", got[want.Name], want)
		}
	}
	if metadata["epoch"] != "3" {
		t.Errorf("metadata %v", metadata)
	}
}

func file(header string, data ...byte) []byte {
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), data)
}

func TestParseConvertsTypes(t *testing.T) {
	for _, test := range []struct {
		dtype string
		data  []byte
		want  float32
	}{
		{"F16", []byte{0x00, 0x3e}, 1.5},
		{"F16", []byte{0x01, 0x80}, -1.0 / (1 << 24)},
		{"BF16", []byte{0xc0, 0xbf}, -1.5},
		{"F64", []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 1.5},
		{"I64", []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -2},
		{"I32", []byte{3, 0, 0, 0}, 3},
	} {
		end := string(rune('0' + len(test.data)))
		got, _, err := Parse(file(`{"x":{"dtype":"`+test.dtype+`","shape":[1],"data_offsets":[0,`+end+`]}}`, test.data...))
		if err != nil || got["x"].Data[0] != test.want {
			t.Errorf("%s %x is %v (%v), want %g", test.dtype, test.data, got["x"].Data, err, test.want)
		}
	}
}

func TestParseRejects(t *testing.T) {
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":         {nil, "cut short"},
		"header length": {[]byte{255, 255, 255, 255, 255, 255, 255, 255}, "not possible"},
		"no JSON":       {file("hello"), "no JSON object"},
		"gap":           {file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8)...), "leaves a gap"},
		"overlap":       {file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)...), "overlaps"},
		"beyond":        {file(`{"x":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}`, make([]byte, 4)...), "beyond the end"},
		"shape":         {file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)...), "do not hold shape"},
		"negative":      {file(`{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, make([]byte, 4)...), "do not hold shape"},
		"huge":          {file(`{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, make([]byte, 4)...), "do not hold shape"},
		"type":          {file(`{"x":{"dtype":"C64","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)...), "type C64"},
		"left over":     {file(`{}`, 1), "belong to no tensor"},
	} {
		if _, _, err := Parse(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Parse = %v, want an error with %q", name, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, []Tensor{{"x", []int{2}, []float32{1, 2}}}, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, _, err := Parse(file)
		if err != nil {
			return
		}
		for _, tensor := range tensors {
			if n, ok := count(tensor.Shape); !ok || n != int64(len(tensor.Data)) {
				t.Errorf("tensor %q of shape %v has %d values", tensor.Name, tensor.Shape, len(tensor.Data))
			}
		}
	})
}
