// Package glyphs is a generated data set: the ten digits, drawn in several
// fonts, distorted, blurred and covered with noise. It needs no download and is
// the same on all machines with the same kind of processor.
package glyphs

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"strconv"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/gofont/gosmallcaps"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the data "glyphs" block.
type Config struct {
	_          struct{} `doc:"Generated images of the ten digits in several fonts, distorted, blurred and noisy: nothing to download."`
	Size       int      `hcl:"size" doc:"Width and height in pixels." default:"20" min:"8" max:"256"`
	Count      int      `hcl:"count" doc:"Examples in all." default:"4000" min:"20" max:"1000000"`
	Difficulty float64  `hcl:"difficulty" doc:"How distorted and noisy: 0 is print, 1 barely legible." default:"0.5" min:"0" max:"1"`
	Seed       uint64   `hcl:"seed" doc:"Seed of the drawing." default:"1"`
	artifact.Splitting
}

// New is the source of such images.
func New(_ sweep.Spec, c Config) (artifact.Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return source{c}, nil
}

type source struct{ Config }

func (source) Inputs() ([]string, error) { return nil, nil }

// master is the size digits are drawn in before they are distorted.
const master = 64

func (s source) Read(ctx context.Context, b *artifact.Builder) error {
	digits, err := drawn()
	if err != nil {
		return err
	}
	b.Images(artifact.ImageEncoding{Width: s.Size, Height: s.Size, Channels: 1, Resize: s.Size})
	for i := range s.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(s.Seed, uint64(i)))
		digit := i % 10
		b.Image(s.distort(digits[r.IntN(len(digits))][digit], r), strconv.Itoa(digit), "")
	}
	return nil
}

// drawn is every digit in every font, white on black.
func drawn() ([][10]*image.Gray, error) {
	var out [][10]*image.Gray
	for _, ttf := range [][]byte{
		goregular.TTF, gobold.TTF, goitalic.TTF, gomedium.TTF, gomono.TTF, gomonobolditalic.TTF, gosmallcaps.TTF,
	} {
		parsed, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("read font: %w", err)
		}
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: 0.9 * master, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, fmt.Errorf("read font: %w", err)
		}
		var digits [10]*image.Gray
		for d := range digits {
			text := strconv.Itoa(d)
			img := image.NewGray(image.Rect(0, 0, master, master))
			bounds, _ := font.BoundString(face, text)
			middle := fixed.P(master/2, master/2)
			drawer := font.Drawer{Dst: img, Src: image.White, Face: face, Dot: middle.Sub(bounds.Min.Add(bounds.Max).Div(fixed.I(2)))}
			drawer.DrawString(text)
			digits[d] = img
		}
		out = append(out, digits)
	}
	return out, nil
}

// distort turns, shears, scales and shifts a digit, then blurs it and adds noise.
func (s source) distort(digit *image.Gray, r *rand.Rand) []byte {
	between := func(spread float64) float64 { return (2*r.Float64() - 1) * spread * s.Difficulty }
	angle, shear := between(0.7), between(0.5)
	zoom := float64(s.Size) / master
	sx, sy := zoom*(1+between(0.35)), zoom*(1+between(0.35))
	dx, dy := between(0.2)*float64(s.Size), between(0.2)*float64(s.Size)
	cos, sin := math.Cos(angle), math.Sin(angle)
	a, b := sx*cos, sy*(shear*cos-sin)
	c, d := sx*sin, sy*(shear*sin+cos)
	half := float64(master) / 2
	centre := float64(s.Size) / 2
	img := image.NewGray(image.Rect(0, 0, s.Size, s.Size))
	draw.BiLinear.Transform(img, f64.Aff3{a, b, centre + dx - a*half - b*half, c, d, centre + dy - c*half - d*half}, digit, digit.Bounds(), draw.Over, nil)
	pixels := make([]float64, s.Size*s.Size)
	contrast := 1 - 0.5*s.Difficulty*r.Float64()
	for i := range pixels {
		pixels[i] = float64(img.GrayAt(i%s.Size, i/s.Size).Y) * contrast
	}
	if r.Float64() < s.Difficulty {
		pixels = blurred(pixels, s.Size)
	}
	noise := 90 * s.Difficulty
	out := make([]byte, len(pixels))
	for i, p := range pixels {
		out[i] = byte(min(max(p+r.NormFloat64()*noise+0.5, 0), 255))
	}
	return out
}

// blurred is the mean over each pixel's 3 x 3 neighbourhood.
func blurred(pixels []float64, size int) []float64 {
	out := make([]float64, len(pixels))
	for y := range size {
		for x := range size {
			sum, n := 0.0, 0.0
			for dy := max(y-1, 0); dy <= min(y+1, size-1); dy++ {
				for dx := max(x-1, 0); dx <= min(x+1, size-1); dx++ {
					sum += pixels[dy*size+dx]
					n++
				}
			}
			out[y*size+x] = sum / n
		}
	}
	return out
}
