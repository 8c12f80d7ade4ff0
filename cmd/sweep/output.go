package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// terminal is the terminal that w is, if it is one.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// colored reports whether w is to be written to in colour.
func colored(cmd *cobra.Command, w io.Writer) bool {
	switch flag := cmd.Flag("color"); {
	case flag != nil && flag.Value.String() == "always":
		return true
	case flag != nil && flag.Value.String() == "never", os.Getenv("NO_COLOR") != "", os.Getenv("TERM") == "dumb":
		return false
	}
	_, ok := terminal(w)
	return ok
}

// width is w's columns; 80 where it is no terminal.
func width(w io.Writer) int {
	if f, ok := terminal(w); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// writeJSON is an answer for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// sheet is a table: with borders and colours in a terminal, columns of plain
// text elsewhere.
type sheet struct {
	header []string
	rows   [][]string
	right  map[int]bool // columns of numbers
}

func (g *sheet) add(cells ...string) { g.rows = append(g.rows, cells) }

// unremarkable drops the last column where it is for remarks, and there are none.
func (g *sheet) unremarkable() {
	last := len(g.header) - 1
	if g.header[last] != "" || slices.ContainsFunc(g.rows, func(row []string) bool { return row[last] != "" }) {
		return
	}
	g.header = g.header[:last]
	for i := range g.rows {
		g.rows[i] = g.rows[i][:last]
	}
}

func (g *sheet) write(cmd *cobra.Command) error {
	g.unremarkable()
	out := cmd.OutOrStdout()
	if !colored(cmd, out) {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, strings.ToUpper(strings.Join(g.header, "\t")))
		for _, row := range g.rows {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
		return nil
	}
	cell := lipgloss.NewStyle().Padding(0, 1)
	t := table.New().Headers(g.header...).Rows(g.rows...).Border(lipgloss.RoundedBorder()).
		BorderStyle(lipgloss.NewStyle().Foreground(lipgloss.BrightBlack)).
		StyleFunc(func(row, column int) lipgloss.Style {
			style := cell
			if g.right[column] {
				style = style.Align(lipgloss.Right)
			}
			switch row {
			case table.HeaderRow:
				return style.Bold(true).Align(lipgloss.Left)
			case 0:
				return style.Foreground(lipgloss.Green)
			}
			return style
		})
	if s := t.String(); lipgloss.Width(s) > width(out) {
		t = t.Width(width(out))
	}
	_, err := fmt.Fprintln(out, t.String())
	if err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// number is a metric as people read it.
func number(f float64) string { return strconv.FormatFloat(f, 'g', 5, 64) }

func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// settings are a trial's parameters on one line, in the file's order.
func settings(p sweep.Params, order []string) string {
	var parts []string
	for _, name := range order {
		if v, ok := p[name]; ok {
			parts = append(parts, name+"="+v.String())
		}
	}
	return strings.Join(parts, " ")
}

// values are a trial's parameters, a cell each.
func values(p sweep.Params, order []string) []string {
	cells := make([]string, len(order))
	for i, name := range order {
		cells[i] = "-"
		if v, ok := p[name]; ok {
			cells[i] = v.String()
		}
	}
	return cells
}

// leaderboard is the table of a run's best variants.
func leaderboard(cmd *cobra.Command, run results.Run, rows []results.Row) error {
	objective := run.Objectives[0].Name
	g := sheet{header: []string{"rank", "trial", objective}, right: map[int]bool{0: true, 2: true}}
	seeds := run.Repeat > 1 || run.Confirming > 0
	if seeds {
		g.header[2] = objective + " (mean)"
		g.header = append(g.header, "± 95 %", "seeds")
	}
	g.header = append(g.header, run.Params...)
	g.header = append(g.header, "time", "")
	for i, row := range rows {
		t := row.Trial
		cells := []string{strconv.Itoa(i + 1), t.Name(), number(row.Mean)}
		if seeds {
			margin := "-"
			if m, ok := row.Margin(); ok {
				margin = number(m)
			}
			cells = append(cells, margin, strconv.Itoa(row.Seeds))
		}
		cells = append(cells, values(t.Params, run.Params)...)
		note := remark(t, row.Violation)
		if row.Confirmed {
			note = strings.TrimSpace("confirmed " + note)
		}
		if row.Diverged > 0 {
			note = strings.TrimSpace(fmt.Sprintf("%d diverged %s", row.Diverged, note))
		}
		g.add(append(cells, seconds(t.Seconds), note)...)
	}
	return g.write(cmd)
}

// remark is what there is to say of a trial besides its numbers.
func remark(t sweep.Trial, violation float64) string {
	switch {
	case violation > 0:
		return "infeasible"
	case t.CachedAs != "":
		return "cached"
	case t.Outcome == sweep.Succeeded:
		return ""
	default:
		return results.OutcomeName(t.Outcome)
	}
}

// feasibility is whether a result meets the run's constraint, in words.
func feasibility(run results.Run, violation float64) string {
	condition := strings.Join(strings.Fields(run.Feasible), " ")
	switch violation {
	case 0:
		return "yes: " + condition
	case sweep.MaxViolation:
		return "no: what it measured does not tell whether " + condition
	}
	return fmt.Sprintf("no: %s is violated by %s", condition, number(violation))
}

// warnInfeasible says so where the best trial is infeasible: then all are.
func (o *options) warnInfeasible(cmd *cobra.Command, best sweep.Trial, violation float64) {
	if violation > 0 {
		o.say(cmd.ErrOrStderr(), "no trial of run %s is feasible; trial %s comes nearest", best.Run, best.Name())
	}
}

// size is a number of bytes as people read it.
func size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f := float64(bytes)
	for f >= 1024 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") + " " + units[0]
}
