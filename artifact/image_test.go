package artifact

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
)

func TestPixels(t *testing.T) {
	// 4 x 2: the left half red, the right half blue; the middle 2 x 2 is one of each.
	img := image.NewNRGBA(image.Rect(3, 5, 7, 7))
	for y := 5; y < 7; y++ {
		for x := 3; x < 7; x++ {
			img.Set(x, y, color.NRGBA{R: 255, A: 255})
			if x >= 5 {
				img.Set(x, y, color.NRGBA{B: 255, A: 255})
			}
		}
	}
	transparent := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for _, c := range []struct {
		name string
		e    ImageEncoding
		img  image.Image
		want []byte
	}{
		{"the centre is cut out, channel by channel", ImageEncoding{Width: 2, Height: 2, Channels: 3, Resize: 2}, img, []byte{255, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 255}},
		{"grey by the eye's weights", ImageEncoding{Width: 2, Height: 2, Channels: 1, Resize: 2}, img, []byte{76, 29, 76, 29}},
		{"far larger than what is asked for", ImageEncoding{Width: 1, Height: 1, Channels: 3, Resize: 1}, image.NewGray(image.Rect(0, 0, 90, 30)), []byte{0, 0, 0}},
		{"what is transparent is white", ImageEncoding{Width: 2, Height: 2, Channels: 1, Resize: 2}, transparent, []byte{255, 255, 255, 255}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.e.Picture(c.img).Pixels; !slices.Equal(got, c.want) {
				t.Errorf("pixels %v, want %v", got, c.want)
			}
		})
	}
}

// A grey picture of the right size passes unchanged.
func TestPixelsAreKept(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	if got := (ImageEncoding{Width: 16, Height: 16, Channels: 1, Resize: 16}).Picture(img).Pixels; !slices.Equal(got, img.Pix) {
		t.Error("the pixels changed")
	}
}

func TestDecodeMistakes(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	bomb := slices.Clone(file.Bytes()) // the same picture, said to be 60,000 x 60,000
	binary.BigEndian.PutUint32(bomb[16:], 60000)
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "no JPEG, PNG, GIF or WebP"},
		{"a text", []byte("hello"), "no JPEG, PNG, GIF or WebP"},
		{"cut short", file.Bytes()[:file.Len()-20], "decode image"},
		{"only a start", []byte("\xff\xd8"), "decode image"},
		{"a sound file", []byte("RIFF\x00\x00\x00\x00WAVE"), "decode image"},
		{"a bomb", bomb, "60000 x 60000 pixels are more than can be unpacked"},
	} {
		_, err := ImageEncoding{Width: 8, Height: 8, Channels: 1, Resize: 8}.Decode(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
	}
}

func TestEncoderMustFit(t *testing.T) {
	norm := []Scale{{0.5, 0.5}}
	for name, m := range map[string]Meta{
		"nothing":                  {},
		"no encoding":              {Shape: []int{3}},
		"another size":             {Shape: []int{1, 4, 4}, Norm: norm, Encoder: Encoding{Image: &ImageEncoding{Width: 4, Height: 5, Channels: 1, Resize: 4}}},
		"no scale for the channel": {Shape: []int{1, 4, 4}, Encoder: Encoding{Image: &ImageEncoding{Width: 4, Height: 4, Channels: 1, Resize: 4}}},
		"two channels":             {Shape: []int{2, 4, 4}, Norm: append(norm, norm...), Encoder: Encoding{Image: &ImageEncoding{Width: 4, Height: 4, Channels: 2, Resize: 4}}},
		"negative sizes":           {Shape: []int{1, -4, -4}, Norm: norm, Encoder: Encoding{Image: &ImageEncoding{Width: -4, Height: -4, Channels: 1, Resize: 4}}},
		"sizes without end":        {Shape: []int{1 << 40, 1 << 40}, Encoder: Encoding{Row: &RowEncoding{}}},
		"other columns":            {Shape: []int{2}, Encoder: Encoding{Row: &RowEncoding{Columns: []Column{{Use: Numeric}}}}},
		"weights missing":          {Shape: []int{16}, Encoder: Encoding{Text: &TextEncoding{Features: 16, IDF: make([]float32, 15)}}},
	} {
		if _, err := NewEncoder(m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
