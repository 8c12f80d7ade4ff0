package results

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// filled is a store of several levels, with a backup.
func filled(tb testing.TB, trials int) *DB {
	tb.Helper()
	db, err := Open(filepath.Join(tb.TempDir(), ".sweep"))
	if err != nil {
		tb.Fatal(err)
	}
	for range 2 {
		run := start(tb, db, Run{Hash: "a", Started: time.Unix(1_700_000_000, 0)})
		rec := db.Record(run)
		for n := range trials {
			t := trial(run, n, sweep.Succeeded, float64(n*7919%trials))
			t.ID = fmt.Sprintf("%s-%08d", run.ID, n)
			t.Steps = 10
			var reports []sweep.Report
			for step := 1; step <= t.Steps; step++ {
				r := t.Best
				r.Step = step
				reports = append(reports, r)
			}
			rec.next.add(t, reports)
			if n%50 == 0 {
				rec.mu.Lock()
				if err := rec.flush(); err != nil {
					tb.Fatal(err)
				}
			}
		}
		if err := errors.Join(rec.Close(), db.Finish(run.ID, Finished, "complete", time.Unix(1_700_000_100, 0))); err != nil {
			tb.Fatal(err)
		}
	}
	for n := 1; n <= trials; n++ {
		if _, err := db.Judge(Judgement{Sweep: "grid", Number: n, By: ByPromote, Took: true, Challenger: contender(fmt.Sprintf("grid-1/%d", n-1))}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := db.KeepBackup(0); err != nil {
		tb.Fatal(err)
	}
	return db
}

// use does what commands do, each in a process of its own, and answers the errors.
func use(tb testing.TB, dir string) (errs []error) {
	tb.Helper()
	for _, command := range []func(db *DB) error{
		func(db *DB) error { _, err := db.Runs(); return err },
		func(db *DB) error { _, err := db.Best("grid-1", 10); return err },
		func(db *DB) error { _, _, err := db.Champion("grid"); return err },
		func(db *DB) error { _, _, err := db.FindTrial("grid-2/3"); return err },
		func(db *DB) error { _, _, err := db.Cached("grid-1-00000007"); return err },
		func(db *DB) error {
			for _, err := range db.Trials("grid-1") {
				if err != nil {
					return err
				}
			}
			return nil
		},
		func(db *DB) error { _, err := db.Record(Run{ID: "grid-2"}).Trials(); return err },
	} {
		db, err := Open(dir)
		if err != nil {
			tb.Fatal(err)
		}
		errs = append(errs, command(db))
	}
	return errs
}

// clear errors name the file, and offer the backup where it is damaged.
func clearErrors(tb testing.TB, what string, errs ...error) (failed bool) {
	tb.Helper()
	for _, err := range errs {
		if err == nil {
			continue
		}
		failed = true
		if errors.Is(err, ErrNotFound) {
			continue
		}
		broken, ok := errors.AsType[*DamagedError](err)
		if !ok || broken.Backup == nil || broken.Backup.Trials == 0 || !strings.Contains(err.Error(), "results.db") {
			tb.Errorf("%s: the error is %v; want one that names the file and its backup", what, err)
		}
	}
	return failed
}

// lay puts content in the place of a store, as another file: what was known of the
// old one counts for nothing.
func lay(tb testing.TB, db *DB, content []byte) {
	tb.Helper()
	if err := os.Remove(db.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
	if err := os.WriteFile(db.file, content, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func content(tb testing.TB, file string) []byte {
	tb.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// faults are those of a store that another process checks.
func faults(tb testing.TB, dir string) []Fault {
	tb.Helper()
	db, err := Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	found, err := db.Inspect()
	if err != nil {
		tb.Fatal(err)
	}
	return found.Faults
}

// A store that is cut off anywhere is told to be damaged, and its backup offered.
func TestTruncatedStore(t *testing.T) {
	db := filled(t, 20)
	whole := content(t, db.file)
	page := os.Getpagesize()
	end, err := newest(db.file)
	if err != nil {
		t.Fatal(err)
	}
	needed := int(end.end) * page
	var cuts []int
	for at := 0; at < len(whole); at += page {
		cuts = append(cuts, at)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		cuts = append(cuts, r.IntN(len(whole)))
	}
	for _, at := range cuts {
		lay(t, db, whole[:at])
		what := fmt.Sprintf("cut at %d of %d", at, needed)
		if failed := clearErrors(t, what, use(t, db.dir)...); failed != (at < needed) {
			t.Errorf("%s: reading failed: %v", what, failed)
		}
		if found := faults(t, db.dir); (len(found) > 0) != (at < needed) {
			t.Errorf("%s: the check finds %v", what, found)
		}
		if again, err := Open(db.dir); err != nil || (again.update(func(*tx) error { return nil }) == nil) != (at >= needed) {
			t.Errorf("%s: writing to it does not answer as reading does", what)
		}
	}
}

// A flipped byte in any page leaves every command to work or to fail with a clear
// error, and the check finds all that are in the heads of pages and elements.
func TestFlippedByte(t *testing.T) {
	trials := 20
	if testing.Short() {
		trials = 5
	}
	db := filled(t, trials)
	whole := content(t, db.file)
	page := os.Getpagesize()
	m, err := newest(db.file)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := openPages(bytes.NewReader(whole), int64(len(whole)), int64(page))
	if err != nil {
		t.Fatal(err)
	}
	free, err := p.freed()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	missed, tried := map[string]int{}, map[string]int{}
	for id := range m.end {
		if free.has(id) {
			continue
		}
		places := []int{8, 9, 10, 11} // kind and count
		for range 3 {
			places = append(places, r.IntN(page))
		}
		if n, err := p.read(id, nil); err == nil && id > 1 {
			for range 3 { // what the elements say
				places = append(places, headerBytes+r.IntN(max(n.count, 1)*elementBytes)%page)
			}
		}
		for _, at := range places {
			flipped := slices.Clone(whole)
			flipped[int(id)*page+at] ^= byte(1 + r.IntN(255))
			lay(t, db, flipped)
			what := fmt.Sprintf("page %d, byte %d", id, at)
			failed := clearErrors(t, what, use(t, db.dir)...)
			found := faults(t, db.dir)
			if failed && len(found) == 0 {
				t.Errorf("%s: a command fails, the check finds nothing: %v", what, use(t, db.dir))
			}
			part := "kind and count"
			if at < 8 || at > 11 {
				part = "elsewhere"
			}
			tried[part]++
			if len(found) == 0 {
				if part == "kind and count" {
					t.Errorf("%s: the check finds nothing", what)
				}
				missed[part]++
			}
			if again, err := Open(db.dir); err != nil {
				t.Fatal(err)
			} else if err := again.KeepBackup(0); (err != nil) && len(found) == 0 {
				t.Errorf("%s: no backup of a store that passes the check: %v", what, err)
			}
		}
	}
	t.Logf("the check misses %d of %d flips elsewhere: in numbers and texts of records, and in unused bytes", missed["elsewhere"], tried["elsewhere"])
}

// A branch that points to itself or to a page above it ends with an error.
func TestCircleOfPages(t *testing.T) {
	db := filled(t, 60)
	whole := content(t, db.file)
	page := os.Getpagesize()
	p, _, err := openPages(bytes.NewReader(whole), int64(len(whole)), int64(page))
	if err != nil {
		t.Fatal(err)
	}
	free, err := p.freed()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for id := uint64(2); id < p.meta.end; id++ {
		n, err := p.read(id, nil)
		if err != nil || free.has(id) || n.kind != branchPage {
			continue
		}
		tried++
		for element := range n.count {
			circle := slices.Clone(whole)
			native.PutUint64(circle[int(id)*page+headerBytes+element*elementBytes+8:], id)
			lay(t, db, circle)
			clearErrors(t, fmt.Sprintf("page %d points to itself", id), use(t, db.dir)...)
			if len(faults(t, db.dir)) == 0 {
				t.Errorf("page %d points to itself, and the check finds nothing", id)
			}
		}
	}
	if tried == 0 {
		t.Fatal("the store has no branches")
	}
}

// A damaged store never replaces a good backup.
func TestBackupStaysGood(t *testing.T) {
	db := filled(t, 60)
	good := content(t, db.BackupFile())
	whole := content(t, db.file)
	m, err := newest(db.file)
	if err != nil {
		t.Fatal(err)
	}
	whole[int(m.root)*os.Getpagesize()+10] ^= 0xff // count of elements
	lay(t, db, whole)
	_, err = db.Backup(db.BackupFile())
	if _, damaged := errors.AsType[*DamagedError](err); !damaged {
		t.Errorf("a damaged store was copied: %v", err)
	}
	if !bytes.Equal(content(t, db.BackupFile()), good) {
		t.Error("the backup has changed")
	}
	if left, _ := filepath.Glob(filepath.Join(db.dir, "*"+partSuffix+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of a record that is longer than a page, only the first page has a head.
func TestBackupStaysGoodInTheMiddleOfARecord(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{Hash: strings.Repeat("long", 4096)})
	if err := db.KeepBackup(0); err != nil {
		t.Fatal(err)
	}
	whole := content(t, db.file)
	defer lay(t, db, slices.Clone(whole))
	at := bytes.LastIndex(whole, []byte(strings.Repeat("long", 1024)))
	copy(whole[at:], bytes.Repeat([]byte{'"', '\n'}, 64))
	lay(t, db, whole)
	if _, err := db.Backup(db.BackupFile()); err == nil || !strings.Contains(err.Error(), "no JSON") {
		t.Errorf("run %s: a damaged store was copied: %v", run.ID, err)
	}
}
