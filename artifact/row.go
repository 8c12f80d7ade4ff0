package artifact

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// RowEncoding turns a table's row into features, column by column.
type RowEncoding struct {
	Columns   []Column `json:"columns"` // in file order, the target among them
	Missing   []string `json:"missing"` // spellings of a missing value
	Separator string   `json:"separator"`
	Target    string   `json:"target"`
}

// Column is one column of a table. A numeric column is one feature, scaled,
// its missing values replaced by the median; a categorical one is a feature for
// each category, and one more for anything else.
type Column struct {
	Name       string   `json:"name"`
	Use        Use      `json:"use"`
	Median     float64  `json:"median,omitempty"`
	Scale      Scale    `json:"scale,omitzero"`
	Categories []string `json:"categories,omitempty"`
}

// Use is what becomes of a column.
type Use string

// The uses of a column.
const (
	Numeric     Use = "numeric"
	Categorical Use = "categorical"
	Ignored     Use = "ignored"
	TargetUse   Use = "target"
)

// maxCategories is how many values of a column get a feature of their own: the
// most frequent ones.
const maxCategories = 100

// Width is the number of features.
func (e RowEncoding) Width() int {
	n := 0
	for _, c := range e.Columns {
		switch c.Use {
		case Numeric:
			n++
		case Categorical:
			n += len(c.Categories) + 1
		case Ignored, TargetUse:
		}
	}
	return n
}

// Encode writes the features of a row, whose cells are as many as Columns.
func (e RowEncoding) Encode(cells []string, dst []float32) error {
	clear(dst)
	at := 0
	for i, c := range e.Columns {
		cell := strings.TrimSpace(cells[i])
		switch c.Use {
		case Numeric:
			x := c.Median
			if !slices.Contains(e.Missing, cell) {
				f, err := strconv.ParseFloat(cell, 64)
				if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
					return fmt.Errorf("column %s: %q is not a number", c.Name, cell)
				}
				x = f
			}
			dst[at] = float32((x - c.Scale.Mean) / c.Scale.SD)
			at++
		case Categorical:
			j, ok := slices.BinarySearch(c.Categories, cell)
			if !ok {
				j = len(c.Categories)
			}
			dst[at+j] = 1
			at += len(c.Categories) + 1
		case Ignored, TargetUse:
		}
	}
	return nil
}

// fit finds out what the columns are and their statistics from the rows of the
// training split; a column with a text in any row is categorical.
func (e *RowEncoding) fit(rows [][]string, train []int) {
	for j := range e.Columns {
		c := &e.Columns[j]
		if c.Use == Ignored || c.Use == TargetUse {
			continue
		}
		if c.Use == "" {
			c.Use = e.guess(rows, j)
		}
		if c.Use == Numeric {
			var xs []float64
			for _, i := range train {
				cell := strings.TrimSpace(rows[i][j])
				if f, err := strconv.ParseFloat(cell, 64); err == nil && !slices.Contains(e.Missing, cell) {
					xs = append(xs, f)
				}
			}
			c.Scale = scaleOf(xs)
			if len(xs) > 0 {
				slices.Sort(xs)
				c.Median = xs[len(xs)/2]
			}
			continue
		}
		counts := map[string]int{}
		for _, i := range train {
			if cell := strings.TrimSpace(rows[i][j]); !slices.Contains(e.Missing, cell) {
				counts[cell]++
			}
		}
		for category := range counts {
			c.Categories = append(c.Categories, category)
		}
		slices.SortFunc(c.Categories, func(a, b string) int {
			return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
		})
		c.Categories = c.Categories[:min(len(c.Categories), maxCategories)]
		slices.Sort(c.Categories)
	}
}

func (e *RowEncoding) guess(rows [][]string, j int) Use {
	for _, row := range rows {
		cell := strings.TrimSpace(row[j])
		if slices.Contains(e.Missing, cell) {
			continue
		}
		if f, err := strconv.ParseFloat(cell, 64); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return Categorical
		}
	}
	return Numeric
}

// scaleOf is the mean and standard deviation of xs; 0 and 1 where there is
// nothing to measure.
func scaleOf(xs []float64) Scale {
	if len(xs) == 0 {
		return Scale{0, 1}
	}
	mean := 0.0
	for _, x := range xs {
		mean += x
	}
	mean /= float64(len(xs))
	variance := 0.0
	for _, x := range xs {
		variance += (x - mean) * (x - mean)
	}
	sd := math.Sqrt(variance / float64(len(xs)))
	if sd < 1e-12 {
		sd = 1
	}
	return Scale{mean, sd}
}
