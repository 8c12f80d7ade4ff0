package artifact

import (
	"bytes"
	"encoding/binary"
)

// orientation is how a camera was held: the EXIF tag of a JPEG file, 1 (upright)
// to 8; 1 where there is none or it makes no sense.
func orientation(file []byte) int {
	const app1, scan = 0xe1, 0xda
	if !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		return 1
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != scan; {
		size := 2 + int(binary.BigEndian.Uint16(rest[2:])) // with the marker
		if size < 4 || size > len(rest) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(rest[4:size], []byte("Exif\x00\x00")); ok && rest[1] == app1 {
			return tiffOrientation(tiff)
		}
		rest = rest[size:]
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	const tag, short = 0x0112, 3
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(tiff, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// upright turns a picture as its orientation says.
func (p Picture) upright(orientation int) Picture {
	if orientation == 1 || len(p.Pixels) == 0 {
		return p
	}
	across := orientation >= 5 // rows become columns
	mirrorX := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
	mirrorY := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
	w, h := p.Width, p.Height
	out := Picture{w, h, make([]byte, len(p.Pixels))}
	if across {
		out.Width, out.Height = h, w
	}
	for start := 0; start < len(p.Pixels); start += w * h {
		from, to := p.Pixels[start:start+w*h], out.Pixels[start:start+w*h]
		for i := range to {
			y, x := i/out.Width, i%out.Width
			if across {
				y, x = x, y
			}
			if mirrorX {
				x = w - 1 - x
			}
			if mirrorY {
				y = h - 1 - y
			}
			to[i] = from[y*w+x]
		}
	}
	return out
}
