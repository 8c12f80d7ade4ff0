package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
)

// Builder collects a source's examples, all of one kind: images, rows or texts.
type Builder struct {
	splitting Splitting
	log       io.Writer // told of skipped examples

	image  *ImageEncoding
	row    *RowEncoding
	text   *TextEncoding
	norm   []Scale // given, not to be measured
	images []Picture
	rows   [][]string
	texts  []string

	kind    Kind
	labels  []string
	targets []float64
	own     []string // the source's own splits
	skipped int
}

// Images says that the examples are images of that encoding.
func (b *Builder) Images(e ImageEncoding) { b.image, b.kind = &e, Classification }

// Normalise gives the mean and the standard deviation of each channel, which
// are else measured on the training split.
func (b *Builder) Normalise(norm []Scale) { b.norm = norm }

// Rows says that the examples are table rows; columns whose use is not given
// are looked at.
func (b *Builder) Rows(e RowEncoding, kind Kind) { b.row, b.kind = &e, kind }

// Texts says that the examples are texts.
func (b *Builder) Texts(e TextEncoding) { b.text, b.kind = &e, Classification }

// Image adds an image's Channels*Height*Width bytes, which it keeps. split is
// the source's own split, or empty.
func (b *Builder) Image(pixels []byte, class, split string) {
	b.Picture(Picture{b.image.Width, b.image.Height, pixels}, class, split)
}

// Picture adds an image of any size, where the encoding keeps their shape.
func (b *Builder) Picture(p Picture, class, split string) {
	b.images = append(b.images, p)
	b.add(class, 0, split)
}

// Row adds a row of as many cells as the encoding has columns, with its class
// or target.
func (b *Builder) Row(cells []string, class string, target float64, split string) {
	b.rows = append(b.rows, cells)
	b.add(class, target, split)
}

// Text adds a text.
func (b *Builder) Text(text, class, split string) {
	b.texts = append(b.texts, text)
	b.add(class, 0, split)
}

func (b *Builder) add(class string, target float64, split string) {
	b.labels = append(b.labels, class)
	b.targets = append(b.targets, target)
	b.own = append(b.own, split)
}

// Skip is what becomes of an example that cannot be read: it is counted and
// nil returned under on_error = "skip", else the error.
func (b *Builder) Skip(err error) error {
	if b.splitting.OnError != "skip" {
		return fmt.Errorf("%w (on_error = \"skip\" leaves such examples out)", err)
	}
	b.skipped++
	b.Note("skipped: %v", err)
	return nil
}

// Note tells the person who watches something that is no error.
func (b *Builder) Note(format string, args ...any) {
	if b.log != nil {
		fmt.Fprintf(b.log, format+"\n", args...)
	}
}

// content is a data set ready to be written: what Open will find.
type content struct {
	Meta    Meta           `json:"meta"`
	Count   int            `json:"count"`
	Skipped int            `json:"skipped"`
	Splits  map[string]int `json:"splits"` // examples of each
	Arrays  []array        `json:"arrays"`

	data [][][]byte // of each array, in pieces
}

// finish splits the examples, learns the encoding's statistics from the
// training split and encodes.
func (b *Builder) finish() (*content, error) {
	n := len(b.labels)
	if n == 0 {
		return nil, errors.New("the data set is empty")
	}
	members := b.members()
	train := make([]int, len(members[Train]))
	for k, i := range members[Train] {
		train[k] = int(i)
	}
	if len(train) == 0 {
		return nil, fmt.Errorf("the training split is empty: %d examples in all", n)
	}
	c := &content{Meta: Meta{Kind: b.kind}, Count: n, Skipped: b.skipped, Splits: map[string]int{}}
	for _, name := range splitNames {
		if len(members[name]) > 0 {
			c.Splits[name] = len(members[name])
			put(c, "split."+name, members[name])
		} else if b.splitting.Split[name] > 0 && !slices.Contains(b.own, Train) {
			b.Note("split %s is empty: a share of %g of %d examples is none", name, b.splitting.Split[name], n)
		}
	}
	if err := b.encodeTargets(c, train); err != nil {
		return nil, err
	}
	switch {
	case b.image != nil:
		b.encodeImages(c, train)
	case b.row != nil:
		return c, b.encodeRows(c, train)
	case b.text != nil:
		return c, b.encodeTexts(c, train)
	}
	return c, nil
}

