package main

import (
	"fmt"
	"os/exec"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// BenchmarkStartup is the whole process of sweep version.
func BenchmarkStartup(b *testing.B) {
	sweep, err := exec.LookPath("sweep")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := exec.CommandContext(b.Context(), sweep, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQueries are whole processes on a store of 100,000 trials.
func BenchmarkQueries(b *testing.B) {
	program, err := exec.LookPath("sweep")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	fillStore(b, dir, 100_000)
	for _, query := range []string{"best", "ls", "show"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if err := exec.CommandContext(b.Context(), program, "--dir", dir, query).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fillStore records n trials, many at a time, so that they share transactions.
func fillStore(b *testing.B, dir string, n int) {
	b.Helper()
	db, err := results.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	run, _, err := db.Start(results.Run{Sweep: "large", Params: []string{"x"}, Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}}})
	if err != nil {
		b.Fatal(err)
	}
	recorder := db.Record(run)
	var group errgroup.Group
	group.SetLimit(5000)
	for i := range n {
		group.Go(func() error {
			return recorder.Put(sweep.Trial{
				Run: run.ID, Number: i, Variant: i, ID: fmt.Sprintf("%016x", i), Params: sweep.Params{"x": sweep.Int(int64(i))},
				Outcome: sweep.Succeeded, Steps: 1, Best: sweep.Report{Step: 1, Metrics: sweep.Metrics{"loss": float64(i * 7919 % n)}},
			})
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := recorder.Close(); err != nil {
		b.Fatal(err)
	}
}
