package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// metric is what the curves are of; the larger the better.
const metric = "val_accuracy"

// table is recorded trainings, all of the same number of epochs.
type table struct {
	curves []curve
	epochs int
	best   float64 // of all epochs of all curves
}

// curve is one training.
type curve struct {
	values  []float64 // validation accuracy after each epoch
	seconds []float64 // each epoch took
	launch  float64   // seconds from the start to the first epoch, which each launch takes
}

// open reads a table; no path is the one that comes with the program.
func open(path string) (table, error) {
	text, err := recorded, error(nil)
	if path != "" {
		text, err = os.ReadFile(path)
	} else {
		path = "curves.csv.gz"
	}
	if err != nil {
		return table{}, fmt.Errorf("open table of curves: %w", err)
	}
	var in io.Reader = bytes.NewReader(text)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			return table{}, fmt.Errorf("open table of curves %s: %w", path, err)
		}
	}
	t, err := read(in)
	if err != nil {
		return table{}, fmt.Errorf("read table of curves %s: %w", path, err)
	}
	return t, nil
}

// read reads rows of parameters, epoch, metrics and the seconds since the start,
// variant by variant and epoch by epoch. A curve shorter than others has diverged.
func read(in io.Reader) (table, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return table{}, err
	}
	if len(rows) < 2 {
		return table{}, fmt.Errorf("there are no curves")
	}
	head := rows[0]
	epoch, value, seconds := slices.Index(head, "epoch"), slices.Index(head, metric), slices.Index(head, "seconds")
	if min(epoch, value, seconds) < 0 {
		return table{}, fmt.Errorf("columns are %q: epoch, %s and seconds must be among them", head, metric)
	}
	var t table
	elapsed := 0.0
	for i, row := range rows[1:] {
		var n, v, s float64
		for column, f := range map[int]*float64{epoch: &n, value: &v, seconds: &s} {
			if *f, err = strconv.ParseFloat(row[column], 64); err != nil {
				return table{}, fmt.Errorf("line %d: %w", i+2, err)
			}
		}
		if n == 1 {
			t.curves = append(t.curves, curve{})
			elapsed = 0
		}
		if len(t.curves) == 0 {
			return table{}, fmt.Errorf("line %d: epoch %g comes before the first", i+2, n)
		}
		c := &t.curves[len(t.curves)-1]
		c.values, c.seconds = append(c.values, v), append(c.seconds, s-elapsed)
		elapsed = s
		if len(c.values) != int(n) {
			return table{}, fmt.Errorf("line %d: epoch %g follows epoch %d", i+2, n, len(c.values)-1)
		}
		t.epochs = max(t.epochs, len(c.values))
		t.best = max(t.best, v)
	}
	for i := range t.curves {
		t.curves[i].part()
	}
	return t, nil
}

// part takes the launch out of the first epoch's time, as far as that is longer
// than the second's.
func (c *curve) part() {
	if len(c.seconds) > 1 {
		c.launch = max(c.seconds[0]-c.seconds[1], 0)
		c.seconds[0] -= c.launch
	}
}

// reach counts the curves that come to a value at some epoch.
func (t table) reach(value float64) int {
	n := 0
	for _, c := range t.curves {
		if slices.Max(c.values) >= value {
			n++
		}
	}
	return n
}