// members are the examples of each split, in order.
func (b *Builder) members() map[string][]int32 {
	classes := b.labels
	if b.kind == Regression {
		classes = make([]string, len(b.labels))
	}
	out := map[string][]int32{}
	for i, name := range b.splitting.assign(b.own, classes) {
		out[name] = append(out[name], int32(i))
	}
	return out
}

func (b *Builder) encodeTargets(c *content, train []int) error {
	if b.kind == Regression {
		var xs []float64
		for _, i := range train {
			xs = append(xs, b.targets[i])
		}
		s := scaleOf(xs)
		c.Meta.Target = &s
		targets := make([]float32, len(b.targets))
		for i, t := range b.targets {
			targets[i] = float32((t - s.Mean) / s.SD)
		}
		put(c, "targets", targets)
		return nil
	}
	set := map[string]bool{}
	for _, l := range b.labels {
		set[l] = true
	}
	classes := slices.SortedFunc(maps.Keys(set), naturally)
	if len(classes) < 2 {
		return fmt.Errorf("there is one class only, %q: nothing to tell apart", classes[0])
	}
	index := map[string]int32{}
	for i, class := range classes {
		index[class] = int32(i)
	}
	labels := make([]int32, len(b.labels))
	for i, l := range b.labels {
		labels[i] = index[l]
	}
	c.Meta.Classes = classes
	put(c, "labels", labels)
	return nil
}

// naturally orders numbers by value and before texts.
func naturally(a, b string) int {
	x, y := number(a), number(b)
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
}

// number is the number that a text is, infinity for all others.
func number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) {
		return math.Inf(1)
	}
	return f
}

func (b *Builder) encodeImages(c *content, train []int) {
	e := b.image
	c.Meta.Norm = b.norm
	if c.Meta.Norm == nil {
		for ch := range e.Channels {
			c.Meta.Norm = append(c.Meta.Norm, b.measure(ch, train))
		}
	}
	c.Meta.Shape = []int{e.Channels, e.Height, e.Width}
	c.Meta.Encoder.Image = e
	if e.KeepShape {
		var sizes []uint32
		for _, p := range b.images {
			sizes = append(sizes, uint32(p.Width), uint32(p.Height))
		}
		put(c, "sizes", sizes)
	}
	pieces := make([][]byte, len(b.images))
	for i, p := range b.images {
		pieces[i] = p.Pixels
	}
	c.put("pixels", pieces...)
}

// measure is the mean and the standard deviation of a channel over the training
// split.
func (b *Builder) measure(ch int, train []int) Scale {
	sum, squares, count := 0.0, 0.0, 0
	for _, i := range train {
		p := b.images[i]
		plane := p.Width * p.Height
		count += plane
		for _, p := range p.Pixels[ch*plane : (ch+1)*plane] {
			x := float64(p) / 255
			sum += x
			squares += x * x
		}
	}
	mean := sum / float64(count)
	sd := math.Sqrt(max(squares/float64(count)-mean*mean, 0))
	if sd < 1e-6 {
		sd = 1
	}
	return Scale{mean, sd}
}

func (b *Builder) encodeRows(c *content, train []int) error {
	e := b.row
	e.fit(b.rows, train)
	width := e.Width()
	if width == 0 {
		return errors.New("the table has no column to learn from besides the target")
	}
	x := make([]float32, len(b.rows)*width)
	for i, row := range b.rows {
		if err := e.Encode(row, x[i*width:(i+1)*width]); err != nil {
			return fmt.Errorf("example %d: %w", i+1, err)
		}
	}
	c.Meta.Shape = []int{width}
	c.Meta.Encoder.Row = e
	put(c, "rows", x)
	return nil
}

func (b *Builder) encodeTexts(c *content, train []int) error {
	e := b.text
	e.fit(b.texts, train)
	starts := []uint32{0}
	var buckets []uint32
	var values []float32
	for _, text := range b.texts {
		bs, vs := e.Sparse(text)
		buckets, values = append(buckets, bs...), append(values, vs...)
		if len(buckets) > math.MaxUint32 {
			return errors.New("the texts hold more than 2^32 different words in all: take fewer of them, or fewer ngrams")
		}
		starts = append(starts, uint32(len(buckets)))
	}
	c.Meta.Shape = []int{e.Features}
	c.Meta.Encoder.Text = e
	put(c, "starts", starts)
	put(c, "buckets", buckets)
	put(c, "values", values)
	return nil
}
