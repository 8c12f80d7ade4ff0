package results

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// contender is one that a trial of the sweep grid is, by its name.
func contender(name string) Contender {
	return Contender{Trial: name, Objective: sweep.Objective{Name: "acc", Goal: sweep.Maximize}, Value: 0.9, Params: sweep.Params{}, Seeds: []Seed{{Trial: name, ID: "id of " + name, Value: 0.9}}}
}

func judge(tb testing.TB, db *DB, j Judgement) Judgement {
	tb.Helper()
	record, err := db.Judgements("grid")
	if err != nil {
		tb.Fatal(err)
	}
	j.Sweep, j.Number, j.Time = "grid", len(record)+1, time.Unix(int64(len(record)), 0).UTC()
	if len(record) > 0 {
		former := record[len(record)-1].Champion()
		j.Former = &former
	}
	done, err := db.Judge(j)
	if err != nil {
		tb.Fatal(err)
	}
	return done
}

func TestARunIsJudgedOnce(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	first := judge(t, db, Judgement{By: ByRun, Run: run.ID, Took: true, Verdict: "the first", Challenger: contender("grid-1/3")})
	again := judge(t, db, Judgement{By: ByRun, Run: run.ID, Took: false, Verdict: "another thing", Challenger: contender("grid-1/4")})
	if first.Number != 1 || again.Number != 1 || again.Verdict != "the first" || again.Challenger.Trial != "grid-1/3" {
		t.Errorf("judged %+v, then %+v", first, again)
	}
	record, err := db.Judgements("grid")
	if err != nil || len(record) != 1 {
		t.Fatalf("the record is %+v, %v", record, err)
	}
	found, err := db.Find(run.ID)
	if err != nil || found.Judged == nil || *found.Judged != (Judged{Number: 1, Verdict: "the first", Champion: true}) {
		t.Errorf("the run says %+v, %v", found.Judged, err)
	}
}

func TestAJudgementAgainstAnOldRecordIsRefused(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{})
	judge(t, db, Judgement{By: ByPromote, Took: true, Challenger: contender("grid-1/0")})
	_, err := db.Judge(Judgement{Sweep: "grid", Number: 1, By: ByRun, Run: run.ID, Took: true, Challenger: contender("grid-1/3")})
	if !errors.Is(err, ErrMoved) {
		t.Errorf("the answer is %v", err)
	}
	if found, err := db.Find(run.ID); err != nil || found.Judged != nil {
		t.Errorf("the run says that it was judged: %+v, %v", found.Judged, err)
	}
}

func TestReigns(t *testing.T) {
	type entry struct {
		by    By
		trial string
		took  bool
	}
	for _, test := range []struct {
		name       string
		record     []entry
		champion   string
		reigns     []string
		rolledBack []string
	}{
		{"the first", []entry{{ByRun, "a", true}}, "a", []string{"a"}, nil},
		{"one that stays", []entry{{ByRun, "a", true}, {ByRun, "b", false}}, "a", []string{"a"}, nil},
		{"two falls", []entry{{ByRun, "a", true}, {ByRun, "b", true}, {ByPromote, "c", true}}, "c", []string{"a", "b", "c"}, nil},
		{"rolled back", []entry{{ByRun, "a", true}, {ByRun, "b", true}, {ByRollback, "a", true}}, "a", []string{"a"}, []string{"b"}},
		{"rolled back twice", []entry{{ByRun, "a", true}, {ByRun, "b", true}, {ByRun, "c", true}, {ByRollback, "b", true}, {ByRollback, "a", true}}, "a", []string{"a"}, []string{"b", "c"}},
		{"promoted again", []entry{{ByRun, "a", true}, {ByRun, "b", true}, {ByRollback, "a", true}, {ByPromote, "b", true}}, "b", []string{"a", "b"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := open(t)
			for _, e := range test.record {
				j := Judgement{By: e.by, Took: e.took, Challenger: contender(e.trial)}
				if e.by == ByRun {
					j.Run = start(t, db, Run{Fresh: true}).ID
				}
				judge(t, db, j)
			}
			record, err := db.Judgements("grid")
			if err != nil {
				t.Fatal(err)
			}
			if c, ok, err := db.Champion("grid"); err != nil || !ok || c.Trial != test.champion {
				t.Errorf("the champion is %s, %v; want %s", c.Trial, err, test.champion)
			}
			var reigns []string
			for _, c := range Reigns(record) {
				reigns = append(reigns, c.Trial)
			}
			if !slices.Equal(reigns, test.reigns) {
				t.Errorf("the reigns are %v, want %v", reigns, test.reigns)
			}
			back := RolledBack(record)
			for _, name := range test.rolledBack {
				if !back["id of "+name] {
					t.Errorf("%s is not among those rolled back: %v", name, back)
				}
			}
			if len(back) != len(test.rolledBack) {
				t.Errorf("rolled back are %v, want %v", back, test.rolledBack)
			}
		})
	}
}

