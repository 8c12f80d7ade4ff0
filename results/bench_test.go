//go:build unix

package results

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// BenchmarkReports records reports of 96 running trials, each from a goroutine of
// its own, and waits until all are durable.
func BenchmarkReports(b *testing.B) {
	db := open(b)
	run := start(b, db, Run{})
	rec := db.Record(run)
	const trials = 96
	running := make([]sweep.Trial, trials)
	for n := range running {
		running[n] = realistic(run, n)
		put(b, rec, running[n])
	}
	b.ResetTimer()
	busy := cpu(b)
	var group sync.WaitGroup
	for n := range running {
		group.Go(func() {
			t := running[n]
			for i := n; i < b.N; i += trials {
				t.Steps++
				t.Best = sweep.Report{Step: t.Steps, Time: time.Unix(1_800_000_000, 123456789), Metrics: sweep.Metrics{"acc": 0.9321234, "loss": 0.2123, "val_loss": 0.3123}}
				if err := rec.Put(t, t.Best); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := rec.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
	b.ReportMetric(float64((cpu(b)-busy).Microseconds())/float64(b.N), "cpu-µs/report")
}

// BenchmarkTrials records the start and the end of trivial trials, from 16 slots.
func BenchmarkTrials(b *testing.B) {
	db := open(b)
	run := start(b, db, Run{})
	rec := db.Record(run)
	const slots = 16
	b.ResetTimer()
	busy := cpu(b)
	var group sync.WaitGroup
	for slot := range slots {
		group.Go(func() {
			for n := slot; n < b.N; n += slots {
				t := realistic(run, n)
				err := record(rec, t)
				t.Outcome, t.Best, t.Steps = sweep.Succeeded, sweep.Report{Step: 1, Metrics: sweep.Metrics{"acc": float64(n)}}, 1
				if err == nil {
					err = record(rec, t, t.Best)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := rec.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
	if m, err := newest(db.file); err == nil {
		b.ReportMetric(float64(b.N)/float64(m.tx), "trials/transaction")
	}
	b.ReportMetric(float64((cpu(b)-busy).Microseconds())/float64(b.N), "cpu-µs/trial")
}

// BenchmarkBackup copies and checks a store of 10,000 trials with 100 reports each.
func BenchmarkBackup(b *testing.B) {
	db := open(b)
	run := start(b, db, Run{})
	rec := db.Record(run)
	for n := range 10_000 {
		t := realistic(run, n)
		t.Outcome, t.Steps = sweep.Succeeded, 100
		curve := make([]sweep.Report, t.Steps)
		for i := range curve {
			curve[i] = sweep.Report{Step: i + 1, Time: t.Started, Metrics: sweep.Metrics{"acc": float64(n)}}
		}
		t.Best = curve[0]
		rec.next.add(t, curve)
		if n%1000 == 999 {
			rec.mu.Lock()
			if err := rec.flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	busy := cpu(b)
	n := 0
	var c Copy
	for b.Loop() {
		var err error
		if c, err = db.Backup(db.BackupFile()); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64((cpu(b)-busy).Milliseconds())/float64(n), "cpu-ms/op")
	b.ReportMetric(float64(c.Bytes)/(1<<20), "MiB")
}

// cpu is the processor's time that this process has had: what others on the
// machine do is not in it.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// realistic is a running trial of a sweep with a model of some attributes.
func realistic(run Run, n int) sweep.Trial {
	t := trial(run, n, sweep.Running, 0)
	t.ID = fmt.Sprintf("%016x", n*7919)
	t.Best = sweep.Report{}
	t.Params = sweep.Params{"lr": sweep.Float(0.001234 * float64(n+1)), "hidden": sweep.Int(128), "activation": sweep.String("relu"), "dropout": sweep.Float(0.25)}
	t.Task.Model = sweep.Block{Type: "mlp", Config: sweep.Object(map[string]sweep.Value{"hidden": sweep.List(sweep.Int(128), sweep.Int(64)), "activation": sweep.String("relu"), "dropout": sweep.Float(0.25)})}
	t.Task.Data = &sweep.Block{Type: "glyphs", Config: sweep.Object(map[string]sweep.Value{"count": sweep.Int(1000), "size": sweep.Int(16)})}
	t.Task.Train = sweep.Object(map[string]sweep.Value{"epochs": sweep.Int(10), "learning_rate": sweep.Float(0.001)})
	t.Started = time.Unix(1_800_000_000, 0)
	return t
}
