package results

import (
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"
)

// Several processes that make the same store at once have one, also where the quickest
// already makes its backup and clears away.
func TestStoreIsMadeOnce(t *testing.T) {
	for range 100 {
		dir := filepath.Join(t.TempDir(), ".sweep")
		var group errgroup.Group
		for range 4 {
			group.Go(func() error {
				db, err := Open(dir)
				if err != nil {
					return err
				}
				if err := db.update(func(*tx) error { return nil }); err != nil {
					return err
				}
				return db.KeepBackup(0)
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "results.db"+partSuffix+"*")); err != nil || len(left) > 0 {
			t.Fatalf("left behind: %v, %v", left, err)
		}
	}
}
