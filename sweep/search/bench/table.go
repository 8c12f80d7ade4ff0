package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// readTable is the table of real trainings as a function: the error of a variant
// after its last epoch, that of the worst where it is not in the table.
func readTable(path string) (problem, error) {
	file, err := os.Open(path)
	if err != nil {
		return problem{}, fmt.Errorf("open table of trainings: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return problem{}, fmt.Errorf("read table of trainings %s: %w", path, err)
	}
	const parameters, accuracy = 6, 9
	p := problem{name: "mnist-mlp", optimum: 1}
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
	losses := map[string]float64{}
	worst := 0.0
	for _, row := range rows[1:] {
		a, err := strconv.ParseFloat(row[accuracy], 64)
		if err != nil {
			return problem{}, fmt.Errorf("read accuracy in %s: %w", path, err)
		}
		at := sweep.Params{}
		for i, d := range p.dims {
			at[d.Name] = value(choice(row[i]))
		}
		losses[at.Key()] = 1 - a // the last epoch's comes last
	}
	for _, loss := range losses {
		p.optimum = min(p.optimum, loss)
		worst = max(worst, loss)
	}
	p.f = func(at sweep.Params) float64 {
		if loss, ok := losses[at.Key()]; ok {
			return loss
		}
		return worst
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