// Sweeps whose names begin alike have records of their own.
func TestRecordsAreApart(t *testing.T) {
	db := open(t)
	for _, name := range []string{"grid", "grid-2", "gri"} {
		for n := 1; n <= 2; n++ {
			if _, err := db.Judge(Judgement{Sweep: name, Number: n, By: ByPromote, Took: true, Challenger: contender(name)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := db.Records()
	if err != nil || len(all) != 3 {
		t.Fatalf("the records are %v, %v", all, err)
	}
	for name, record := range all {
		if len(record) != 2 || record[0].Number != 1 || record[1].Number != 2 || record[0].Challenger.Trial != name {
			t.Errorf("the record of %s is %+v", name, record)
		}
	}
}

// A contender has the seeds that the leaderboard ranked its variant by.
func TestContenderHasItsSeeds(t *testing.T) {
	db := open(t)
	run := start(t, db, Run{Repeat: 2})
	rec := db.Record(run)
	for n, acc := range []float64{0.5, 0.6, 0.8, 0.9} {
		put(t, rec, trial(run, n, sweep.Succeeded, acc))
	}
	confirming := trial(run, 4, sweep.Succeeded, 0.7)
	confirming.Variant, confirming.Repeat, confirming.Confirms = 1, 2, true
	put(t, rec, confirming)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Best(run.ID, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{0.7}, {0.5, 0.6}} {
		c, err := db.Contender(run, rows[i])
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		for _, s := range c.Seeds {
			got = append(got, s.Value)
		}
		if !slices.Equal(got, want) || c.Best().Trial != c.Trial {
			t.Errorf("contender %s has the seeds %v, want %v", c.Trial, got, want)
		}
	}
}

// What a kill leaves of a copy is no model, and the next copy is whole.
func TestKeepModels(t *testing.T) {
	db := open(t)
	model := filepath.Join(t.TempDir(), "model")
	if err := os.MkdirAll(model, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.json", "weights.safetensors"} {
		if err := os.WriteFile(filepath.Join(model, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := contender("grid-1/3")
	c.Seeds[0].Model = model
	left := filepath.Join(db.ChampionsDir("grid"), "grid-1-3.part")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "weights.safetensors"), []byte("wei"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it there
		kept, err := db.KeepModels("grid", c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(db.ChampionsDir("grid"), "grid-1-3"); kept.Seeds[0].Model != want || c.Seeds[0].Model != model {
			t.Errorf("the model is kept in %s, want %s; the contender had it in %s", kept.Seeds[0].Model, want, c.Seeds[0].Model)
		}
		for _, name := range []string{"model.json", "weights.safetensors"} {
			if text, err := os.ReadFile(filepath.Join(kept.Seeds[0].Model, name)); err != nil || string(text) != name {
				t.Errorf("%s is %q, %v", name, text, err)
			}
		}
		if err := os.RemoveAll(filepath.Join(model, "weights.safetensors")); err != nil { // the run is gone
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what the kill left is still there")
	}
	// The workspace can be moved: the store has the place within it.
	c, err := db.KeepModels("grid", c, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, db, Judgement{By: ByPromote, Took: true, Challenger: c})
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(db.Dir(), moved); err != nil {
		t.Fatal(err)
	}
	there, err := Open(moved)
	if err != nil {
		t.Fatal(err)
	}
	champion, _, err := there.Champion("grid")
	if want := filepath.Join(moved, "champions", "grid", "grid-1-3"); err != nil || champion.Best().Model != want {
		t.Errorf("the champion's model is in %s, %v; want %s", champion.Best().Model, err, want)
	}
}

// A record with a gap is told.
func TestCheckFindsAMissingJudgement(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), ".sweep"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		judge(t, db, Judgement{By: ByPromote, Took: true, Challenger: contender(name)})
	}
	if err := db.Check(); err != nil {
		t.Fatal(err)
	}
	err = db.with(bbolt.Options{}, func(tx *tx) error { return tx.Bucket(championsBucket).Delete(championKey("grid", 2)) })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Check(); err == nil {
		t.Error("the check finds nothing")
	}
}
