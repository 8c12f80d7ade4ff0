package model

import (
	"image"
	"math"
	"math/rand/v2"
)

// Augment is what may happen to a training image each time it is seen: a part is
// cut out, mirrored, moved, and cropped after padding.
type Augment struct {
	Flip              bool    `hcl:"flip" doc:"Mirror left and right, half of the time." default:"false"`
	RandomResizedCrop bool    `hcl:"random_resized_crop" doc:"Cut out a part of random size and shape and scale it to the size of the examples (Szegedy et al. 2015)." default:"false"`
	CropArea          float64 `hcl:"crop_area" doc:"Smallest share of the picture that random_resized_crop cuts out." default:"0.08" above:"0" max:"1"`
	Crop              int     `hcl:"crop" doc:"Pad by so many pixels on each side and cut the original size out at random." default:"0" min:"0"`
	Shift             int     `hcl:"shift" doc:"Move by up to so many pixels; the edge is repeated." default:"0" min:"0"`
}

func (a Augment) any() bool { return a.RandomResizedCrop || a.changes() }

// changes reports whether apply has anything to do.
func (a Augment) changes() bool { return a.Flip || a.Crop > 0 || a.Shift > 0 }

// apply changes an image [channels, height, width] in place; tmp is as large.
// What comes in from outside is 0, the mean of a normalised image, under Crop.
func (a Augment) apply(x, tmp []float32, shape []int, r *rand.Rand) {
	c, h, w := shape[0], shape[1], shape[2]
	flip := a.Flip && r.IntN(2) == 1
	dy, dx := offset(a.Crop, r), offset(a.Crop, r)
	sy, sx := offset(a.Shift, r), offset(a.Shift, r)
	copy(tmp, x)
	for ch := range c {
		from, to := tmp[ch*h*w:(ch+1)*h*w], x[ch*h*w:(ch+1)*h*w]
		for y := range h {
			for z := range w {
				fy, fz := y+dy, z+dx
				inside := fy >= 0 && fy < h && fz >= 0 && fz < w
				fy, fz = min(max(fy+sy, 0), h-1), min(max(fz+sx, 0), w-1)
				if flip {
					fz = w - 1 - fz
				}
				if to[y*w+z] = 0; inside {
					to[y*w+z] = from[fy*w+fz]
				}
			}
		}
	}
}

func offset(most int, r *rand.Rand) int {
	if most == 0 {
		return 0
	}
	return r.IntN(2*most+1) - most
}

// The shapes, width by height, that parts are cut out in, and how often one that
// fits the picture is tried for.
const (
	narrowest = 3.0 / 4
	widest    = 4.0 / 3
	cropTries = 10
)

// part draws the part of a picture that RandomResizedCrop cuts out: of a share
// of the area that is uniform, of a shape whose logarithm is. Where none fits,
// it is the middle, as large as the shapes allow.
func (a Augment) part(size image.Point, r *rand.Rand) image.Rectangle {
	area := float64(size.X * size.Y)
	for range cropTries {
		wanted := area * (a.CropArea + (1-a.CropArea)*r.Float64())
		shape := narrowest * math.Pow(widest/narrowest, r.Float64())
		w, h := int(math.Round(math.Sqrt(wanted*shape))), int(math.Round(math.Sqrt(wanted/shape)))
		if w > 0 && w <= size.X && h > 0 && h <= size.Y {
			at := image.Pt(r.IntN(size.X-w+1), r.IntN(size.Y-h+1))
			return image.Rectangle{at, at.Add(image.Pt(w, h))}
		}
	}
	w := max(min(size.X, int(math.Round(float64(size.Y)*widest))), 1)
	h := max(min(size.Y, int(math.Round(float64(size.X)/narrowest))), 1)
	at := image.Pt((size.X-w)/2, (size.Y-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}
