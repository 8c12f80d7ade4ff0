package results

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

func TestSampleIsTheMeanOfSeeds(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{Repeat: 2})
	r := db.Record(run)
	for n, ended := range []struct {
		outcome sweep.Outcome
		acc     float64
	}{
		{sweep.Succeeded, 0.5}, {sweep.Stopped, 0.7}, // a variant
		{sweep.Failed, 0.9}, {sweep.Succeeded, 0.2}, // the mean is of those with a result
		{sweep.Running, 0}, {sweep.Succeeded, math.Inf(1)}, // none
	} {
		put(t, r, trial(run, n, ended.outcome, ended.acc))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := db.Sample(run, "acc")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Values, []float64{0.6, 0.2}) || len(s.Variants) != 2 || s.Trials != 3 || s.Stopped != 1 || s.LeftOut != 3 {
		t.Errorf("the sample is %+v", s)
	}
	if _, err := db.Sample(run, "ac"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), `did you mean "acc"`) {
		t.Errorf("a sample of what nobody reports: %v", err)
	}
}

func TestCurveFollowsTheOrderOfEnds(t *testing.T) {
	db := open(t)
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	start(t, db, Run{Sweep: "old"})
	run := start(t, db, Run{Started: began})
	r := db.Record(run)
	for n, ended := range []struct {
		place   int
		outcome sweep.Outcome
		acc     float64
		cached  string
	}{
		{5, sweep.Succeeded, 0.7, ""},
		{1, sweep.Succeeded, 0.5, ""},
		{2, sweep.Failed, 0.9, ""},
		{3, sweep.Stopped, 0.4, ""},
		{4, sweep.Succeeded, 0.6, "old-1/3"},
		{0, sweep.Running, 0.8, ""},
	} {
		x := trial(run, n, ended.outcome, ended.acc)
		x.Ended, x.CachedAs, x.Finished = ended.place, ended.cached, began.Add(time.Duration(10*ended.place)*time.Second)
		if ended.cached != "" {
			x.Finished = began.Add(-time.Hour)
		}
		put(t, r, x)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	points, err := db.Curve(run)
	if err != nil {
		t.Fatal(err)
	}
	want := []Point{
		{"grid-1/1", 1, 10, 0.5, 0.5, true},
		{"grid-1/3", 3, 30, 0.4, 0.5, false},
		{"grid-1/4", 4, 30, 0.6, 0.6, true},
		{"grid-1/0", 5, 50, 0.7, 0.7, true},
	}
	if !slices.Equal(points, want) {
		t.Errorf("the curve is %v, want %v", points, want)
	}
}
