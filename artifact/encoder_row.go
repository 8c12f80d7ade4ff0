package artifact

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type rowEncoder struct {
	e RowEncoding
	x []float32
}

func (e rowEncoder) Encode(input string) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		name, source, err := e.open(input)
		if err != nil {
			yield(nil, fmt.Errorf("read rows: %w", err))
			return
		}
		defer source.Close() //nolint:errcheck // it was only read
		r, err := NewTableReader(source, e.e.Separator)
		if err != nil {
			yield(nil, fmt.Errorf("read rows: %w", err))
			return
		}
		var order []int // from a header: where each column is
		for row := 1; ; row++ {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && row == 1 {
				if order, err = e.header(cells); err == nil && order != nil {
					continue
				}
			}
			if err == nil {
				if cells, err = e.align(cells, order); err == nil {
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

// open is the rows' text and the name that messages give it.
func (e rowEncoder) open(input string) (string, io.ReadCloser, error) {
	if isFile(input) {
		f, err := os.Open(input)
		return input, f, err
	}
	if strings.HasSuffix(input, ".csv") || !strings.Contains(input, e.e.Separator) && filepath.Ext(input) != "" {
		return "", nil, fmt.Errorf("there is no file %s", input)
	}
	return "the row", io.NopCloser(strings.NewReader(input)), nil
}

// header is where a table's columns are by its first row, nil where that is a
// row as any other. Columns that the model does not look at may be missing and
// others be there.
func (e rowEncoder) header(cells []string) ([]int, error) {
	order := make([]int, len(e.e.Columns))
	known, missing := 0, ""
	for i, c := range e.e.Columns {
		order[i] = slices.IndexFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == c.Name })
		switch {
		case order[i] >= 0:
			known++
		case c.Use != TargetUse && c.Use != Ignored && missing == "":
			missing = c.Name
		}
	}
	switch {
	case known > 0 && missing == "":
		return order, nil
	case 2*known > len(cells): // names for the most part, but not all that are needed
		return nil, fmt.Errorf("column %s is missing", missing)
	}
	return nil, nil
}

// align brings a row's cells into the order of the columns. Without a header
// the target may be left out.
func (e rowEncoder) align(cells []string, order []int) ([]string, error) {
	if order != nil {
		out := make([]string, len(order))
		for i, at := range order {
			switch {
			case at >= len(cells):
				return nil, fmt.Errorf("it has %d cells: column %s is missing", len(cells), e.e.Columns[i].Name)
			case at >= 0:
				out[i] = cells[at]
			}
		}
		return out, nil
	}
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
	return nil, fmt.Errorf("it has %d cells, expected are %d (the target, %s, may be left out): %s", len(cells), len(names), e.e.Target, strings.Join(names, ", "))
}
