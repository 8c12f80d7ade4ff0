package model

import "math/rand/v2"

// Augment is what may happen to a training image each time it is seen.
type Augment struct {
	Flip  bool `hcl:"flip" doc:"Mirror left and right, half of the time." default:"false"`
	Crop  int  `hcl:"crop" doc:"Pad by so many pixels on each side and cut the original size out at random." default:"0" min:"0"`
	Shift int  `hcl:"shift" doc:"Move by up to so many pixels; the edge is repeated." default:"0" min:"0"`
}

func (a Augment) any() bool { return a.Flip || a.Crop > 0 || a.Shift > 0 }

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
