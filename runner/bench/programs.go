package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/results"
)

// sleep is a sweep of programs that sleep for a second and report once.
func (b *bench) sleep(ctx context.Context) ([]figure, error) {
	const slots = 16
	took, cpu, _, err := b.measure(ctx, "sleepers", b.sleepers, slots, 1, 1)
	if err != nil {
		return nil, err
	}
	ideal := time.Duration((b.sleepers+slots-1)/slots) * time.Second
	return []figure{
		{fmt.Sprintf("%d trials of 1 s on %d slots", b.sleepers, slots), seconds(took), seconds(ideal)},
		{"the runner's own CPU, trials ending 16 times a second", share(cpu, took), "0 %"},
	}, nil
}

// report is a sweep of programs that report ten times a second, all at once.
func (b *bench) report(ctx context.Context) ([]figure, error) {
	took, cpu, reports, err := b.measure(ctx, "reporters", b.reporters, b.reporters, b.seconds, 10)
	if err != nil {
		return nil, err
	}
	wanted := b.reporters * b.seconds * 10
	if reports != wanted {
		return nil, fmt.Errorf("%d of %d reports were recorded", reports, wanted)
	}
	return []figure{
		{fmt.Sprintf("%d trials x 10 reports/s x %d s, all %d recorded", b.reporters, b.seconds, reports), seconds(took), seconds(time.Duration(b.seconds) * time.Second)},
		{"the runner's own CPU meanwhile", share(cpu, took), "0 %"},
	}, nil
}

func share(cpu, of time.Duration) string {
	return fmt.Sprintf("%.1f %% of a core", 100*cpu.Seconds()/of.Seconds())
}

// measure runs a sweep of programs that sleep for so many seconds and report so
// often in each, and counts the reports that the store then has.
func (b *bench) measure(ctx context.Context, name string, trials, slots, length, rate int) (took, cpu time.Duration, reports int, err error) {
	const most = 1000 // values of a range
	file := fmt.Sprintf(`minimize = "loss"
params {
  x = range(%d)
  y = range(%d)
}
limits { trials = %d }
command { argv = [%q, %q, %d, %d, param.x] }
runner "local" {
  parallel        = %d
  cores_per_trial = 1
}
`, min(trials, most), (trials+most-1)/most, trials, b.self, childWord, length, rate, slots)
	path := filepath.Join(b.dir, name+".hcl")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		return 0, 0, 0, err
	}
	cmd := exec.CommandContext(ctx, b.sweep, "--dir", filepath.Join(b.dir, ".sweep"), "run", "-q", "--json", path)
	var said strings.Builder
	cmd.Stderr = &said
	start := time.Now() //nolint:forbidigo // it measures
	if err := cmd.Start(); err != nil {
		return 0, 0, 0, err
	}
	used := make(chan time.Duration, 1)
	done := make(chan struct{})
	go func() { used <- follow(cmd.Process.Pid, done) }()
	err = cmd.Wait()
	took = time.Since(start)
	close(done)
	cpu = <-used
	if err != nil {
		return 0, 0, 0, fmt.Errorf("sweep run %s: %w\n%s", path, err, said.String())
	}
	reports, err = b.count(name)
	return took, cpu, reports, err
}

// count is the number of reports that the store has of a sweep's trials.
func (b *bench) count(name string) (int, error) {
	db, err := results.Open(filepath.Join(b.dir, ".sweep"))
	if err != nil {
		return 0, err
	}
	n := 0
	for t, err := range db.Trials(name + "-1") {
		if err != nil {
			return 0, err
		}
		whole, _, err := db.FindTrial(t.Name())
		if err != nil {
			return 0, err
		}
		n += len(whole.Reports)
	}
	return n, nil
}

// follow is what a process used of the processor, without its children, at the
// last look before it ended.
func follow(pid int, done <-chan struct{}) (used time.Duration) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
			_, fields, _ := strings.Cut(string(text), ") ")
			if f := strings.Fields(fields); len(f) > 12 {
				user, _ := strconv.Atoi(f[11])
				system, _ := strconv.Atoi(f[12])
				used = time.Duration(user+system) * 10 * time.Millisecond // clock ticks, of which Linux shows 100 a second
			}
		}
		select {
		case <-tick.C:
		case <-done:
			return used
		}
	}
}

// childWord makes this program a trial's.
const childWord = "child"

// child reports a number so often a second for so many seconds.
func child(args []string) error {
	var length, rate, x int
	if _, err := fmt.Sscan(strings.Join(args, " "), &length, &rate, &x); err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	start := time.Now() //nolint:forbidigo // it keeps time
	f, err := os.OpenFile(filepath.Join(os.Getenv("SWEEP_TRIAL_DIR"), "metrics.jsonl"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	for step := 1; step <= length*rate; step++ {
		time.Sleep(time.Until(start.Add(time.Duration(step) * time.Second / time.Duration(rate))))
		line, err := json.Marshal(map[string]any{"step": step, "loss": x})
		if err != nil {
			return err
		}
		if _, err := f.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return f.Close()
}
