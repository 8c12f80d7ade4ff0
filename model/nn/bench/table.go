package main

import (
	"fmt"
	"io"
	"math"
)

// table prints results as they come.
type table struct {
	out      io.Writer
	markdown bool

	peak, copy float64 // ours: GFLOP/s in cache, GB/s
}

func (t *table) head() {
	if t.markdown {
		fmt.Fprintf(t.out, "| work | against | unit | ours | theirs | ratio | from - to |\n| --- | --- | --- | --- | --- | --- | --- |\n")
		return
	}
	fmt.Fprintf(t.out, "%-46s %10s %10s %6s  %-11s %-9s %s\n", "work", "ours", "theirs", "ratio", "from - to", "unit", "against")
}

func (t *table) row(r race, v result) {
	against := r.peer
	if v.note != "" {
		against += ", " + v.note
	}
	spread := fmt.Sprintf("%.2f - %.2f", v.least, v.most)
	if t.markdown {
		fmt.Fprintf(t.out, "| %s | %s | %s | %s | %s | %.2f | %s |\n", r.name, against, r.unit, three(v.ours), three(v.theirs), v.ratio, spread)
	} else {
		fmt.Fprintf(t.out, "%-46s %10s %10s %6.2f  %-11s %-9s %s\n", r.name, three(v.ours), three(v.theirs), v.ratio, spread, r.unit, against)
	}
	if r.group == "roofline" {
		if r.unit == gflops {
			t.peak = v.ours
		} else {
			t.copy = v.ours
		}
	}
}

// foot says what the numbers mean.
func (t *table) foot() {
	fmt.Fprintf(t.out, "\nMedians; a ratio above 1 is in our favour, and is the median of the pairs' ratios, the least and the most beside it.\n")
	if t.peak > 0 && t.copy > 0 {
		fmt.Fprintf(t.out, "Roofline: %.0f GFLOP/s in cache and %.1f GB/s of memory, so what does less than %.0f operations a byte of memory waits for it.\n",
			t.peak, t.copy, t.peak/t.copy)
	}
}

// three is a number to three digits.
func three(v float64) string {
	if v == 0 || v >= 100 {
		digits := math.Pow(10, max(0, math.Floor(math.Log10(max(v, 1)))-2))
		return fmt.Sprintf("%.0f", math.Round(v/digits)*digits)
	}
	return fmt.Sprintf("%.3g", v)
}
