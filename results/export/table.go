// Package export lays trials out as a table: a row a trial, typed columns. The
// formats are in results/export/<name>.
package export

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Kind is the type of a column.
type Kind uint8

// The types of column. Any column may have cells without a value.
const (
	Text Kind = iota
	Int
	Float
	Bool
	Time
)

// Column is a column of the table and how its cell is had from a trial.
type Column struct {
	Name string
	Kind Kind
	Cell func(t sweep.Trial) any // string, int64, float64, bool, time.Time or nil
}

// Columns are run, trial, id, outcome, number, variant, repeat, seed, a column
// a parameter (param.x) and a metric (metric.x), violation where
// the sweep has a constraint, steps, seconds, started and
// finished. A first pass over the trials finds the types: a parameter of mixed
// types is a text.
func Columns(run results.Run, trials iter.Seq2[sweep.Trial, error]) ([]Column, error) {
	params, metrics := map[string]Kind{}, map[string]bool{}
	for t, err := range trials {
		if err != nil {
			return nil, err
		}
		for name, v := range t.Params {
			kind := kindOf(v)
			if known, ok := params[name]; ok && known != kind {
				if kind = Text; numeric(known, kindOf(v)) {
					kind = Float
				}
			}
			params[name] = kind
		}
		for name := range t.Best.Metrics {
			metrics[name] = true
		}
	}
	out := []Column{
		{"run", Text, func(t sweep.Trial) any { return t.Run }},
		{"trial", Text, func(t sweep.Trial) any { return t.Name() }},
		{"id", Text, func(t sweep.Trial) any { return t.ID }},
		{"outcome", Text, func(t sweep.Trial) any { return results.OutcomeName(t.Outcome) }},
		{"number", Int, func(t sweep.Trial) any { return int64(t.Number) }},
		{"variant", Int, func(t sweep.Trial) any { return int64(t.Variant) }},
		{"repeat", Int, func(t sweep.Trial) any { return int64(t.Repeat) }},
		{"seed", Int, func(t sweep.Trial) any { return int64(t.Seed) }},
	}
	for _, name := range run.Params {
		if kind, ok := params[name]; ok {
			out = append(out, Column{"param." + name, kind, func(t sweep.Trial) any { return cell(t.Params[name], kind) }})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		out = append(out, Column{"metric." + name, Float, func(t sweep.Trial) any {
			if v, ok := t.Best.Metrics[name]; ok {
				return v
			}
			return nil
		}})
	}
	if run.Feasible != "" {
		out = append(out, Column{"violation", Float, func(t sweep.Trial) any {
			if !t.Outcome.Ranked() {
				return nil
			}
			return t.Violation
		}})
	}
	return append(out,
		Column{"steps", Int, func(t sweep.Trial) any { return int64(t.Steps) }},
		Column{"seconds", Float, func(t sweep.Trial) any { return t.Seconds }},
		Column{"started", Time, func(t sweep.Trial) any { return timeCell(t.Started) }},
		Column{"finished", Time, func(t sweep.Trial) any { return timeCell(t.Finished) }},
	), nil
}

func timeCell(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

func numeric(a, b Kind) bool { return (a == Int || a == Float) && (b == Int || b == Float) }

func kindOf(v sweep.Value) Kind {
	switch v.Kind() {
	case sweep.IntKind:
		return Int
	case sweep.FloatKind:
		return Float
	case sweep.BoolKind:
		return Bool
	default:
		return Text
	}
}

func cell(v sweep.Value, kind Kind) any {
	if v.IsNull() {
		return nil
	}
	switch kind {
	case Int:
		i, _ := v.AsInt()
		return i
	case Float:
		f, _ := v.AsFloat()
		return f
	case Bool:
		b, _ := v.AsBool()
		return b
	case Text, Time:
	}
	return v.String()
}
