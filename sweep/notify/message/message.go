// Package message puts a notice into words, for people. How they reach them is not
// its concern.
package message

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Fact is a line of a message.
type Fact struct{ Name, Text string }

// Title says in a line how a run ended.
func Title(n sweep.Notice) string {
	var what []string
	for _, o := range n.Occasions {
		text := string(o)
		switch o {
		case sweep.RunFailed:
			text = "failed"
		case sweep.NewChampion:
			text = "new champion"
		case sweep.RunRegressed:
			text = "regression"
		case sweep.RunFinished:
			if len(n.Occasions) > 1 { // the others say more
				continue
			}
		}
		what = append(what, text)
	}
	title := n.Run + ": " + strings.Join(what, ", ")
	if n.Best != nil {
		title += fmt.Sprintf(", %s %s", n.Best.Objective, Number(n.Best.Value))
	}
	if n.Test {
		title = "Test: " + title
	}
	return title
}

// Facts are what there is to know of a run, in the order of their weight.
func Facts(n sweep.Notice) []Fact {
	facts := []Fact{{"Outcome", n.Reason}, {"Verdict", n.Verdict}, {"Best", standing(n.Best)}}
	if n.Best != nil {
		facts = append(facts, Fact{"Parameters", Params(n.Best.Params)})
	}
	facts = append(facts, Fact{"Champion", standing(n.Champion)}, Fact{"Former", standing(n.Former)})
	facts = append(facts, Fact{"Trials", Tally(n.Trials)})
	if took := n.Finished.Sub(n.Started); !n.Finished.IsZero() {
		facts = append(facts, Fact{"Finished", fmt.Sprintf("%s, after %v", n.Finished.Format("2006-01-02 15:04 MST"), took.Round(time.Second))})
	}
	facts = append(facts, Fact{"File", n.File})
	if n.Report != "" {
		facts = append(facts, Fact{"Report", n.Report})
	}
	return slices.DeleteFunc(facts, func(f Fact) bool { return f.Text == "" })
}

func standing(s *sweep.Standing) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%s %s, trial %s", s.Objective, Number(s.Value), s.Trial)
}

// Text is a message without any layout.
func Text(n sweep.Notice) string {
	var b strings.Builder
	b.WriteString(Title(n) + "\n\n")
	for _, f := range Facts(n) {
		fmt.Fprintf(&b, "%-11s %s\n", f.Name, f.Text)
	}
	return b.String()
}

// ReportName is the name of a run's report where it goes with a message.
func ReportName(n sweep.Notice) string { return n.Run + filepath.Ext(n.Report) }

// Number is a number as people read it.
func Number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// Params are a variant's parameters in a line.
func Params(p sweep.Params) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		text := p[name].String()
		if f, ok := p[name].AsFloat(); ok {
			text = Number(f)
		}
		parts = append(parts, name+" = "+text)
	}
	return strings.Join(parts, ", ")
}

// Tally is what became of the trials in a line.
func Tally(trials map[string]int) string {
	text := strconv.Itoa(trials["total"])
	var parts []string
	for _, o := range sweep.Outcomes {
		if n := trials[string(o)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(o), "_", " ")))
		}
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if n := trials["cached"]; n > 0 {
		text += fmt.Sprintf(" (%d from cache)", n)
	}
	return text
}
