package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// ImageEncoding turns a picture into pixels: the shorter side is scaled to
// Resize, the centre of Width x Height cut out, the colours brought to Channels
// (1: grey, 3: red, green, blue).
type ImageEncoding struct {
	Width    int `json:"width"`
	Height   int `json:"height"`
	Channels int `json:"channels"`
	Resize   int `json:"resize"`
	// KeepShape keeps the whole of the scaled picture, so that training can cut
	// from all of it; the centre is cut out when the features are asked for.
	KeepShape bool `json:"keep_shape,omitempty"`
}

// Picture is the pixels of an image, a byte each, channel by channel.
type Picture struct {
	Width, Height int
	Pixels        []byte
}

// maxAspect bounds how many times longer than wide a picture is kept: of a
// longer one, the middle.
const maxAspect = 4

// maxPixels bounds what a picture may unpack to.
const maxPixels = 1 << 27

// Decode reads a JPEG, PNG, GIF (its first frame) or WebP file. A JPEG is turned
// upright as its EXIF data says.
func (e ImageEncoding) Decode(file []byte) (Picture, error) {
	img, err := decodeImage(file)
	if err != nil {
		return Picture{}, err
	}
	turned := orientation(file)
	if turned >= 5 { // it lies on its side
		e.Width, e.Height = e.Height, e.Width
	}
	return e.Picture(img).upright(turned), nil
}

func decodeImage(file []byte) (image.Image, error) {
	type format struct {
		magic  string
		config func(*bytes.Reader) (image.Config, error)
		decode func(*bytes.Reader) (image.Image, error)
	}
	formats := []format{
		{"\xff\xd8", func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
		{"\x89PNG", func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
		{"GIF8", func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }},
		{"RIFF", func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) }},
	}
	for _, f := range formats {
		if !bytes.HasPrefix(file, []byte(f.magic)) {
			continue
		}
		config, err := f.config(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("decode image: %w", err)
		}
		if config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
			return nil, fmt.Errorf("decode image: %d x %d pixels are more than can be unpacked", config.Width, config.Height)
		}
		img, err := f.decode(bytes.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("decode image: %w", err)
		}
		return img, nil
	}
	return nil, errors.New("decode image: it is no JPEG, PNG, GIF or WebP file")
}

// Picture is img scaled and, unless its shape is kept, cropped; what is
// transparent in it is white.
func (e ImageEncoding) Picture(img image.Image) Picture {
	from := img.Bounds()
	scale := float64(e.Resize) / float64(min(from.Dx(), from.Dy()))
	w, h := max(int(float64(from.Dx())*scale+0.5), e.Width), max(int(float64(from.Dy())*scale+0.5), e.Height)
	scaler := draw.CatmullRom
	if e.KeepShape {
		from = middle(from)
		w, h = e.whole(from.Dx(), from.Dy())
		e.Width, e.Height = w, h
		scaler = draw.BiLinear // as crops are scaled, and as pretrained networks expect it
	}
	x, y := (w-e.Width)/2, (h-e.Height)/2
	scaled := image.NewNRGBA(image.Rect(0, 0, e.Width, e.Height))
	draw.Draw(scaled, scaled.Bounds(), image.White, image.Point{}, draw.Src)
	to := image.Rect(-x, -y, w-x, h-y)
	if w == from.Dx() && h == from.Dy() {
		draw.Draw(scaled, to, img, from.Min, draw.Over)
	} else {
		scaler.Scale(scaled, to, img, from, draw.Over, nil)
	}
	plane := e.Width * e.Height
	out := make([]byte, e.Channels*plane)
	for i := range plane {
		c := scaled.Pix[4*i : 4*i+3 : 4*i+3]
		if e.Channels == 1 {
			out[i] = color.GrayModel.Convert(color.NRGBA{c[0], c[1], c[2], 255}).(color.Gray).Y
			continue
		}
		out[i], out[plane+i], out[2*plane+i] = c[0], c[1], c[2]
	}
	return Picture{e.Width, e.Height, out}
}

// whole is the size of a picture of w x h whose shape is kept. The longer side
// is rounded down, as torchvision's Resize does.
func (e ImageEncoding) whole(w, h int) (int, int) {
	short := min(w, h)
	return max(e.Resize*w/short, e.Width), max(e.Resize*h/short, e.Height)
}

// middle is the part of a picture that is kept.
func middle(r image.Rectangle) image.Rectangle {
	w, h := min(r.Dx(), maxAspect*r.Dy()), min(r.Dy(), maxAspect*r.Dx())
	x, y := r.Min.X+(r.Dx()-w)/2, r.Min.Y+(r.Dy()-h)/2
	return image.Rect(x, y, x+w, y+h)
}
