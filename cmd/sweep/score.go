package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/contest"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// scored are a challenger and a champion on the same examples.
type scored struct {
	examples []int // of the split, those that the champion has not learned from
	leftOut  int   // the others
	sides    [2]contest.Side
}

// scoreBoth scores the models of j's two contenders on a split of the data of t, and
// notes their scores. The error says in words why they cannot be.
func scoreBoth(ctx context.Context, db *results.DB, t sweep.Trial, j *results.Judgement, split string, p *config.Plugins) (out scored, err error) {
	metric, ok := strings.CutPrefix(j.Challenger.Objective.Name, artifact.Val+"_")
	switch {
	case t.Task.Data == nil:
		return out, errors.New("models of other programs cannot be scored here")
	case !ok:
		return out, fmt.Errorf("%s is not a score on examples", j.Challenger.Objective.Name)
	}
	data, err := artifact.Open(db.CacheDir(), t.Data)
	if err != nil {
		return out, err
	}
	defer data.Close() //nolint:errcheck // it was only read
	truth, ok := data.Splits[split]
	if !ok {
		return out, fmt.Errorf("the data has no split %s", split)
	}
	src, err := p.Data.New(sweep.Spec{}, *t.Task.Data)
	if err != nil {
		return out, err
	}
	build := func(b sweep.Block) (model.Trainer, error) { return p.Models.New(sweep.Spec{}, b) }
	var last artifact.Meta // seeds of a variant have the same
	var known artifact.Examples
	inputs := func(m artifact.Meta) (artifact.Examples, error) {
		if known == nil || !reflect.DeepEqual(m, last) {
			if known, err = data.Again(ctx, *t.Task.Data, src, split, m); err != nil {
				return nil, err
			}
			last = m
		}
		return known, nil
	}
	var answers [2][]model.Answers
	contenders := [2]*results.Contender{&j.Challenger, j.Former}
	for i, c := range contenders {
		for _, s := range c.Seeds {
			if s.Model == "" {
				return out, fmt.Errorf("trial %s has left no model", s.Trial)
			}
			a, err := model.Answer(ctx, s.Model, build, inputs, truth, data.Meta)
			if err != nil {
				return out, fmt.Errorf("trial %s cannot be scored on this data: %w", s.Trial, err)
			}
			answers[i] = append(answers[i], a)
		}
		if len(c.Seeds) == 0 {
			return out, fmt.Errorf("trial %s has no seed", c.Trial)
		}
	}
	if out.examples, err = unseen(j.Former.Best(), t.Data, truth.Len(), inputs); err != nil {
		return out, err
	}
	if out.leftOut = truth.Len() - len(out.examples); len(out.examples) == 0 {
		return out, fmt.Errorf("trial %s has learned from all examples of the split %s", j.Former.Trial, split)
	}
	for i, c := range contenders {
		if out.sides[i], err = side(c, answers[i], metric, out.examples); err != nil {
			return out, err
		}
	}
	if o := j.Challenger.Objective; j.Former.Objective != o { // the sweep's is another now, and so is what it goes by
		j.Former.Objective, j.Former.Value = o, *j.Former.Score
		for i := range j.Former.Seeds {
			j.Former.Seeds[i].Value = *j.Former.Seeds[i].Score
		}
	}
	return out, nil
}

// seenFile is beside a champion's model: the examples that it has learned from.
const seenFile = "seen"

// noteSeen writes it, where the data is still there.
func noteSeen(db *results.DB) func(results.Seed, string) error {
	var seen artifact.Seen
	of := "" // seeds of a variant have the same
	return func(s results.Seed, dir string) error {
		if s.Data != of {
			data, err := artifact.Open(db.CacheDir(), s.Data)
			if errors.Is(err, fs.ErrNotExist) { // cleared away: nothing can be left out for it
				return nil
			}
			if err != nil {
				return err
			}
			seen, of = data.Seen(), s.Data
			if err := data.Close(); err != nil {
				return err
			}
		}
		f, err := os.OpenFile(filepath.Join(dir, seenFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("note what trial %s has learned from: %w", s.Trial, err)
		}
		_, err = seen.WriteTo(f)
		return errors.Join(err, f.Sync(), f.Close())
	}
}

// unseen are the examples of a split of n that a champion has not learned from. Splits
// are drawn anew when data changes, so that what was in the training split may be in
// this one; of the same data they are the same.
func unseen(s results.Seed, data string, n int, inputs func(artifact.Meta) (artifact.Examples, error)) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(s.Model, seenFile))
	if s.Data == data || errors.Is(err, fs.ErrNotExist) { // there is nothing to leave out, or nothing known of it
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	seen, err := artifact.ReadSeen(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d, err := model.Describe(s.Model)
	if err != nil {
		return nil, err
	}
	x, err := inputs(d.Data)
	if err != nil {
		return nil, err
	}
	return seen.Unseen(x, d.Data), nil
}

// side is a contender by its scores on those examples, which it notes.
func side(c *results.Contender, answers []model.Answers, metric string, examples []int) (s contest.Side, err error) {
	total := 0.0
	for i, a := range answers {
		value, ok := a.Metric(metric, examples)
		if !ok {
			return s, fmt.Errorf("%s is not a score of these models", c.Objective.Name)
		}
		s.Values = append(s.Values, value)
		c.Seeds[i].Score = &value
		total += value / float64(len(answers))
		each, ok := a.Each(metric)
		if !ok {
			continue
		}
		of := make([]float64, len(examples))
		for k, example := range examples {
			of[k] = each[example]
		}
		s.Each = append(s.Each, of)
	}
	c.Score = &total
	s.Over = func(sample []int) float64 {
		some := make([]int, len(sample))
		for k, i := range sample {
			some[k] = examples[i]
		}
		sum := 0.0
		for _, a := range answers {
			value, _ := a.Metric(metric, some)
			sum += value / float64(len(answers))
		}
		return sum
	}
	return s, nil
}
