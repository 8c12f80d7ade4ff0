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

	"go.etcd.io/bbolt"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// The pages of a transaction are written in some order, then its meta page. A power
// cut leaves any part of the former: the store is as it was before.
func TestPowerCut(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	rec := db.Record(run)
	page := os.Getpagesize()
	r := rand.New(rand.NewPCG(5, 6))
	state := func(db *DB) string {
		var b strings.Builder
		for tr, err := range db.Trials(run.ID) {
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, tr.Number, tr.Outcome, tr.Best.Metrics)
		}
		return b.String()
	}
	cut, err := Open(filepath.Join(t.TempDir(), "cut"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cut.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		before, was := content(t, db.file), state(db)
		tr := trial(run, n/2, sweep.Running, 0)
		if n%2 == 1 {
			tr = trial(run, n/2, sweep.Succeeded, float64(n))
		}
		put(t, rec, tr)
		after, is := content(t, db.file), state(db)
		grown := append(slices.Clone(before), make([]byte, len(after)-len(before))...)
		var changed []int
		for at := 2 * page; at < len(after); at += page {
			if !bytes.Equal(grown[at:at+page], after[at:at+page]) {
				changed = append(changed, at)
			}
		}
		states := map[string][]byte{"nothing": before, "room": grown}
		for range 6 {
			some := slices.Clone(grown)
			r.Shuffle(len(changed), func(i, j int) { changed[i], changed[j] = changed[j], changed[i] })
			for _, at := range changed[:r.IntN(len(changed)+1)] {
				copy(some[at:at+page], after[at:at+page])
			}
			states[fmt.Sprint("some pages ", len(states))] = some
		}
		all := slices.Clone(after)
		copy(all[:2*page], grown[:2*page])
		states["all pages"], states["all"] = all, after
		for name, c := range states {
			lay(t, cut, c)
			if err := cut.Check(); err != nil {
				t.Fatalf("put %d, %s: %v", n, name, err)
			}
			want := was
			if name == "all" {
				want = is
			}
			if got := state(cut); got != want {
				t.Fatalf("put %d, %s: the store has\n%swant\n%s", n, name, got, want)
			}
		}
	}
}

// A store that a version before backups made opens, and gets one.
func TestStoreFromBefore(t *testing.T) {
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	old, err := bbolt.Open(db.file, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]map[string]string{
		"meta":       {"version": "1"},
		"sweeps":     {"grid": `{"last":1}`},
		"order":      {"\x00\x00\x00\x00\x00\x00\x00\x01": "grid-1"},
		"identities": {"00000000000000ab": "grid-1/0"},
	}
	err = old.Update(func(tx *bbolt.Tx) error {
		for name, pairs := range records {
			b, err := tx.CreateBucket([]byte(name))
			if err != nil {
				return err
			}
			for k, v := range pairs {
				if err := b.Put([]byte(k), []byte(v)); err != nil {
					return err
				}
			}
		}
		runs, err := tx.CreateBucket([]byte("runs"))
		if err != nil {
			return err
		}
		run, err := runs.CreateBucket([]byte("grid-1"))
		if err != nil {
			return err
		}
		if err := run.Put([]byte("record"), []byte(`{"id":"grid-1","sweep":"grid","file":"grid.hcl","hash":"a","objectives":[{"name":"acc","goal":"maximize"}],"params":["x"],"repeat":1,"search":"grid","status":"finished","started":"2026-01-01T00:00:00Z","counts":{"succeeded":1}}`)); err != nil {
			return err
		}
		board := rank(sweep.Objective{Name: "acc", Goal: sweep.Maximize}, Row{Mean: 0.5}, 0)
		for name, pair := range map[string][2][]byte{
			"trials":   {number(0), []byte(`{"run":"grid-1","number":0,"variant":0,"repeat":0,"id":"00000000000000ab","params":{},"task":{"model":{"type":"","config":null},"train":null},"seed":1,"outcome":"succeeded","best":{"step":1,"metrics":{"acc":0.5}},"steps":1}`)},
			"reports":  {reportKey(0, 1), []byte(`{"step":1,"time":"2026-01-01T00:00:01Z","metrics":{"acc":0.5}}`)},
			"board":    {board, []byte(`{"number":0,"mean":0.5,"sd":0,"seeds":1}`)},
			"variants": {number(0), board},
		} {
			b, err := run.CreateBucket([]byte(name))
			if err != nil {
				return err
			}
			if err := b.Put(pair[0], pair[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, old.Close()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Check(), db.KeepBackup(0)); err != nil {
		t.Fatal(err)
	}
	tr, _, err := db.FindTrial("grid/0")
	if err != nil || tr.ID != "00000000000000ab" || len(tr.Reports) != 1 || tr.Reports[0].Metrics["acc"] != 0.5 {
		t.Errorf("the trial is %+v, %v", tr, err)
	}
	if rows, err := db.Best("grid-1", 1); err != nil || len(rows) != 1 {
		t.Errorf("the leaderboard is %v, %v", rows, err)
	}
}
