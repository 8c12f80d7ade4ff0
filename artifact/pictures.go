package artifact

import "image"

// pictures is a split of images.
type pictures struct{ part }

func (p pictures) Size(i int) image.Point {
	picture := p.table.picture(int(p.index[i]))
	return image.Pt(picture.Width, picture.Height)
}

func (p pictures) Features(i int, dst []float32) {
	centre(p.table.meta, p.table.picture(int(p.index[i])), dst)
}

func (p pictures) Crop(i int, from image.Rectangle, flip bool, dst []float32, s *Scaler) {
	m := p.table.meta
	picture := p.table.picture(int(p.index[i]))
	size := image.Pt(m.Shape[2], m.Shape[1])
	s.prepare(from, size)
	plane := picture.Width * picture.Height
	for ch, norm := range m.Norm {
		to := dst[ch*size.X*size.Y : (ch+1)*size.X*size.Y]
		s.scale(picture.Pixels[ch*plane:(ch+1)*plane], picture.Width, from, flip, to, norm)
	}
}

// picture is that of a row.
func (t *table) picture(row int) Picture {
	if t.offsets == nil {
		e, w := t.meta.Encoder.Image, t.width
		return Picture{e.Width, e.Height, t.pixels[row*w : (row+1)*w]}
	}
	return Picture{int(t.sizes[2*row]), int(t.sizes[2*row+1]), t.pixels[t.offsets[row]:t.offsets[row+1]]}
}

// soundPixels reports whether the pixels are those of the images, whose
// encoding fits, and finds where each begins.
func (t *table) soundPixels() bool {
	e := t.meta.Encoder.Image
	if !e.KeepShape {
		return len(t.pixels) == t.count*t.width
	}
	if t.count < 0 || len(t.sizes)%2 != 0 || len(t.sizes)/2 != t.count {
		return false
	}
	t.offsets = make([]int, 1, t.count+1)
	at := 0
	for i := range t.count {
		w, h := int64(t.sizes[2*i]), int64(t.sizes[2*i+1])
		left := int64(len(t.pixels)-at) / int64(e.Channels)
		if w < int64(e.Width) || h < int64(e.Height) || w > left || h > left/w {
			return false
		}
		at += int(w*h) * e.Channels
		t.offsets = append(t.offsets, at)
	}
	return at == len(t.pixels)
}

// centre cuts the middle of m's shape out of a picture and normalises it: by
// m.Norm's mean and standard deviation, channel by channel.
func centre(m Meta, p Picture, dst []float32) {
	h, w := m.Shape[1], m.Shape[2]
	x, y := (p.Width-w)/2, (p.Height-h)/2
	for ch, s := range m.Norm {
		scale, shift := s.linear()
		for row := range h {
			start := (ch*p.Height+y+row)*p.Width + x
			from, to := p.Pixels[start:start+w], dst[(ch*h+row)*w:(ch*h+row+1)*w]
			for i, p := range from {
				to[i] = float32(p)*scale - shift
			}
		}
	}
}

// linear is the normalisation of a byte: p*scale - shift.
func (s Scale) linear() (scale, shift float32) {
	return float32(1 / (255 * s.SD)), float32(s.Mean / s.SD)
}
