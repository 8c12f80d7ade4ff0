package results

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// By is what an entry of a sweep's record came about by.
type By string

// The ways a champion is decided on.
const (
	ByRun      By = "run" // the end of a run, whose winner was judged
	ByPromote  By = "promote"
	ByRollback By = "rollback"
)

// Contender is a variant that is or might be a sweep's champion. The JSON shape is
// stable.
type Contender struct {
	Trial     string          `json:"trial"` // its best, run and number
	Objective sweep.Objective `json:"objective"`
	Value     float64         `json:"value"` // recorded: over seeds, their mean
	Params    sweep.Params    `json:"params"`
	Seeds     []Seed          `json:"seeds"` // the trials that its value is of

	// Score is its value on the data of the judgement; null: it was not scored anew.
	Score *float64 `json:"score,omitempty"`
}

// Seed is one training of a contender.
type Seed struct {
	Trial string   `json:"trial"`
	ID    string   `json:"id"` // identity
	Data  string   `json:"data,omitempty"`
	Value float64  `json:"value"`           // recorded
	Model string   `json:"model,omitempty"` // directory; empty: it left no model
	Score *float64 `json:"score,omitempty"`
}

// Standing is what the contender counts with: its value on the data it was judged
// on, where it was.
func (c Contender) Standing() float64 {
	if c.Score != nil {
		return *c.Score
	}
	return c.Value
}

// Unscored is the contender as it was recorded.
func (c Contender) Unscored() Contender {
	c.Score, c.Seeds = nil, slices.Clone(c.Seeds)
	for i := range c.Seeds {
		c.Seeds[i].Score = nil
	}
	return c
}

// Best is the seed that the contender is called by.
func (c Contender) Best() Seed {
	i := slices.IndexFunc(c.Seeds, func(s Seed) bool { return s.Trial == c.Trial })
	if i < 0 {
		return Seed{Trial: c.Trial}
	}
	return c.Seeds[i]
}

// Judgement is an entry of a sweep's record: a challenger, whether it became
// champion, and why. The JSON shape is stable.
type Judgement struct {
	Sweep      string     `json:"sweep"`
	Number     int        `json:"number"` // from 1
	Time       time.Time  `json:"time"`
	By         By         `json:"by"`
	Run        string     `json:"run,omitempty"` // whose winner was judged
	Verdict    string     `json:"verdict"`       // in words
	Took       bool       `json:"took"`          // whether the challenger became champion
	Regression bool       `json:"regression,omitempty"`
	Challenger Contender  `json:"challenger"`
	Former     *Contender `json:"former"` // the champion until then; null: there was none

	Gain     *float64 `json:"gain,omitempty"`     // of the challenger over the former, in the objective's direction
	Test     string   `json:"test,omitempty"`     // how the two were compared
	P        *float64 `json:"p,omitempty"`        // how likely such a gain is where there is none
	Examples int      `json:"examples,omitempty"` // that both were scored on
	LeftOut  int      `json:"left_out,omitempty"` // examples that the former had learned from
}

// Champion is who stands after the judgement.
func (j Judgement) Champion() Contender {
	if j.Took || j.Former == nil {
		return j.Challenger
	}
	return *j.Former
}

// Judged is what a run's record says of its judgement.
type Judged struct {
	Number     int    `json:"number"` // in the record of its sweep
	Verdict    string `json:"verdict"`
	Champion   bool   `json:"champion"` // whether its winner became champion
	Regression bool   `json:"regression,omitempty"`
}

// ErrMoved is the answer to a judgement that another has forestalled: it was made
// against a record that is no longer the last.
var ErrMoved = errors.New("another judgement came first")

// Judge adds an entry to a sweep's record, and where a run's winner was judged notes
// that with the run, both or neither. A run is judged once: of one that has been, the
// answer is the entry that is there. j.Number is that of the last entry it knows of,
// plus one; where there are more, the answer is ErrMoved.
func (db *DB) Judge(j Judgement) (Judgement, error) {
	err := db.update(func(tx *tx) error {
		b, err := tx.make(championsBucket)
		if err != nil {
			return err
		}
		var run Run
		if j.By == ByRun {
			if run, err = readRun(tx, j.Run); err != nil {
				return err
			}
			if run.Judged != nil {
				return readJSON(b.Get(championKey(j.Sweep, run.Judged.Number)), &j)
			}
		}
		if last(b, j.Sweep)+1 != j.Number {
			return ErrMoved
		}
		stored := j
		stored.Challenger = j.Challenger.placed(db.stored)
		if j.Former != nil {
			former := j.Former.placed(db.stored)
			stored.Former = &former
		}
		if err := putJSON(b, championKey(j.Sweep, j.Number), stored); err != nil {
			return err
		}
		if j.By != ByRun {
			return nil
		}
		run.Judged = &Judged{Number: j.Number, Verdict: j.Verdict, Champion: j.Took, Regression: j.Regression}
		return writeRun(tx, run)
	})
	return db.found(j), err
}

// Judgements is the record of a sweep, the oldest entry first.
func (db *DB) Judgements(sweepName string) ([]Judgement, error) {
	return db.judgements(append([]byte(sweepName), 0))
}

