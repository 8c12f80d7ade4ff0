package local

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/inflame-deeplearning/sweep/runner"
	"github.com/inflame-deeplearning/sweep/runner/runnertest"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// A trial that fails while its disk is full has not failed: with room again, it is
// run again.
func TestFullDiskIsNoFailure(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("mount a file system: %v: it takes root", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r := build(t, Config{Parallel: 1, Retry: runner.Policy{}})
	job := runnertest.Job(t, "test -e ../again || { touch ../again; ! cat /dev/zero > ../filler; exit 1; }; echo loss=1")
	job.Trial.Dir = filepath.Join(disk, "000000")
	job.Trial.Task.Model.Config = withDir(job.Trial.Task.Model.Config, job.Trial.Dir)
	_, err := r.Run(t.Context(), job, func(sweep.Report) {})
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "what was recorded before is safe") {
		t.Fatalf("Run = %v", err)
	}
	if err := unix.Unlink(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(t.Context(), job, func(sweep.Report) {})
	if err != nil || result.Outcome != sweep.Succeeded {
		t.Errorf("with room again: %+v, %v", result, err)
	}
}

// withDir is a command in a working directory.
func withDir(config sweep.Value, dir string) sweep.Value {
	fields := map[string]sweep.Value{"dir": sweep.String(dir)}
	maps.Copy(fields, config.Fields())
	return sweep.Object(fields)
}
