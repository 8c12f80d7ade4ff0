package main

import (
	"context"
	"errors"
	"fmt"
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
	examples []int // of the split
	sides    [2]contest.Side
}

// scoreBoth scores the models of j's two contenders on a split of the data of t, and
// notes their scores. The error says in words why they cannot be.
func scoreBoth(ctx context.Context, db *results.DB, t sweep.Trial, j *results.Judgement, split string, p *config.Plugins) (out scored, err error) {
	metric, ok := strings.CutPrefix(j.Challenger.Objective.Name, artifact.Val+"_")
	switch {
	case t.Task.Data == nil:
		return out, errors.New("a command's model is its own")
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
	inputs := func(m artifact.Meta) (artifact.Examples, error) {
		return data.Again(ctx, *t.Task.Data, src, split, m)
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
	for i := range truth.Len() {
		out.examples = append(out.examples, i)
	}
	for i, c := range contenders {
		if out.sides[i], err = side(c, answers[i], metric, out.examples); err != nil {
			return out, err
		}
	}
	return out, nil
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
