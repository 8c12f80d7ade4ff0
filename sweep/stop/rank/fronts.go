package rank

import (
	"fmt"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

func placeText(place, front, cut int) string {
	return fmt.Sprintf("place %d, on non-dominated front %d; cut-off place %d", place, front, cut)
}

// place counts the rows ahead of the first, with several objectives, and says on
// which front it is, from 0. Rows that the first one dominates are left out: they
// are behind it, and dominate none that is not.
func (t *Table) place() (ahead, front int) {
	own := t.row(0)
	rows := [][]float64{own}
	var over [][]float64 // those that dominate it, which alone decide its front
	for i := 1; i < t.Len(); i++ {
		switch row := t.row(i); {
		case sweep.Dominates(row, own):
			over, rows = append(over, row), append(rows, row)
		case !sweep.Dominates(own, row):
			rows = append(rows, row)
		}
	}
	if len(over) > 0 {
		front = 1 + slices.Max(sweep.Fronts(over))
	}
	fronts := sweep.FirstFronts(rows, front+1)
	var members [][]float64 // the first of them is the own row
	for r, f := range fronts {
		switch {
		case f < front:
			ahead++
		case f == front:
			members = append(members, rows[r])
		}
	}
	lonely := sweep.Crowding(members)
	for k, row := range members {
		if lonely[k] > lonely[0] || lonely[k] == lonely[0] && slices.CompareFunc(row, own, sweep.CompareLoss) < 0 {
			ahead++
		}
	}
	return ahead, front
}
