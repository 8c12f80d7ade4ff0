// Package report makes of a run a page that stands alone: one HTML file without a
// script and without anything to load. It draws what it is given; where that is kept
// is not its concern.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Input is what a page shows.
type Input struct {
	Run      results.Run
	Board    []results.Row   // the leaderboard, the best first
	Points   []results.Point // trials with a result, in the order in which they ended
	Curves   []sweep.Trial   // the best trials, with their reports
	Failures []Failure       // by outcome, the first of each
	Variants int             // that have a result; Board may have fewer

	Importance []Weight // the largest first
	Unknown    string   // why there is none, where there is none

	Champion *results.Judgement // of the run, where it was judged
	Facts    []Fact             // more to say of the run, where it came from
	Since    *Since             // the run of the sweep before; nil: there is none

	Version string // of the program
}

// Fact is a line of a list.
type Fact struct{ Name, Text string }

// Failure is the first trial that ended in some way without a result.
type Failure struct {
	Trial   string
	Outcome sweep.Outcome
	Message string
}

// Weight is how much a parameter matters.
type Weight struct {
	Param     string
	Share, SD float64
}

// Since is what is different from an earlier run.
type Since struct {
	Run   string
	Facts []Fact
}

// What a page holds at most, so that it stays one that opens at once.
const (
	maxRows   = 25
	maxCurves = 10
	maxLines  = 300
	maxDots   = 800
	maxSteps  = 200
)

//go:embed page.html
var layout string

// page is parsed when it is first needed, not whenever the program starts.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(layout)) })

// Write writes the page of a run.
func Write(w io.Writer, in Input) error {
	v := view{
		Title: fmt.Sprintf("%s: %s", in.Run.ID, headline(in)), Run: in.Run.ID, Sweep: in.Run.Sweep, Version: in.Version,
		Status: status(in.Run), Bad: in.Run.Status != results.Finished || sweep.GaveUp(in.Run.Reason),
		Facts: facts(in), Objective: in.Run.Objectives[0].Name, Since: in.Since, Unknown: in.Unknown,
	}
	if j := in.Champion; j != nil {
		v.Verdict, v.Took, v.Regression = j.Verdict, j.Took, j.Regression
		v.Champion = fmt.Sprintf("%s, %s %s", j.Champion().Trial, j.Champion().Objective.Name, number(j.Champion().Standing()))
	}
	if len(in.Board) > 0 {
		best := in.Board[0]
		v.Best, v.BestTrial, v.Infeasible = mean(best), best.Trial.Name(), best.Violation > 0
		v.Params = settings(in.Run, best.Trial.Params)
		v.Board = board(in)
	}
	v.Outcomes, v.Failures = outcomes(in.Run), in.Failures
	var err error
	for _, draw := range []func(Input) (*figure, error){bestSoFar, learningCurves, parallelCoordinates, importances} {
		var f *figure
		if f, err = draw(in); err != nil {
			return fmt.Errorf("draw the report of run %s: %w", in.Run.ID, err)
		}
		if f != nil {
			v.Figures = append(v.Figures, *f)
		}
	}
	if err := page().Execute(w, v); err != nil {
		return fmt.Errorf("write the report of run %s: %w", in.Run.ID, err)
	}
	return nil
}

// view is what the layout shows.
type view struct {
	Title, Run, Sweep, Status, Version string
	Bad                                bool
	Facts                              []Fact

	Objective, Best, BestTrial string
	Infeasible                 bool
	Params                     []Fact

	Verdict, Champion string
	Took, Regression  bool

	Since    *Since
	Board    table
	Outcomes []Fact
	Failures []Failure
	Figures  []figure
	Unknown  string // why importance is not among them
}

// figure is a plot with its words.
type figure struct {
	ID, Title, Caption string
	SVG                template.HTML
	Keys               []key
}

// key says what a colour stands for.
type key struct {
	Color int
	Text  string
}

// table has a header and rows; what does not fit is said in More.
type table struct {
	Header []string
	Rows   [][]string
	More   string
}

func headline(in Input) string {
	if len(in.Board) == 0 {
		return string(in.Run.Status)
	}
	return fmt.Sprintf("%s %s", in.Run.Objectives[0].Name, mean(in.Board[0]))
}

