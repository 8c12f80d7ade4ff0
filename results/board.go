package results

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// Row is a place on the leaderboard: a variant, by the mean over its seeds.
type Row struct {
	Number int     `json:"number"` // of the variant's best trial
	Mean   float64 `json:"mean"`   // of the first objective
	SD     float64 `json:"sd"`     // over the seeds; 0 for one
	Seeds  int     `json:"seeds"`  // with a result

	Diverged int `json:"diverged,omitempty"` // seeds that diverged: the worst there is, so the variant is behind all that always had a result

	Confirmed bool `json:"confirmed,omitempty"` // then the seeds are fresh ones

	Violation float64 `json:"violation,omitempty"` // of the run's constraint; that of the worst seed

	Trial sweep.Trial `json:"-"`
}

// rankVariant puts the variant of a trial that was just recorded in its place on
// the leaderboard.
func rankVariant(b *bucket, run Run, recorded sweep.Trial) error {
	board, variants, trials := b.Bucket(boardBucket), b.Bucket(variantsBucket), b.Bucket(trialsBucket)
	variant := recorded.Variant
	if old := variants.Get(number(variant)); old != nil {
		if err := board.Delete(old); err != nil {
			return err
		}
		if err := variants.Delete(number(variant)); err != nil {
			return err
		}
	}
	objective := run.Objectives[0]
	repeat := max(run.Repeat, 1)
	row := Row{Number: -1}
	numbers := make([]int, repeat)
	for i := range numbers {
		numbers[i] = variant*repeat + i
	}
	if run.Confirming > 0 {
		c := trials.Cursor()
		for key, _ := c.Seek(number(run.Confirming)); key != nil; key, _ = c.Next() {
			numbers = append(numbers, int(binary.BigEndian.Uint32(key)))
		}
	}
	var values []float64
	var best sweep.Trial
	diverged := map[bool]int{} // seeds, by whether they were to confirm
	for _, n := range numbers {
		t := recorded
		if n != recorded.Number {
			text := trials.Get(number(n))
			if text == nil {
				continue
			}
			t = sweep.Trial{}
			if err := readJSON(text, &t); err != nil {
				return fmt.Errorf("trial %d: %w", n, err)
			}
		}
		t, _ = t.Settled() // one that was paused and goes on keeps its place
		if t.Outcome == sweep.Diverged && t.Variant == variant {
			diverged[t.Confirms]++
		}
		value, ok := t.Best.Metrics[objective.Name]
		if !t.Outcome.Ranked() || !ok || math.IsNaN(value) {
			continue
		}
		if t.Confirms && t.Variant != variant {
			continue
		}
		if t.Confirms && !row.Confirmed { // the first results decided that it is confirmed, and no more
			row, values = Row{Number: -1, Confirmed: true}, nil
		}
		values = append(values, value)
		row.Mean += value
		row.Violation = max(row.Violation, t.Violation)
		if row.Number < 0 || t.Ahead(best, objective) {
			row.Number, best = n, t
		}
	}
	if len(values) == 0 {
		return nil
	}
	row.Seeds, row.Diverged = len(values), diverged[row.Confirmed]
	row.Mean /= float64(row.Seeds)
	if row.Seeds > 1 {
		for _, v := range values {
			row.SD += (v - row.Mean) * (v - row.Mean)
		}
		row.SD = math.Sqrt(row.SD / float64(row.Seeds-1))
	}
	if math.IsInf(row.Mean, 0) || math.IsNaN(row.SD) { // JSON has no such numbers
		row.SD = 0
		row.Mean = math.Copysign(math.MaxFloat64, row.Mean)
	}
	key := rank(objective, row, variant)
	if err := putJSON(board, key, row); err != nil {
		return err
	}
	return variants.Put(number(variant), key)
}
