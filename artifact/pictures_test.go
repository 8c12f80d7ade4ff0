package artifact

import (
	"bytes"
	"encoding/json"
	"image"
	"testing"
)

func TestKeptShape(t *testing.T) {
	e := ImageEncoding{Width: 6, Height: 6, Channels: 1, Resize: 8, KeepShape: true}
	for _, c := range []struct{ from, want image.Point }{
		{image.Pt(100, 50), image.Pt(16, 8)},
		{image.Pt(50, 100), image.Pt(8, 16)},
		{image.Pt(99, 70), image.Pt(11, 8)}, // 11.3, as torchvision has it
		{image.Pt(3, 3), image.Pt(8, 8)},
		{image.Pt(1000, 10), image.Pt(32, 8)}, // the middle of it
		{image.Pt(1, 1), image.Pt(8, 8)},
	} {
		p := e.Picture(image.NewGray(image.Rectangle{Max: c.from}.Add(image.Pt(5, -3))))
		if got := image.Pt(p.Width, p.Height); got != c.want || len(p.Pixels) != got.X*got.Y {
			t.Errorf("%v is kept as %v, want %v", c.from, got, c.want)
		}
	}
}

// Sizes that do not fit the pixels are damage, whatever they would overflow.
func TestSizesMustFit(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes []uint32
		bytes int
		want  bool
	}{
		{"as they are", []uint32{4, 5, 6, 4}, 3 * 44, true},
		{"a byte too few", []uint32{4, 5, 6, 4}, 3*44 - 1, false},
		{"a byte too many", []uint32{4, 5, 6, 4}, 3*44 + 1, false},
		{"of one image only", []uint32{4, 5}, 3 * 20, false},
		{"half a size", []uint32{4, 5, 6}, 3 * 44, false},
		{"narrower than the centre", []uint32{3, 5, 6, 4}, 3 * 39, false},
		{"lower than the centre", []uint32{4, 5, 6, 0}, 3 * 20, false},
		{"without end", []uint32{1<<32 - 1, 1<<32 - 1, 6, 4}, 3 * 44, false},
		{"a product of 2^64", []uint32{1 << 31, 1 << 31, 6, 4}, 3 * 24, false},
	} {
		e := &ImageEncoding{Width: 4, Height: 4, Channels: 3, Resize: 4, KeepShape: true}
		m := Meta{Kind: Classification, Shape: []int{3, 4, 4}, Norm: make([]Scale, 3), Encoder: Encoding{Image: e}, Classes: []string{"a"}}
		table := &table{meta: m, count: 2, width: 48, labels: make([]int32, 2), sizes: c.sizes, pixels: make([]byte, c.bytes)}
		if got := table.sound(); got != c.want {
			t.Errorf("%s: sound = %v", c.name, got)
		}
	}
}

// An encoding written before shapes could be kept reads as it did, and writes
// the same bytes.
func TestOldEncoding(t *testing.T) {
	old := []byte(`{"width":4,"height":4,"channels":1,"resize":6}`)
	var e ImageEncoding
	if err := json.Unmarshal(old, &e); err != nil || e != (ImageEncoding{Width: 4, Height: 4, Channels: 1, Resize: 6}) {
		t.Fatalf("%+v, %v", e, err)
	}
	if now, err := json.Marshal(e); err != nil || !bytes.Equal(now, old) {
		t.Errorf("%s, %v", now, err)
	}
}
