package artifact

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
)

// Encoder turns raw inputs into features, just as the training data was: all
// that a prediction needs besides the weights.
type Encoder interface {
	// Encode yields the features of each example in input: an image file, a
	// CSV file or row, a text file or text. The slice is used again.
	Encode(input string) iter.Seq2[[]float32, error]
}

// NewEncoder is the encoder that m describes.
func NewEncoder(m Meta) (Encoder, error) {
	wrong := errors.New("read preprocessing: it does not fit the shape of the model's input")
	n, ok := m.width()
	if !ok {
		return nil, wrong
	}
	e := m.Encoder
	switch {
	case e.Image != nil && e.Image.fits(m):
		return imageEncoder{m, make([]float32, n)}, nil
	case e.Row != nil && e.Row.Width() == n:
		return rowEncoder{*e.Row, make([]float32, n)}, nil
	case e.Text != nil && e.Text.Features == n && len(e.Text.IDF) == n:
		return textEncoder{*e.Text, make([]float32, n)}, nil
	}
	return nil, wrong
}

// width is the number of features of an example; false where the shape is none.
func (m Meta) width() (int, bool) {
	const most = 1 << 28
	n := 1
	for _, d := range m.Shape {
		if d <= 0 || d > most/n {
			return 0, false
		}
		n *= d
	}
	return n, len(m.Shape) > 0
}

// fits reports whether e makes what m describes.
func (e ImageEncoding) fits(m Meta) bool {
	return len(m.Shape) == 3 && len(m.Norm) == e.Channels && e.Resize > 0 &&
		(e.Channels == 1 || e.Channels == 3) && (!e.KeepShape || e.Resize >= max(e.Width, e.Height)) &&
		m.Shape[0] == e.Channels && m.Shape[1] == e.Height && m.Shape[2] == e.Width
}

type imageEncoder struct {
	meta Meta
	x    []float32
}

func (e imageEncoder) Encode(input string) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		file, err := os.ReadFile(input)
		if err != nil {
			yield(nil, fmt.Errorf("read image: %w", err))
			return
		}
		picture, err := e.meta.Encoder.Image.Decode(file)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", input, err))
			return
		}
		centre(e.meta, picture, e.x)
		yield(e.x, nil)
	}
}

type textEncoder struct {
	e TextEncoding
	x []float32
}

func (e textEncoder) Encode(input string) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		text := input
		switch {
		case isFile(input):
			file, err := os.ReadFile(input)
			if err != nil {
				yield(nil, fmt.Errorf("read text: %w", err))
				return
			}
			text = string(file)
		case strings.HasSuffix(input, ".txt") && !strings.ContainsAny(input, " \n"):
			yield(nil, fmt.Errorf("read text: there is no file %s", input))
			return
		}
		buckets, values := e.e.Sparse(text)
		scatter(buckets, values, e.x)
		yield(e.x, nil)
	}
}

func isFile(path string) bool {
	if strings.ContainsAny(path, "\n\x00") || len(path) > 4096 {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
