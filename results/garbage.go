package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Keep is what a sweep keeps.
type Keep struct {
	Runs      int  // the newest; 0: all
	Models    int  // the best; 0: all
	Champions bool // whether those that no longer stand keep their models
}

// Garbage is what sweeps do not keep. The JSON shape is stable.
type Garbage struct {
	Runs      []GarbageRun `json:"runs"`      // with all that is in their directories
	Models    []GarbageDir `json:"models"`    // models and checkpoints of trials of other runs
	Champions []GarbageDir `json:"champions"` // models of champions that no longer stand
	Needed    []NeededRun  `json:"needed"`    // runs that would go, and stay
}

// GarbageRun is a run that is not kept.
type GarbageRun struct {
	Run    string   `json:"run"`
	Trials int      `json:"trials"`
	Shared []string `json:"shared,omitempty"` // directories outside the workspace that have trials of it
	Bytes  int64    `json:"bytes"`
}

// GarbageDir is what a trial has left and is not kept.
type GarbageDir struct {
	Trial string   `json:"trial"`
	Dirs  []string `json:"dirs"`
	Bytes int64    `json:"bytes"`
}

// NeededRun is a run that stays since another one has results from it.
type NeededRun struct {
	Run string `json:"run"`
	By  string `json:"by"`
}

// Bytes is how much the garbage takes.
func (g Garbage) Bytes() int64 {
	var sum int64
	for _, r := range g.Runs {
		sum += r.Bytes
	}
	for _, d := range slices.Concat(g.Models, g.Champions) {
		sum += d.Bytes
	}
	return sum
}

// goesOn reports whether a run is being worked on or can be gone on with: Start does
// so with the newest of a sweep that has not finished.
func goesOn(r Run, newest bool) bool {
	return r.Status == Running || newest && r.Status != Finished
}

