package artifact

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// NewTableReader reads CSV as it is found: rows of any length, stray quotes, a
// byte order mark at the start.
func NewTableReader(r io.Reader, separator string) (*csv.Reader, error) {
	if len(separator) != 1 || strings.ContainsAny(separator, "\x00\r\n\"") || separator[0] > 0x7f {
		return nil, fmt.Errorf("separator = %q: it is one character, such as \",\" or \";\" or \"\\t\"", separator)
	}
	in := bufio.NewReader(r)
	if start, err := in.Peek(3); err == nil && string(start) == "\ufeff" {
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	}
	out := csv.NewReader(in)
	out.Comma, out.FieldsPerRecord, out.LazyQuotes = rune(separator[0]), -1, true
	return out, nil
}

// IsHeader reports whether a table's first row holds its columns' names.
// columns are the names where they are known. Without them it looks: names are
// all different, none is empty and none a number.
func IsHeader(first, columns []string) bool {
	if len(columns) > 0 {
		return slices.EqualFunc(first, columns, func(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), b) })
	}
	seen := map[string]bool{}
	for _, cell := range first {
		name := strings.TrimSpace(cell)
		if _, err := strconv.ParseFloat(name, 64); err == nil || name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}
