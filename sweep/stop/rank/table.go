package rank

import (
	"cmp"
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Table is the values of trials that are compared, a row a trial. The first row
// is that of the trial to be judged, the others are its rivals'.
type Table struct {
	objectives []sweep.Objective
	cells      []float64 // row after row
}

// NewTable compares by objectives.
func NewTable(objectives []sweep.Objective) *Table { return &Table{objectives: objectives} }

// Add adds a row of values as Values has them.
func (t *Table) Add(values ...float64) { t.cells = append(t.cells, values...) }

// Reach adds what the first of reports at or past step that has all objectives
// says of them, if the trial has come so far.
func (t *Table) Reach(reports []sweep.Report, step int) {
	n := len(reports)
	if n == 0 || reports[n-1].Step < step {
		return
	}
	i := step - 1 // where a report a step is made
	if i < 0 || i >= n || reports[i].Step != step {
		i, _ = slices.BinarySearchFunc(reports, step, func(r sweep.Report, step int) int { return cmp.Compare(r.Step, step) })
	}
	for ok := false; i < n && !ok; i++ {
		t.cells, ok = values(t.cells, reports[i].Metrics, t.objectives)
	}
}

// Clear takes all rows out.
func (t *Table) Clear() { t.cells = t.cells[:0] }

// Len counts the rows.
func (t *Table) Len() int { return len(t.cells) / len(t.objectives) }

func (t *Table) row(i int) []float64 {
	w := len(t.objectives)
	return t.cells[i*w : (i+1)*w]
}

func (t *Table) single() bool { return len(t.objectives) == 1 }

// Among reports whether fewer than n rows are ahead of the first. Rows that are
// equal to it are not ahead.
func (t *Table) Among(n int) bool {
	ahead := 0
	if t.single() {
		for _, v := range t.cells {
			if sweep.CompareLoss(v, t.cells[0]) < 0 {
				ahead++
			}
		}
		return ahead < n
	}
	behind := 0 // both for certain, and quickly found
	for i := range t.Len() {
		switch {
		case sweep.Dominates(t.row(i), t.row(0)):
			ahead++
		case sweep.Dominates(t.row(0), t.row(i)):
			behind++
		}
	}
	if ahead >= n || t.Len()-1-behind < n {
		return ahead < n
	}
	ahead, _ = t.place()
	return ahead < n
}

// Cut describes the cut-off behind which the first row fell, n rows being kept:
// the n-th best value, or with several objectives the row's place.
func (t *Table) Cut(n int) string {
	if t.single() {
		sorted := slices.SortedFunc(slices.Values(t.cells), sweep.CompareLoss)
		return "cut-off " + Number(t.objectives[0].Loss(sorted[n-1]))
	}
	ahead, front := t.place()
	return placeText(ahead+1, front+1, n)
}
