package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostics are the mistakes found in a file, in the order of its lines,
// each with its place and what to write instead.
type Diagnostics struct { //nolint:errname // what HCL and its users call them
	list    hcl.Diagnostics
	sources map[string]*hcl.File // that they are in, by path
	path    string
}

// Diagnostic is one mistake, for programs.
type Diagnostic struct {
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// Any reports whether there is a mistake at all.
func (d Diagnostics) Any() bool { return d.list.HasErrors() }

// Error is the first mistake, and how many more there are.
func (d Diagnostics) Error() string { return d.list.Error() }

// Err is d as an error, nil where there is no mistake.
func (d Diagnostics) Err() error {
	if !d.Any() {
		return nil
	}
	return d
}

// List is the mistakes one by one.
func (d Diagnostics) List() []Diagnostic {
	out := make([]Diagnostic, len(d.list))
	for i, diag := range d.list {
		out[i] = Diagnostic{Summary: diag.Summary, Detail: diag.Detail, File: d.path}
		if diag.Subject != nil {
			out[i].Line, out[i].Column = diag.Subject.Start.Line, diag.Subject.Start.Column
			if diag.Subject.Filename != "" {
				out[i].File = diag.Subject.Filename
			}
		}
	}
	return out
}

// Write prints the mistakes with the lines they are on, as a compiler does.
func (d Diagnostics) Write(w io.Writer, color bool, width int) error {
	if err := hcl.NewDiagnosticTextWriter(w, d.sources, uint(max(width, 40)), color).WriteDiagnostics(d.list); err != nil {
		return fmt.Errorf("write diagnostics: %w", err)
	}
	return nil
}

// tidied is in the order of the file, without doubles.
func tidied(list hcl.Diagnostics) hcl.Diagnostics {
	start := func(d *hcl.Diagnostic) hcl.Pos {
		if d.Subject == nil {
			return hcl.Pos{}
		}
		return d.Subject.Start
	}
	name := func(d *hcl.Diagnostic) string {
		if d.Subject == nil {
			return ""
		}
		return d.Subject.Filename
	}
	slices.SortStableFunc(list, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(cmp.Compare(name(a), name(b)), cmp.Compare(start(a).Byte, start(b).Byte))
	})
	return slices.CompactFunc(list, func(a, b *hcl.Diagnostic) bool {
		return a.Summary == b.Summary && start(a) == start(b) && name(a) == name(b) // the same mistake in another variant
	})
}

func fault(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}
