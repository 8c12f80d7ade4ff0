// Package csv exports trials as comma-separated values with a header.
package csv

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/inflame-deeplearning/sweep/results/export"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Write writes a row a trial. A cell without a value is empty; numbers are in
// full, times in RFC 3339.
func Write(w io.Writer, columns []export.Column, trials iter.Seq2[sweep.Trial, error]) error {
	out := csv.NewWriter(w)
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.Name
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for t, err := range trials {
		if err != nil {
			return err
		}
		for i, c := range columns {
			row[i] = text(c.Cell(t))
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func text(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}