// Garbage is what the sweeps named do not keep. It is looked for, and left alone.
func (db *DB) Garbage(keep map[string]Keep) (Garbage, error) {
	g := Garbage{Runs: []GarbageRun{}, Models: []GarbageDir{}, Champions: []GarbageDir{}, Needed: []NeededRun{}}
	all, err := db.Runs()
	if err != nil {
		return g, err
	}
	var kept []Run // of all sweeps
	err = db.view(func(tx *tx) error {
		beyond := excess(all, keep)
		needed, err := needs(tx, all, beyond)
		if err != nil {
			return err
		}
		for _, r := range all {
			switch by, isNeeded := needed[r.ID]; {
			case !beyond[r.ID]:
				kept = append(kept, r)
			case isNeeded:
				kept, g.Needed = append(kept, r), append(g.Needed, NeededRun{r.ID, by})
			default:
				g.Runs = append(g.Runs, GarbageRun{Run: r.ID, Trials: r.Trials(), Shared: r.Shared})
			}
		}
		return nil
	})
	if err != nil {
		return g, err
	}
	for i := range g.Runs {
		if g.Runs[i].Bytes, err = db.uses(g.Runs[i]); err != nil {
			return g, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		if k := keep[name]; k.Models > 0 {
			models, err := db.excessModels(name, k.Models, kept)
			if err != nil {
				return g, err
			}
			g.Models = append(g.Models, models...)
		}
		if !keep[name].Champions {
			champions, err := db.fallen(name)
			if err != nil {
				return g, err
			}
			g.Champions = append(g.Champions, champions...)
		}
	}
	return g, nil
}

// excess are the runs beyond those that their sweeps keep; all is the newest first.
func excess(all []Run, keep map[string]Keep) map[string]bool {
	seen, beyond := map[string]int{}, map[string]bool{}
	for _, r := range all {
		if seen[r.Sweep]++; keep[r.Sweep].Runs > 0 && seen[r.Sweep] > keep[r.Sweep].Runs && !goesOn(r, seen[r.Sweep] == 1) {
			beyond[r.ID] = true
		}
	}
	return beyond
}

// needs are the runs beyond what is kept from which others have results, or a search
// that goes on has set out, and one of those others.
func needs(tx *tx, all []Run, beyond map[string]bool) (map[string]string, error) {
	needed, seen, looked := map[string]string{}, map[string]bool{}, map[string]bool{}
	var look []Run
	for _, r := range all {
		newest := !seen[r.Sweep]
		if seen[r.Sweep] = true; beyond[r.ID] {
			continue
		}
		look = append(look, r)
		if goesOn(r, newest) {
			for _, from := range r.WarmStart {
				if beyond[from] {
					needed[from] = r.ID
				}
			}
		}
	}
	for len(look) > 0 || len(needed) > 0 {
		if len(look) == 0 { // those that are needed need others
			for _, r := range all {
				if _, ok := needed[r.ID]; ok && !looked[r.ID] {
					looked[r.ID] = true
					look = append(look, r)
				}
			}
			if len(look) == 0 {
				break
			}
		}
		r := look[0]
		if look = look[1:]; r.Cached == 0 {
			continue
		}
		err := each(tx, r.ID, func(t brief) {
			from, _, _ := strings.Cut(t.CachedAs, "/")
			if _, known := needed[from]; beyond[from] && !known {
				needed[from] = r.ID
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return needed, nil
}

// brief is the little of a trial's record that this takes; the rest costs time.
type brief struct {
	ID       string        `json:"id"`
	Number   int           `json:"number"`
	CachedAs string        `json:"cached_as"`
	Outcome  sweep.Outcome `json:"outcome"`
	Data     string        `json:"data"`
	Dir      string        `json:"dir"`
}

// graded is a brief with what ranks it.
type graded struct {
	brief
	Best      sweep.Report `json:"best"`
	Violation float64      `json:"violation"`
}

// each decodes what a T takes of the records of a run's trials.
func each[T any](tx *tx, run string, do func(T)) error {
	b := tx.run(run)
	if b == nil {
		return nil
	}
	c := b.Bucket(trialsBucket).Cursor()
	for _, text := c.First(); text != nil; _, text = c.Next() {
		var t T
		if err := json.Unmarshal(text, &t); err != nil {
			return damage{fmt.Errorf("decode record: %w", err)}
		}
		do(t)
	}
	return nil
}

// heavy are what a trial has left that is not its result.
var heavy = []string{"model", "checkpoint"}

// excessModels are the models of a sweep's trials beyond the best ones. Those of runs
// that go on stay, and those of the newest winners.
func (db *DB) excessModels(sweepName string, most int, kept []Run) ([]GarbageDir, error) {
	stays := map[string]bool{} // directories of trials
	var trials []sweep.Trial
	var objective sweep.Objective
	seen, ended := map[string]bool{}, map[string]bool{} // sweeps
	for _, r := range kept {                            // of other sweeps too: they may have taken trials over
		newest := !seen[r.Sweep]
		seen[r.Sweep] = true
		ongoing := goesOn(r, newest)
		if r.Sweep == sweepName && objective.Name == "" {
			objective = r.Objectives[0]
		}
		if newest || r.Status == Finished && !ended[r.Sweep] {
			ended[r.Sweep] = r.Status == Finished
			rows, err := db.Best(r.ID, 1)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				stays[row.Trial.Dir] = true
			}
		}
		if !ongoing && r.Sweep != sweepName {
			continue
		}
		var ours map[string]bool
		var err error
		if !ongoing { // else all of its trials stay
			if ours, err = db.ours(r); err != nil {
				return nil, err
			}
		}
		err = db.view(func(tx *tx) error {
			return each(tx, r.ID, func(t graded) {
				switch dir := db.restored(t.Dir); {
				case ongoing:
					stays[dir] = true
				case t.CachedAs == "" && ours[filepath.Dir(dir)]:
					trials = append(trials, sweep.Trial{Run: r.ID, Number: t.Number, Outcome: t.Outcome, Dir: dir, Best: t.Best, Violation: t.Violation})
				}
			})
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(trials, func(a, b sweep.Trial) int {
		switch {
		case better(a, b, objective):
			return -1
		case better(b, a, objective):
			return 1
		}
		return 0
	})
	out := []GarbageDir{}
	left := most
	for _, t := range trials {
		d := GarbageDir{Trial: t.Name()}
		for _, name := range heavy {
			path := filepath.Join(t.Dir, name)
			_, err := os.Lstat(path)
			_, half := os.Lstat(path + goneAlong) // a removal was cut off
			if err == nil || half == nil {
				d.Dirs = append(d.Dirs, path)
			}
		}
		switch _, has := ModelDir(t); {
		case len(d.Dirs) == 0:
		case has && left > 0 && ranks(t, objective):
			left--
		case stays[t.Dir]:
		default:
			for _, path := range d.Dirs {
				n, err := diskUse(path)
				half, herr := diskUse(path + goneAlong)
				if err := errors.Join(err, herr); err != nil {
					return nil, err
				}
				d.Bytes += n + half
			}
			out = append(out, d)
		}
	}
	return out, nil
}

func ranks(t sweep.Trial, o sweep.Objective) bool {
	_, ok := t.Best.Metrics[o.Name]
	return ok && t.Outcome.Ranked()
}

// better is whether a comes before b; those without a result come last.
func better(a, b sweep.Trial, o sweep.Objective) bool {
	if x, y := ranks(a, o), ranks(b, o); !x || !y {
		return x && !y
	}
	return a.Ahead(b, o)
}

// fallen are the models of a sweep's champions that no longer stand.
func (db *DB) fallen(sweepName string) ([]GarbageDir, error) {
	record, err := db.Judgements(sweepName)
	if err != nil || len(record) == 0 {
		return nil, err
	}
	stands := map[string]bool{}
	for _, s := range record[len(record)-1].Champion().Seeds {
		stands[s.Model] = true
	}
	out := []GarbageDir{}
	seen := map[string]bool{}
	for _, j := range record {
		for _, s := range j.Challenger.Seeds {
			if s.Model == "" || stands[s.Model] || seen[s.Model] || filepath.Dir(s.Model) != db.ChampionsDir(sweepName) {
				continue
			}
			seen[s.Model] = true
			if _, err := os.Lstat(s.Model); err != nil {
				continue
			}
			n, err := diskUse(s.Model)
			if err != nil {
				return nil, err
			}
			out = append(out, GarbageDir{Trial: s.Trial, Dirs: []string{s.Model}, Bytes: n})
		}
	}
	return out, nil
}

// diskUse is how many bytes the files below a path have; what is gone by then has none.
func diskUse(path string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for garbage: %w", err)
	}
	return sum, nil
}
