// Package csv reads tables: columns found to be numeric or categorical by
// looking, missing values, classification or regression.
package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Config is the data "csv" block.
type Config struct {
	_         struct{} `doc:"A table. Columns are found to be numeric or categorical by looking; missing numbers become the median, missing categories a category of their own."`
	Path      string   `hcl:"path" doc:"The file." required:"true"`
	TestPath  string   `hcl:"test_path" doc:"A separate file, of the same columns, for the test split."`
	Target    string   `hcl:"target" doc:"Column to predict: its name, or its number from 1, or from the end with -1 for the last." required:"true"`
	Kind      string   `hcl:"kind" doc:"What is learned; auto: regression where the target is numeric with more than 20 values." oneof:"auto,classification,regression" default:"auto"`
	Header    string   `hcl:"header" doc:"Whether the first row holds the columns' names; auto: where it equals columns or, without those, where no cell of it is empty or a number." oneof:"auto,true,false" default:"auto"`
	Columns   []string `hcl:"columns" doc:"The columns' names, where there is no header." default:"[]"`
	Ignore    []string `hcl:"ignore" doc:"Columns to leave out." default:"[]"`
	Category  []string `hcl:"categorical" doc:"Columns to take as categories though they hold numbers." default:"[]"`
	Separator string   `hcl:"separator" doc:"What stands between cells; one character." default:","`
	Missing   []string `hcl:"missing" doc:"Spellings of a missing value; rows without a target are left out." default:"[\"\", \"?\", \"NA\", \"N/A\", \"na\", \"n/a\", \"NaN\", \"nan\", \"null\", \"NULL\", \"None\", \"-\"]"`
	LabelTrim string   `hcl:"label_trim" doc:"Characters to cut from the end of labels, such as \".\"."`
	artifact.Splitting
}

// New is the source of such a table.
func New(_ sweep.Spec, c Config) (artifact.Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if _, err := artifact.NewTableReader(strings.NewReader(""), c.Separator); err != nil {
		return nil, err
	}
	return source{c}, nil
}

type source struct{ Config }

func (s source) Inputs() ([]string, error) {
	if s.TestPath == "" {
		return []string{s.Path}, nil
	}
	return []string{s.Path, s.TestPath}, nil
}

// row is a row of the table and where it was.
type row struct {
	cells []string
	split string
	place string // file and row, for messages
}

func (s source) Read(ctx context.Context, b *artifact.Builder) error {
	paths, err := s.Inputs()
	if err != nil {
		return err
	}
	var names []string
	var rows []row
	for i, path := range paths {
		split := ""
		if len(paths) == 2 {
			split = []string{artifact.Train, artifact.Test}[i]
		}
		columns, more, err := s.readFile(ctx, b, path, split)
		if err != nil {
			return err
		}
		if i == 0 {
			names = columns
		} else if !slices.Equal(names, columns) {
			return fmt.Errorf("%s has the columns %q, %s has %q", path, columns, paths[0], names)
		}
		rows = append(rows, more...)
	}
	target, err := s.targetOf(names)
	if err != nil {
		return err
	}
	e := artifact.RowEncoding{Missing: s.Missing, Separator: s.Separator, Target: names[target]}
	for i, name := range names {
		c := artifact.Column{Name: name}
		switch {
		case i == target:
			c.Use = artifact.TargetUse
		case slices.Contains(s.Ignore, name):
			c.Use = artifact.Ignored
		case slices.Contains(s.Category, name):
			c.Use = artifact.Categorical
		}
		e.Columns = append(e.Columns, c)
	}
	for _, name := range slices.Concat(s.Ignore, s.Category) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("column %s", schema.Unknown(name, names))
		}
	}
	return s.add(b, e, rows, target)
}

// add hands the rows to the builder, those without a target left out.
func (s source) add(b *artifact.Builder, e artifact.RowEncoding, rows []row, target int) error {
	labels := make([]string, len(rows))
	for i, r := range rows {
		labels[i] = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(r.cells[target]), s.LabelTrim))
	}
	kind := s.kindOf(labels)
	b.Rows(e, kind)
	omitted := 0
	for i, r := range rows {
		if slices.Contains(s.Missing, labels[i]) {
			omitted++
			continue
		}
		value := 0.0
		if kind == artifact.Regression {
			var err error
			if value, err = strconv.ParseFloat(labels[i], 64); err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
				if err := b.Skip(fmt.Errorf("%s: the target, %q, is not a number", r.place, labels[i])); err != nil {
					return err
				}
				continue
			}
		}
		b.Row(r.cells, labels[i], value, r.split)
	}
	if omitted > 0 {
		b.Note("%d rows without a %s left out", omitted, e.Target)
	}
	return nil
}

// manyValues is how many different numbers make a target one of regression.
const manyValues = 20

func (s source) kindOf(labels []string) artifact.Kind {
	if s.Kind != "auto" {
		return artifact.Kind(s.Kind)
	}
	seen := map[string]bool{}
	for _, l := range labels {
		if slices.Contains(s.Missing, l) {
			continue
		}
		if _, err := strconv.ParseFloat(l, 64); err != nil {
			return artifact.Classification
		}
		seen[l] = true
	}
	if len(seen) > manyValues {
		return artifact.Regression
	}
	return artifact.Classification
}

// targetOf is the position of the target column.
func (s source) targetOf(names []string) (int, error) {
	if i := slices.Index(names, s.Target); i >= 0 {
		return i, nil
	}
	n, err := strconv.Atoi(s.Target)
	switch {
	case err == nil && n > 0 && n <= len(names):
		return n - 1, nil
	case err == nil && n < 0 && -n <= len(names):
		return len(names) + n, nil
	}
	return 0, fmt.Errorf("target: column %s", schema.Unknown(s.Target, names))
}

// readFile is the names of a file's columns and its rows.
func (s source) readFile(ctx context.Context, b *artifact.Builder, path, split string) ([]string, []row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read table: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	r, err := artifact.NewTableReader(f, s.Separator)
	if err != nil {
		return nil, nil, err
	}
	names := slices.Clone(s.Columns)
	var rows []row
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		place := fmt.Sprintf("%s, row %d", path, line)
		if first {
			header := s.Header == "true" || s.Header == "auto" && artifact.IsHeader(cells, s.Columns)
			if len(names) == 0 {
				names = namesOf(cells, header)
			}
			if len(cells) != len(names) {
				return nil, nil, fmt.Errorf("%s: it has %d columns, %d names are given: %s", place, len(cells), len(names), strings.Join(names, ", "))
			}
			if header {
				continue
			}
		}
		if len(cells) != len(names) {
			if err := b.Skip(fmt.Errorf("%s: it has %d cells, the table has %d columns", place, len(cells), len(names))); err != nil {
				return nil, nil, err
			}
			continue
		}
		rows = append(rows, row{cells, split, place})
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%s has no rows", path)
	}
	return names, rows, nil
}

// namesOf is the columns' names by the first row.
func namesOf(first []string, header bool) []string {
	names := make([]string, len(first))
	for i, cell := range first {
		if names[i] = strings.TrimSpace(cell); !header || names[i] == "" {
			names[i] = fmt.Sprintf("column%d", i+1)
		}
	}
	return names
}
