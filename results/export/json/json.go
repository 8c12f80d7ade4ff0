// Package json exports trials as an array of the objects that the trials
// command prints with --json.
package json

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Write writes an object a trial, one a line.
func Write(w io.Writer, run results.Run, trials iter.Seq2[sweep.Trial, error]) error {
	separator := "[\n"
	for t, err := range trials {
		if err != nil {
			return err
		}
		text, err := json.Marshal(run.JSON(t))
		if err != nil {
			return fmt.Errorf("encode trial %s: %w", t.Name(), err)
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, text); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		separator = ",\n"
	}
	end := "\n]\n"
	if separator == "[\n" {
		end = "[]\n"
	}
	if _, err := io.WriteString(w, end); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
