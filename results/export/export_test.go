package export_test

import (
	"bytes"
	stdcsv "encoding/csv"
	stdjson "encoding/json"
	"iter"
	"math"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/export"
	"github.com/inflame-deeplearning/sweep/results/export/csv"
	"github.com/inflame-deeplearning/sweep/results/export/json"
	"github.com/inflame-deeplearning/sweep/results/export/parquet"
	"github.com/inflame-deeplearning/sweep/sweep"
)

var run = results.Run{ID: "grid-1", Sweep: "grid", Params: []string{"lr", "opt", "mixed"}, Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}}

// trials are three, with what makes tables hard: parameters that are missing or
// of mixed types, commas and quotes, NaN.
func trials() iter.Seq2[sweep.Trial, error] {
	list := []sweep.Trial{
		{Run: "grid-1", Number: 0, Outcome: sweep.Succeeded, Params: sweep.Params{"lr": sweep.Float(0.1), "opt": sweep.String(`a,"b"`), "mixed": sweep.Int(1)}, Best: sweep.Report{Metrics: sweep.Metrics{"loss": 0.5}}, Started: time.Unix(1000, 0)},
		{Run: "grid-1", Number: 1, Outcome: sweep.Failed, Params: sweep.Params{"lr": sweep.Int(1), "mixed": sweep.String("x")}},
		{Run: "grid-1", Number: 2, Outcome: sweep.Diverged, Params: sweep.Params{"lr": sweep.Float(2.5)}, Best: sweep.Report{Metrics: sweep.Metrics{"loss": math.NaN(), "acc": 1}}},
	}
	return func(yield func(sweep.Trial, error) bool) {
		for _, t := range list {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func columns(t *testing.T) []export.Column {
	t.Helper()
	c, err := export.Columns(run, trials())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCSVComesBack(t *testing.T) {
	var b bytes.Buffer
	if err := csv.Write(&b, columns(t), trials()); err != nil {
		t.Fatal(err)
	}
	rows, err := stdcsv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatal(rows, err)
	}
	cell := func(row int, name string) string {
		for i, column := range rows[0] {
			if column == name {
				return rows[row][i]
			}
		}
		t.Errorf("no column %s in %v", name, rows[0])
		return ""
	}
	for _, test := range []struct {
		row        int
		name, want string
	}{
		{1, "trial", "grid-1/0"},
		{1, "param.lr", "0.1"},
		{2, "param.lr", "1"},
		{1, "param.opt", `a,"b"`},
		{2, "param.opt", ""},
		{2, "param.mixed", "x"},
		{3, "metric.loss", "NaN"},
		{1, "metric.acc", ""},
		{1, "started", "1970-01-01T00:16:40Z"},
		{2, "started", ""},
	} {
		if got := cell(test.row, test.name); got != test.want {
			t.Errorf("row %d, %s is %q, want %q", test.row, test.name, got, test.want)
		}
	}
}

func TestParquetComesBack(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, columns(t), trials()); err != nil {
		t.Fatal(err)
	}
	type row struct {
		Trial  string   `parquet:"trial,optional"`
		Number int64    `parquet:"number,optional"`
		LR     *float64 `parquet:"param.lr,optional"`
		Opt    *string  `parquet:"param.opt,optional"`
		Mixed  *string  `parquet:"param.mixed,optional"`
		Loss   *float64 `parquet:"metric.loss,optional"`
		Acc    *float64 `parquet:"metric.acc,optional"`
	}
	rows, err := pq.Read[row](bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	if r := rows[0]; r.Trial != "grid-1/0" || *r.LR != 0.1 || *r.Opt != `a,"b"` || *r.Mixed != "1" || *r.Loss != 0.5 || r.Acc != nil {
		t.Errorf("first row %+v", r)
	}
	if r := rows[1]; r.Number != 1 || *r.LR != 1 || r.Opt != nil || r.Loss != nil {
		t.Errorf("second row %+v", r)
	}
	if r := rows[2]; !math.IsNaN(*r.Loss) || *r.Acc != 1 {
		t.Errorf("third row %+v", r)
	}
}

func TestJSONComesBack(t *testing.T) {
	for name, all := range map[string]iter.Seq2[sweep.Trial, error]{"three": trials(), "none": func(func(sweep.Trial, error) bool) {}} {
		var b bytes.Buffer
		if err := json.Write(&b, run, all); err != nil {
			t.Fatal(err)
		}
		var list []results.TrialJSON
		if err := stdjson.Unmarshal(b.Bytes(), &list); err != nil {
			t.Fatalf("%s: %v in %s", name, err, b.Bytes())
		}
		if name == "none" {
			if len(list) != 0 {
				t.Errorf("%d trials of none", len(list))
			}
			continue
		}
		if len(list) != 3 || list[0].Objective.Value != 0.5 || list[1].Objective != nil || list[2].Metrics["acc"] != 1 {
			t.Errorf("trials %+v", list)
		}
	}
}
