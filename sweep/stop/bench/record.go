package main

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// training is a trial as its directory tells of it.
type training struct {
	trial   sweep.Trial
	reports []sweep.Report
}

// record writes the table of a run's curves from its trial directories, gzipped. A
// trial that diverged before its first report has no curve.
func record(run, path string) (err error) {
	all, err := trainings(run)
	if err != nil {
		return fmt.Errorf("record curves of %s: %w", run, err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("record curves: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("record curves: %w", err)
	}
	return errors.Join(write(zip, all), zip.Close())
}

// trainings are a run's, by number.
func trainings(run string) ([]training, error) {
	paths, err := filepath.Glob(filepath.Join(run, "*", "trial.json"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("it holds no trials")
	}
	var all []training
	for _, path := range paths {
		dir := trialdir.Dir(filepath.Dir(path))
		spec, err := dir.Spec()
		if err != nil {
			return nil, err
		}
		reports, err := dir.Reports()
		if err != nil {
			return nil, err
		}
		all = append(all, training{spec.Trial, reports})
	}
	slices.SortFunc(all, func(a, b training) int { return cmp.Compare(a.trial.Number, b.trial.Number) })
	return all, nil
}

func write(to io.Writer, all []training) error {
	params := map[string]bool{}
	for _, t := range all {
		for name := range t.trial.Params {
			params[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(params))
	rows := [][]string{append(slices.Clone(names), "epoch", metric, "seconds")}
	for _, t := range all {
		for _, r := range t.reports {
			var row []string
			for _, name := range names {
				row = append(row, cell(t.trial.Params[name]))
			}
			rows = append(rows, append(row, strconv.Itoa(r.Step), strconv.FormatFloat(r.Metrics[metric], 'f', 4, 64),
				strconv.FormatFloat(r.Time.Sub(t.trial.Started).Seconds(), 'f', 3, 64)))
		}
	}
	return csv.NewWriter(to).WriteAll(rows)
}

// cell is a parameter's value, four digits of a number; one that does not exist is empty.
func cell(v sweep.Value) string {
	if s, ok := v.AsString(); ok {
		return s
	}
	if f, ok := v.AsFloat(); ok {
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	return ""
}
