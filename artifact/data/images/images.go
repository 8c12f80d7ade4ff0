// Package images reads pictures from a folder per class, or from an archive of
// such folders.
package images

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the data "images" block.
type Config struct {
	_         struct{} `doc:"Pictures (JPEG, PNG, GIF, WebP) in a folder per class, or in train/, val/ and test/ folders of those; a .zip, .tar or .tar.gz of such folders is read in place."`
	Path      string   `hcl:"path" doc:"The folder or archive." required:"true"`
	Size      int      `hcl:"size" doc:"Width and height of the examples." default:"32" min:"4" max:"1024"`
	Resize    int      `hcl:"resize" doc:"Length that the shorter side is scaled to before the centre is cut out; size where 0." default:"0" min:"0" max:"4096"`
	KeepShape bool     `hcl:"keep_shape" doc:"Keep all of the scaled picture for train's random_resized_crop to cut from. The centre is still what val, test and predictions see." default:"false"`
	Channels  string   `hcl:"channels" doc:"Colour or grey." oneof:"rgb,grey" default:"rgb"`
	Normalise string   `hcl:"normalise" doc:"Mean and spread that colours are brought to 0 and 1 by: as measured on the training split, or ImageNet's, which pretrained networks expect." oneof:"data,imagenet" default:"data"`
	artifact.Splitting
}

// New is the source of such pictures.
func New(_ sweep.Spec, c Config) (artifact.Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Resize != 0 && c.Resize < c.Size {
		return nil, fmt.Errorf("resize = %d is below size = %d: there would be nothing to cut out", c.Resize, c.Size)
	}
	if c.Normalise == "imagenet" && c.Channels != "rgb" {
		return nil, fmt.Errorf("normalise = \"imagenet\" needs channels = \"rgb\": ImageNet's colours say nothing of channels = %q", c.Channels)
	}
	return source{c}, nil
}

type source struct{ Config }

// imageNet is the mean and the standard deviation of ImageNet's red, green and
// blue, as torchvision's pretrained networks were trained with.
var imageNet = []artifact.Scale{{Mean: 0.485, SD: 0.229}, {Mean: 0.456, SD: 0.224}, {Mean: 0.406, SD: 0.225}}

func (s source) Inputs() ([]string, error) { return []string{s.Path}, nil }

// file is a picture that has not been read yet.
type file struct {
	name  string // below the folder or archive, with slashes
	class string
	split string
	open  func() ([]byte, error)
}

// known are the endings that pictures may have.
var known = []string{".jpg", ".jpeg", ".png", ".gif", ".webp"}

// batch is how many pictures are decoded before they are handed on in order.
const batch = 256

func (s source) Read(ctx context.Context, b *artifact.Builder) error {
	files, closing, err := list(s.Path)
	if err != nil {
		return fmt.Errorf("list pictures in %s: %w", s.Path, err)
	}
	defer closing() //nolint:errcheck // it was only read
	if files = sorted(files); len(files) == 0 {
		return fmt.Errorf("there is no picture in a class folder of %s: expected are CLASS/NAME.jpg or train/CLASS/NAME.jpg in it", s.Path)
	}
	e := artifact.ImageEncoding{Width: s.Size, Height: s.Size, Channels: 3, Resize: max(s.Resize, s.Size), KeepShape: s.KeepShape}
	if s.Channels == "grey" {
		e.Channels = 1
	}
	b.Images(e)
	if s.Normalise == "imagenet" {
		b.Normalise(imageNet)
	}
	for part := range slices.Chunk(files, batch) {
		pictures, faults := make([]artifact.Picture, len(part)), make([]error, len(part))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.NumCPU())
		for i, f := range part {
			group.Go(func() error {
				content, err := f.open()
				if err == nil {
					pictures[i], err = e.Decode(content)
				}
				faults[i] = err
				return ctx.Err()
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for i, f := range part {
			if faults[i] != nil {
				if err := b.Skip(fmt.Errorf("%s: %w", path.Join(s.Path, f.name), faults[i])); err != nil {
					return err
				}
				continue
			}
			b.Picture(pictures[i], f.class, f.split)
		}
	}
	return nil
}

// sorted gives the pictures their class and split, by their folders, and puts
// them in the order of their names.
func sorted(files []file) []file {
	var out []file
	for _, f := range files {
		hidden := slices.ContainsFunc(strings.Split(f.name, "/"), func(p string) bool { return strings.HasPrefix(p, ".") || p == "__MACOSX" })
		f.class, f.split = artifact.ClassOf(f.name)
		if f.class != "" && !hidden && isPicture(f.name) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return out
}

func isPicture(name string) bool { return slices.Contains(known, strings.ToLower(path.Ext(name))) }
