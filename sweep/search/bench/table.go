package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// readTable is the table of real trainings as a function: the error of a variant
// after its last epoch, of several losses also the seconds until then; the worst of
// all where it is not in the table.
func readTable(path string, several bool) (problem, error) {
	file, err := os.Open(path)
	if err != nil {
		return problem{}, fmt.Errorf("open table of trainings: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return problem{}, fmt.Errorf("read table of trainings %s: %w", path, err)
	}
	const parameters, accuracy, seconds = 6, 9, 10
	p := problem{name: "mnist-mlp"}
	if several {
		p.name = "mnist-mlp-seconds"
	}
	for i, name := range rows[0][:parameters] {
		d := dim{Name: name, Kind: "choice"}
		for _, row := range rows[1:] {
			if c := choice(row[i]); !slices.Contains(d.Choices, c) {
				d.Choices = append(d.Choices, c)
			}
		}
		slices.SortFunc(d.Choices, func(a, b any) int {
			x, _ := a.(float64)
			y, _ := b.(float64)
			return cmp.Compare(x, y)
		})
		p.dims = append(p.dims, d)
	}
	losses := map[string][]float64{}
	for _, row := range rows[1:] {
		a, err := strconv.ParseFloat(row[accuracy], 64)
		if err != nil {
			return problem{}, fmt.Errorf("read accuracy in %s: %w", path, err)
		}
		s, err := strconv.ParseFloat(row[seconds], 64)
		if err != nil {
			return problem{}, fmt.Errorf("read seconds in %s: %w", path, err)
		}
		at := sweep.Params{}
		for i, d := range p.dims {
			at[d.Name] = value(choice(row[i]))
		}
		losses[at.Key()] = []float64{1 - a, s} // the last epoch's come last
	}
	var all [][]float64
	least, worst := []float64{math.Inf(1), math.Inf(1)}, []float64{0, 0}
	for _, row := range losses {
		all = append(all, row)
		for i, loss := range row {
			least[i], worst[i] = min(least[i], loss), max(worst[i], loss)
		}
	}
	kept := 1
	if p.optimum = least[0]; several {
		kept, p.optimum, p.reference, p.volume = 2, 0, worst, sweep.Hypervolume(all, worst)
	}
	p.f = func(at sweep.Params) []float64 {
		if row, ok := losses[at.Key()]; ok {
			return row[:kept]
		}
		return worst[:kept]
	}
	return p, nil
}

// choice is a cell's number, or its text.
func choice(cell string) any {
	if f, err := strconv.ParseFloat(cell, 64); err == nil {
		return f
	}
	return cell
}