// Records are the records of all sweeps that have one, by name.
func (db *DB) Records() (map[string][]Judgement, error) {
	all, err := db.judgements(nil)
	out := map[string][]Judgement{}
	for _, j := range all {
		out[j.Sweep] = append(out[j.Sweep], j)
	}
	return out, err
}

// judgements are the entries whose keys begin so.
func (db *DB) judgements(prefix []byte) (out []Judgement, err error) {
	err = db.view(func(tx *tx) error {
		b := tx.perhaps(championsBucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for key, text := c.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, text = c.Next() {
			var j Judgement
			if err := readJSON(text, &j); err != nil {
				return err
			}
			out = append(out, db.found(j))
		}
		return nil
	})
	return out, err
}

// Reigns are the champions of a record that a rollback may go back to, the standing
// one last: each that took the place of another and was not rolled back.
func Reigns(record []Judgement) []Contender {
	var out []Contender
	for _, j := range record {
		switch {
		case j.By == ByRollback:
			out = out[:max(len(out)-1, 0)]
		case j.Took:
			out = append(out, j.Challenger)
		}
	}
	return out
}

// RolledBack are the identities of the trials that were rolled back, and not promoted
// since: a run does not bring them back.
func RolledBack(record []Judgement) map[string]bool {
	out := map[string]bool{}
	for _, j := range record {
		if j.By == ByRollback && j.Former != nil {
			out[j.Former.Best().ID] = true
		} else if j.By == ByPromote {
			delete(out, j.Challenger.Best().ID)
		}
	}
	return out
}

// Champion is the standing champion of a sweep; false: it has none.
func (db *DB) Champion(sweepName string) (Contender, bool, error) {
	record, err := db.Judgements(sweepName)
	if err != nil || len(record) == 0 {
		return Contender{}, false, err
	}
	return record[len(record)-1].Champion(), true, nil
}

// Contender is the variant of a place on a run's leaderboard, with the seeds that its
// value is the mean of.
func (db *DB) Contender(run Run, row Row) (Contender, error) {
	c := Contender{Trial: row.Trial.Name(), Objective: run.Objectives[0], Value: row.Mean, Params: row.Trial.Params}
	for t, err := range db.Trials(run.ID) {
		if err != nil {
			return c, err
		}
		value, ok := run.Value(t)
		if !ok || !t.Outcome.Ranked() || t.Variant != row.Trial.Variant || t.Confirms != row.Confirmed {
			continue
		}
		value = max(-math.MaxFloat64, min(value, math.MaxFloat64)) // JSON has no infinity
		s := Seed{Trial: t.Name(), ID: t.ID, Data: t.Data, Value: value}
		if dir, ok := ModelDir(t); ok {
			s.Model = dir
		}
		c.Seeds = append(c.Seeds, s)
	}
	return c, nil
}

// found is j with the places of its models on this machine.
func (db *DB) found(j Judgement) Judgement {
	j.Challenger = j.Challenger.placed(db.restored)
	if j.Former != nil {
		former := j.Former.placed(db.restored)
		j.Former = &former
	}
	return j
}

func (c Contender) placed(at func(string) string) Contender {
	c.Seeds = slices.Clone(c.Seeds)
	for i := range c.Seeds {
		c.Seeds[i].Model = at(c.Seeds[i].Model)
	}
	return c
}

// championKey is a sweep's name, a zero and a number: the entries of a sweep are
// together and in order.
func championKey(sweepName string, n int) []byte {
	return append(append([]byte(sweepName), 0), number(n)...)
}

// last is the number of a sweep's last entry; 0: there is none.
func last(b *bucket, sweepName string) int {
	n := 0
	prefix := append([]byte(sweepName), 0)
	c := b.Cursor()
	for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Next() {
		n = int(binary.BigEndian.Uint32(key[len(prefix):]))
	}
	return n
}

// champions checks that entries are of their key, and follow each other, and that those
// who stand have their models.
func (i *inspector) champions(t *tx) error {
	b := t.perhaps(championsBucket)
	if b == nil {
		return nil
	}
	next := map[string]int{}
	standing := map[string]Contender{}
	err := b.ForEach(func(key, text []byte) error {
		var j Judgement
		if err := readJSON(text, &j); err != nil {
			return err
		}
		next[j.Sweep]++
		if !bytes.Equal(key, championKey(j.Sweep, j.Number)) || j.Number != next[j.Sweep] {
			i.damaged(fmt.Sprintf("entry %d of the record of sweep %s says it is entry %d", next[j.Sweep], j.Sweep, j.Number))
		}
		standing[j.Sweep] = i.db.found(j).Champion()
		return nil
	})
	for _, name := range slices.Sorted(maps.Keys(standing)) {
		c := standing[name]
		for _, s := range c.Seeds {
			if _, err := os.Stat(s.Model); s.Model != "" && err != nil {
				i.tell("champion of sweep "+name, fmt.Sprintf("the model of trial %s is gone: %v", s.Trial, err), "make another trial champion: sweep champion promote TRIAL")
			}
		}
	}
	return err
}
