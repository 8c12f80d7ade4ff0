package artifact

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
)

// photo is a JPEG file, 32 x 16, its left quarter black and the rest white,
// that says it was taken with the camera held in that way.
func photo(tb testing.TB, orientation uint16, order binary.AppendByteOrder) []byte {
	tb.Helper()
	img := image.NewGray(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := 8; x < 32; x++ {
			img.SetGray(x, y, color.Gray{255})
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 100}); err != nil {
		tb.Fatal(err)
	}
	tiff := []byte(map[bool]string{true: "II*\x00", false: "MM\x00*"}[order == binary.AppendByteOrder(binary.LittleEndian)])
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x0100, 32}, {0x0112, orientation}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[1]), 0)
	}
	tiff = order.AppendUint32(tiff, 0)
	out := append([]byte("\xff\xd8\xff\xe1"), 0, byte(2+6+len(tiff)))
	out = append(append(out, "Exif\x00\x00"...), tiff...)
	return append(out, file.Bytes()[2:]...)
}

func TestOrientation(t *testing.T) {
	// Where the black quarter ends up.
	for o, want := range []string{"left", "left", "right", "right", "left", "top", "top", "bottom", "bottom", "left"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, e := range []ImageEncoding{{Width: 8, Height: 8, Channels: 1, Resize: 8, KeepShape: true}, {Width: 16, Height: 8, Channels: 1, Resize: 8}} {
				p, err := e.Decode(photo(t, uint16(o), order))
				if err != nil {
					t.Fatal(err)
				}
				size := image.Pt(16, 8)
				if e.KeepShape && (want == "top" || want == "bottom") {
					size = image.Pt(8, 16)
				}
				if p.Width != size.X || p.Height != size.Y || len(p.Pixels) != 128 {
					t.Fatalf("orientation %d: %d x %d", o, p.Width, p.Height)
				}
				if !e.KeepShape {
					continue
				}
				dark := map[string]bool{}
				for side, at := range map[string]image.Point{"left": {0, p.Height / 2}, "right": {p.Width - 1, p.Height / 2}, "top": {p.Width / 2, 0}, "bottom": {p.Width / 2, p.Height - 1}} {
					dark[side] = p.Pixels[at.Y*p.Width+at.X] < 128
				}
				if !dark[want] || dark["left"] && dark["right"] || dark["top"] && dark["bottom"] {
					t.Errorf("orientation %d: %v is dark, want %s", o, dark, want)
				}
			}
		}
	}
}

// Each way of turning, on a picture of six pixels, as the standard draws them.
func TestUpright(t *testing.T) {
	for o, want := range map[int]Picture{
		1: {3, 2, []byte("abcdef")}, 2: {3, 2, []byte("cbafed")}, 3: {3, 2, []byte("fedcba")}, 4: {3, 2, []byte("defabc")},
		5: {2, 3, []byte("adbecf")}, 6: {2, 3, []byte("daebfc")}, 7: {2, 3, []byte("fcebda")}, 8: {2, 3, []byte("cfbead")},
	} {
		got := Picture{3, 2, []byte("abcdef")}.upright(o)
		if got.Width != want.Width || got.Height != want.Height || !slices.Equal(got.Pixels, want.Pixels) {
			t.Errorf("orientation %d: %d x %d %q, want %q", o, got.Width, got.Height, got.Pixels, want.Pixels)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(photo(f, 6, binary.LittleEndian))
	f.Add(photo(f, 8, binary.BigEndian)[:40])
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
