package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// BenchmarkQueries are whole processes on a store of 100,000 trials with 100
// reports each, of about a gigabyte.
func BenchmarkQueries(b *testing.B) {
	program, err := exec.LookPath("sweep")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	fillStore(b, dir, 100_000, 100)
	info, err := os.Stat(filepath.Join(dir, "results.db"))
	if err != nil {
		b.Fatal(err)
	}
	for _, query := range []string{"best", "ls", "trials --limit 20", "show", "show large/77777", "db backup"} {
		b.Run(strings.ReplaceAll(query, " ", "_"), func(b *testing.B) {
			var busy time.Duration // of the processor: without what others on the machine do
			n := 0
			for b.Loop() {
				args := append([]string{"--dir", dir}, strings.Fields(query)...)
				cmd := exec.CommandContext(b.Context(), program, args...)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				busy += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				n++
			}
			b.ReportMetric(float64(busy.Microseconds())/1000/float64(n), "cpu-ms/op")
			b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
		})
	}
}

// fillStore records n trials, many at a time, so that they share transactions.
func fillStore(b *testing.B, dir string, n, reports int) {
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
	group.SetLimit(2000)
	for i := range n {
		group.Go(func() error {
			curve := make([]sweep.Report, reports)
			for step := range curve {
				curve[step] = sweep.Report{Step: step + 1, Time: time.Unix(1_800_000_000, 0), Metrics: sweep.Metrics{"loss": float64(i*7919%n + reports - step)}}
			}
			return recorder.Put(sweep.Trial{
				Run: run.ID, Number: i, Variant: i, ID: fmt.Sprintf("%016x", i), Params: sweep.Params{"x": sweep.Int(int64(i))},
				Outcome: sweep.Succeeded, Steps: reports, Best: curve[reports-1],
			}, curve...)
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := recorder.Close(); err != nil {
		b.Fatal(err)
	}
}
