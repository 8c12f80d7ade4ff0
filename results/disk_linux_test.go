package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// disk is a file system of its own, of so many bytes.
func disk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("mount a file system: %v: it takes root", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a full disk recording fails with an error that says so, and the store stays
// good; with room again it goes on.
func TestFullDisk(t *testing.T) {
	dir := disk(t, "size=600k")
	db, err := Open(filepath.Join(dir, ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	run := start(t, db, Run{Hash: "a"})
	if err := db.KeepBackup(0); err != nil {
		t.Fatal(err)
	}
	good := content(t, db.BackupFile())
	rec := db.Record(run)
	recorded := 0
	for ; err == nil && recorded < 10_000; recorded++ {
		err = record(rec, trial(run, recorded, sweep.Succeeded, float64(recorded)))
	}
	recorded--
	if !strings.Contains(err.Error(), "no space left on device") || !strings.Contains(err.Error(), "free some space") || !strings.Contains(err.Error(), db.file) {
		t.Fatalf("trial %d: %v; want an error that names the file, and what to do", recorded, err)
	}
	if err := db.Check(); err != nil {
		t.Error(err)
	}
	if found, err := db.Find(run.ID); err != nil || found.Trials() < recorded {
		t.Errorf("%d of %d trials are there, %v", found.Trials(), recorded, err)
	}
	if err := db.KeepBackup(0); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a backup on a full disk: %v", err)
	}
	if string(content(t, db.BackupFile())) != string(good) {
		t.Error("the backup has changed")
	}
	if left, err := filepath.Glob(filepath.Join(db.dir, "*"+partSuffix+"*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	again, err := Open(db.dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, again.Record(run), trial(run, recorded, sweep.Succeeded, 1))
	if err := errors.Join(again.Check(), again.KeepBackup(0)); err != nil {
		t.Error(err)
	}
}

// A store of which not even the first pages could be written is none: nobody is told
// later that it is damaged.
func TestFullDiskAtFirst(t *testing.T) {
	dir := disk(t, "size=8k")
	db, err := Open(filepath.Join(dir, ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Start(Run{Sweep: "grid"}); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("Start = %v; want an error that says that the disk is full, and what to do", err)
	}
	if left, err := filepath.Glob(filepath.Join(db.dir, "results.db*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	start(t, db, Run{})
	if err := db.Check(); err != nil {
		t.Error(err)
	}
}

// What is on a file system that cannot be written is read all the same.
func TestReadOnlyDisk(t *testing.T) {
	dir := disk(t, "size=4m")
	db, err := Open(filepath.Join(dir, ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	run := start(t, db, Run{})
	put(t, db.Record(run), trial(run, 0, sweep.Succeeded, 1))
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if rows, err := db.Best(run.ID, 1); err != nil || len(rows) != 1 {
		t.Errorf("Best = %v, %v", rows, err)
	}
	if err := db.Check(); err != nil {
		t.Error(err)
	}
	err = record(db.Record(run), trial(run, 1, sweep.Succeeded, 1))
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("Put = %v; want an error that says that it cannot be written, and what to do", err)
	}
}

// A directory of somebody else's is told as such.
func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere: TestReadOnlyDisk does the same")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	db, err := Open(filepath.Join(dir, ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Start(Run{Sweep: "grid"}); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("Start = %v; want an error that says that it cannot be written, and what to do", err)
	}
}
