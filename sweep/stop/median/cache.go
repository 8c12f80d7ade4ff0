package median

import (
	"slices"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/stop/rank"
)

// cache is the running averages of a history's trials. It holds for any history:
// every use compares what was read with what is there.
type cache struct {
	objectives []sweep.Objective
	marks      []mark
	curves     []curve
	columns    map[int]*column // by step
}

// mark is how far a trial's reports were read. Reports are only ever added, or
// begun anew elsewhere: while the first one lies where it lay, what was read holds.
type mark struct {
	first *sweep.Report
	read  int
}

// curve is the running averages of a trial at its reports.
type curve struct {
	steps []int
	means []float64 // row after row
	sums  []float64
}

// column is the running averages of all trials at a step.
type column struct {
	known []bool // whether the trial has come so far
	means []float64
}

func (c *column) row(i int) []float64 {
	w := len(c.means) / len(c.known)
	return c.means[i*w : (i+1)*w]
}

// at is the averages at a step: those up to a trial's first report at or past it.
func (c *cache) at(step int, past sweep.History) *column {
	c.grow(len(past))
	for i := range past {
		reports := past[i].Reports
		m := mark{read: len(reports)}
		if m.read > 0 {
			m.first = &reports[0]
		}
		if old := c.marks[i]; m != old {
			if m.first != old.first || m.read < old.read {
				c.curves[i], old.read = curve{}, 0
			}
			c.marks[i] = m
			c.curves[i].read(reports[old.read:], c.objectives)
			for s, column := range c.columns {
				c.fill(column, s, i)
			}
		}
	}
	if c.columns[step] == nil {
		fresh := &column{known: make([]bool, len(c.curves)), means: make([]float64, len(c.curves)*len(c.objectives))}
		for i := range c.curves {
			c.fill(fresh, step, i)
		}
		if c.columns == nil {
			c.columns = map[int]*column{}
		}
		c.columns[step] = fresh
	}
	return c.columns[step]
}

// grow makes room for n trials.
func (c *cache) grow(n int) {
	if more := n - len(c.curves); more > 0 {
		c.marks = append(c.marks, make([]mark, more)...)
		c.curves = append(c.curves, make([]curve, more)...)
		for _, column := range c.columns {
			column.known = append(column.known, make([]bool, more)...)
			column.means = append(column.means, make([]float64, more*len(c.objectives))...)
		}
	}
}

// fill puts trial i's average at a step into its column.
func (c *cache) fill(to *column, step, i int) {
	k, w := c.curves[i].index(step), len(c.objectives)
	to.known[i] = k >= 0
	if k >= 0 {
		copy(to.means[i*w:(i+1)*w], c.curves[i].means[k*w:])
	}
}

func (c *curve) read(reports []sweep.Report, objectives []sweep.Objective) {
	for _, r := range reports {
		values, ok := rank.Values(r.Metrics, objectives)
		if !ok {
			continue
		}
		if c.sums == nil {
			c.sums = make([]float64, len(values))
		}
		c.steps = append(c.steps, r.Step)
		for i, v := range values {
			c.sums[i] += v
			c.means = append(c.means, c.sums[i]/float64(len(c.steps)))
		}
	}
}

// index is that of the first report at or past step; -1: there is none.
func (c *curve) index(step int) int {
	i, _ := slices.BinarySearch(c.steps, step)
	if i == len(c.steps) {
		return -1
	}
	return i
}