func status(run results.Run) string {
	if run.Reason != "" && run.Reason != string(run.Status) {
		return fmt.Sprintf("%s: %s", run.Status, run.Reason)
	}
	return string(run.Status)
}

// facts are the head of the page.
func facts(in Input) []Fact {
	run := in.Run
	out := []Fact{{"File", run.File}, {"Started", when(run.Started)}}
	if !run.Finished.IsZero() {
		out = append(out, Fact{"Finished", fmt.Sprintf("%s, after %v", when(run.Finished), run.Finished.Sub(run.Started).Round(time.Second))})
	}
	out = append(out, Fact{"Search", run.Search + " over " + strings.Join(run.Params, ", ")})
	var goals []string
	for _, o := range run.Objectives {
		goals = append(goals, fmt.Sprintf("%s %s", o.Goal, o.Name))
	}
	out = append(out, Fact{"Objective", strings.Join(goals, ", ")})
	if run.Feasible != "" {
		out = append(out, Fact{"Feasible", strings.Join(strings.Fields(run.Feasible), " ")})
	}
	return append(out, in.Facts...)
}

func when(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

// settings are parameters, in the file's order.
func settings(run results.Run, p sweep.Params) []Fact {
	var out []Fact
	for _, name := range run.Params {
		if v, ok := p[name]; ok {
			out = append(out, Fact{name, v.String()})
		}
	}
	return out
}

// outcomes are how trials ended, what there was of it.
func outcomes(run results.Run) []Fact {
	out := []Fact{{"trials", strconv.Itoa(run.Trials())}}
	if run.Total > run.Trials() {
		out[0].Text += fmt.Sprintf(" of %d", run.Total)
	}
	for _, o := range append([]sweep.Outcome{sweep.Running}, sweep.Outcomes...) {
		if n := run.Counts[o]; n > 0 {
			out = append(out, Fact{strings.ReplaceAll(results.OutcomeName(o), "_", " "), strconv.Itoa(n)})
		}
	}
	if run.Cached > 0 {
		out = append(out, Fact{"from earlier runs", strconv.Itoa(run.Cached)})
	}
	return out
}

func board(in Input) table {
	run := in.Run
	t := table{Header: []string{"", "trial"}}
	for _, o := range run.Objectives {
		t.Header = append(t.Header, o.Name)
	}
	t.Header = append(t.Header, run.Params...)
	t.Header = append(t.Header, "steps", "time")
	for i, row := range in.Board[:min(len(in.Board), maxRows)] {
		cells := []string{strconv.Itoa(i + 1), row.Trial.Name(), mean(row)}
		if row.Violation > 0 {
			cells[2] += " (infeasible)"
		}
		for _, o := range run.Objectives[1:] {
			cells = append(cells, metric(row.Trial.Best.Metrics, o.Name))
		}
		for _, name := range run.Params {
			cell := "–"
			if v, ok := row.Trial.Params[name]; ok {
				cell = v.String()
			}
			cells = append(cells, cell)
		}
		cells = append(cells, strconv.Itoa(row.Trial.Steps), spent(row.Trial.Seconds))
		t.Rows = append(t.Rows, cells)
	}
	if in.Variants > len(t.Rows) {
		t.More = fmt.Sprintf("The best %d of %d variants with a result.", len(t.Rows), in.Variants)
	}
	return t
}

func spent(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func metric(m sweep.Metrics, name string) string {
	if v, ok := m[name]; ok {
		return number(v)
	}
	return "–"
}

// mean is what a place on the leaderboard is by, with what other seeds may make of it.
func mean(row results.Row) string {
	if margin, ok := row.Margin(); ok {
		return fmt.Sprintf("%s ± %s", number(row.Mean), strconv.FormatFloat(margin, 'g', 2, 64))
	}
	return number(row.Mean)
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 5, 64) }

// label is a text that a plot can show: without control characters, and not long.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 24 {
		return string(r[:23]) + "…"
	}
	return s
}

// finite reports whether a plot can show a number.
func finite(f float64) bool { return math.Abs(f) < 1e300 && !math.IsNaN(f) }
