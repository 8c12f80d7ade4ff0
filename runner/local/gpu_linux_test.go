package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
	"github.com/inflame-deeplearning/sweep/runner/runnertest"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// standIn names the directory of the library that stands in for the driver's, in the
// process that is started with it.
const standIn = "FAKE_NVML"

// TestMemoryOfGPUs runs its cases in a process that finds testdata/nvml.c in the
// place of the driver's library.
func TestMemoryOfGPUs(t *testing.T) {
	if os.Getenv(standIn) != "" {
		memoryOfGPUs(t)
		return
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler for the library that stands in for the driver's")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), cc, "-shared", "-fPIC", "-o", filepath.Join(dir, "libnvidia-ml.so.1"), "testdata/nvml.c").CombinedOutput(); err != nil {
		t.Fatalf("compile: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestMemoryOfGPUs$")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+dir, standIn+"="+filepath.Join(dir, "held"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// hold is a script that holds so many bytes of the trial's GPU for a while.
func hold(bytes, seconds string) string {
	return `echo loss=2; echo "$CUDA_VISIBLE_DEVICES $$ ` + bytes + `" >> $FAKE_NVML; sleep ` + seconds + `; sed -i "/ $$ /d" $FAKE_NVML; echo loss=1`
}

func memoryOfGPUs(t *testing.T) {
	t.Helper()
	if found := gpu.Probe(); len(found.GPUs) != 2 || found.GPUs[1].Name != "Stand-in 1" || found.GPUs[1].MemoryTotal != 1000 || found.Driver != "580.0" {
		t.Fatalf("found %+v", found)
	}
	r := build(t, Config{GPUs: "1", TrialsPerGPU: 2, Grace: time.Second})
	first, err := r.Run(t.Context(), runnertest.Job(t, hold("600", "1.5")), func(sweep.Report) {}) // it is looked at each second
	if err != nil || first.PeakGPUMemory != 600 || first.Device != "gpu 1" {
		t.Fatalf("Run = %+v, %v", first, err)
	}
	// Two like it do not fit: the second begins when the first is over.
	order := make(chan string, 4)
	run := func() error {
		_, err := r.Run(t.Context(), runnertest.Job(t, hold("600", "0.3")), func(rep sweep.Report) {
			if rep.Step == 1 {
				order <- "begins"
			}
		})
		order <- "over"
		return err
	}
	var group errgroup.Group
	group.Go(run)
	group.Go(run)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"begins", "over", "begins", "over"} {
		if got := <-order; got != want {
			t.Fatalf("a trial %s where one should be: %s", got, want)
		}
	}
}
