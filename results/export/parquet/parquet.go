// Package parquet exports trials as an Apache Parquet file, for data frames.
package parquet

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/inflame-deeplearning/sweep/results/export"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Write writes a row a trial; every column is optional.
func Write(w io.Writer, columns []export.Column, trials iter.Seq2[sweep.Trial, error]) error {
	group := parquet.Group{}
	for _, c := range columns {
		group[c.Name] = parquet.Optional(node(c.Kind))
	}
	schema := parquet.NewSchema("trials", group)
	index := map[string]int{} // a group's fields are in the order of their names
	for i, field := range schema.Fields() {
		index[field.Name()] = i
	}
	out := parquet.NewWriter(w, schema)
	row := make(parquet.Row, len(columns))
	for t, err := range trials {
		if err != nil {
			return err
		}
		for _, c := range columns {
			i := index[c.Name]
			row[i] = value(c.Cell(t), i)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return fmt.Errorf("write Parquet: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

func node(k export.Kind) parquet.Node {
	switch k {
	case export.Int:
		return parquet.Int(64)
	case export.Float:
		return parquet.Leaf(parquet.DoubleType)
	case export.Bool:
		return parquet.Leaf(parquet.BooleanType)
	case export.Time:
		return parquet.Timestamp(parquet.Microsecond)
	case export.Text:
	}
	return parquet.String()
}

// value is a cell at column i: defined, or null.
func value(cell any, i int) parquet.Value {
	if cell == nil {
		return parquet.NullValue().Level(0, 0, i)
	}
	if at, ok := cell.(time.Time); ok {
		cell = at.UnixMicro()
	}
	return parquet.ValueOf(cell).Level(0, 1, i)
}
