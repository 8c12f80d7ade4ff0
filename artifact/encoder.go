package artifact

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
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
	n := 1
	for _, d := range m.Shape {
		n *= d
	}
	x := make([]float32, max(n, 0))
	e := m.Encoder
	switch {
	case e.Image != nil && len(m.Shape) == 3 && len(m.Norm) == m.Shape[0] && n == e.Image.Width*e.Image.Height*e.Image.Channels:
		return imageEncoder{m, x}, nil
	case e.Row != nil && e.Row.Width() == n && len(e.Row.Separator) == 1:
		return rowEncoder{*e.Row, x}, nil
	case e.Text != nil && e.Text.Features == n && len(e.Text.IDF) == n && n > 0:
		return textEncoder{*e.Text, x}, nil
	}
	return nil, errors.New("read preprocessing: it does not fit the shape of the model's input")
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
		pixels, err := e.meta.Encoder.Image.Decode(file)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", input, err))
			return
		}
		normalise(e.meta, pixels, e.x)
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
		if isFile(input) {
			file, err := os.ReadFile(input)
			if err != nil {
				yield(nil, fmt.Errorf("read text: %w", err))
				return
			}
			text = string(file)
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

type rowEncoder struct {
	e RowEncoding
	x []float32
}

func (e rowEncoder) Encode(input string) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		var source io.Reader = strings.NewReader(input)
		name, literal := "the row", true
		switch {
		case isFile(input):
			f, err := os.Open(input)
			if err != nil {
				yield(nil, fmt.Errorf("read rows: %w", err))
				return
			}
			defer f.Close() //nolint:errcheck // it was only read
			source, name, literal = f, input, false
		case strings.HasSuffix(input, ".csv") || !strings.Contains(input, e.e.Separator) && filepath.Ext(input) != "":
			yield(nil, fmt.Errorf("read rows: there is no file %s", input))
			return
		}
		r := csv.NewReader(source)
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = rune(e.e.Separator[0]), -1, true
		for row := 1; ; row++ {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				if row == 1 && e.e.Header && !literal || e.isHeader(cells) {
					continue
				}
				if cells, err = e.align(cells); err == nil {
					err = e.e.Encode(cells, e.x)
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("%s, row %d: %w", name, row, err))
				return
			}
			if !yield(e.x, nil) {
				return
			}
		}
	}
}

func (e rowEncoder) isHeader(cells []string) bool {
	return e.e.Header && slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) == e.e.Target })
}

// align puts an empty cell where a row leaves the target out.
func (e rowEncoder) align(cells []string) ([]string, error) {
	switch len(cells) {
	case len(e.e.Columns):
		return cells, nil
	case len(e.e.Columns) - 1:
		i := slices.IndexFunc(e.e.Columns, func(c Column) bool { return c.Use == TargetUse })
		if i >= 0 {
			return slices.Insert(cells, i, ""), nil
		}
	}
	names := make([]string, len(e.e.Columns))
	for i, c := range e.e.Columns {
		names[i] = c.Name
	}
	return nil, fmt.Errorf("%d cells where %d are expected (the target, %s, may be left out): %s", len(cells), len(names), e.e.Target, strings.Join(names, ", "))
}
