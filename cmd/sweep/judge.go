package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/results/contest"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// judge decides whether a run's winner becomes champion of its sweep, and whether the
// run is a regression, where the file asks for that. It comes before the run's end is
// recorded: a run that is killed in between is gone on with, and what was judged
// stands.
func (o *options) judge(cmd *cobra.Command, db *results.DB, run results.Run, file *config.File, p *config.Plugins) error {
	if file.Champion == nil && file.Regression == nil || run.Judged != nil {
		return nil
	}
	rows, err := db.Best(run.ID, 1)
	switch {
	case err != nil:
		return err
	case len(rows) == 0:
		o.say(cmd.ErrOrStderr(), "run %s has no result to judge: the champion stays", run.ID)
		return nil
	case rows[0].Violation > 0:
		o.say(cmd.ErrOrStderr(), "no trial of run %s is feasible: the champion stays", run.ID)
		return nil
	}
	if former, ok, err := db.Champion(run.Sweep); err == nil && ok {
		o.say(cmd.ErrOrStderr(), "judging %s against the champion, %s", rows[0].Trial.Name(), former.Trial)
	}
	for {
		j, ok, err := judgement(cmd.Context(), db, run, rows[0], file, p)
		if err != nil || !ok {
			return err
		}
		if j.Took {
			if j.Challenger, err = db.KeepModels(j.Sweep, j.Challenger, noteSeen(db)); err != nil {
				return err
			}
		}
		if _, err = db.Judge(j); !errors.Is(err, results.ErrMoved) {
			return err
		}
	}
}

// judgeAndTell is judge for a run whose trials other programs have trained.
func (o *options) judgeAndTell(cmd *cobra.Command, db *results.DB, run results.Run, file *config.File, p *config.Plugins) error {
	if err := o.judge(cmd, db, run, file, p); err != nil {
		return err
	}
	run, err := db.Find(run.ID)
	if err == nil && run.Judged != nil {
		o.say(cmd.ErrOrStderr(), "%s", run.Judged.Verdict)
	}
	return err
}

// judgement is what becomes of a run's winner, as the record stands; false: there is
// nothing to judge it by.
func judgement(ctx context.Context, db *results.DB, run results.Run, row results.Row, file *config.File, p *config.Plugins) (j results.Judgement, ok bool, err error) {
	record, err := db.Judgements(run.Sweep)
	if err != nil {
		return j, false, err
	}
	j = results.Judgement{
		Sweep: run.Sweep, Number: len(record) + 1, By: results.ByRun, Run: run.ID,
		Time: time.Now(), //nolint:forbidigo // the program's own clock
	}
	if j.Challenger, err = db.Contender(run, row); err != nil {
		return j, false, err
	}
	if len(record) == 0 {
		j.Took = true
		j.Verdict = fmt.Sprintf("%s is the first champion", standing(j.Challenger))
		return j, file.Champion != nil, nil
	}
	former := record[len(record)-1].Champion().Unscored()
	j.Former = &former
	if is := j.Challenger.Best(); is.ID != "" && is.ID == former.Best().ID && is.Value == former.Best().Value {
		j.Verdict = fmt.Sprintf("%s stays: %s is the same", standing(former), j.Challenger.Trial)
		return j, true, nil
	}
	result, examples, why, err := compare(ctx, db, row.Trial, &j, file, p)
	if err != nil {
		return j, false, err
	}
	if math.IsNaN(result.Gain) {
		j.Verdict = fmt.Sprintf("%s stays: %s cannot be compared with it, as %s", standing(former), j.Challenger.Trial, why)
		return j, true, nil
	}
	j.Gain, j.Test, j.Examples = &result.Gain, result.Test, examples
	if !math.IsNaN(result.P) {
		j.P = &result.P
	}
	barred := results.RolledBack(record)[j.Challenger.Best().ID]
	j.Took = file.Champion != nil && result.Beats && !barred
	j.Regression = file.Regression != nil && result.Gain < -file.Regression.Drop
	j.Verdict = inWords(j, file, why)
	if barred && result.Beats {
		j.Verdict += fmt.Sprintf("; it was rolled back before: sweep champion promote %s brings it back", j.Challenger.Trial)
	}
	return j, true, nil
}

// inWords says a comparison in words. why is why the two were not scored on the same
// data.
func inWords(j results.Judgement, file *config.File, why string) string {
	var b strings.Builder
	if j.Took {
		fmt.Fprintf(&b, "%s takes the place of %s", standing(j.Challenger), standing(*j.Former))
	} else {
		fmt.Fprintf(&b, "%s stays, against %s", standing(*j.Former), standing(j.Challenger))
	}
	fmt.Fprintf(&b, " (%+.3g", j.Challenger.Standing()-j.Former.Standing())
	switch {
	case j.P == nil:
	case *j.P > 0 && *j.P < 1e-4:
		fmt.Fprintf(&b, ", p<0.0001 by %s", j.Test)
	default:
		fmt.Fprintf(&b, ", p=%.2g by %s", *j.P, j.Test)
	}
	if j.LeftOut > 0 {
		fmt.Fprintf(&b, ", %d more left out that %s has learned from", j.LeftOut, j.Former.Trial)
	}
	if c := file.Champion; c != nil && !j.Took && *j.Gain > 0 {
		switch {
		case *j.Gain < c.MinGain:
			fmt.Fprintf(&b, ", below min_gain %g", c.MinGain)
		case j.P != nil && *j.P > c.Alpha:
			fmt.Fprintf(&b, ", above alpha %g", c.Alpha)
		}
	}
	b.WriteString(")")
	if why != "" {
		fmt.Fprintf(&b, ", by recorded values, as %s", why)
	}
	if j.P == nil && j.Took && file.Champion.Test != "none" {
		b.WriteString(", untested: neither examples nor seeds to compare")
	}
	if j.Regression {
		fmt.Fprintf(&b, "; a regression by %.3g, where %g is allowed", -*j.Gain, file.Regression.Drop)
	}
	return b.String()
}

// standing is a contender with its value.
func standing(c results.Contender) string {
	return fmt.Sprintf("%s %s", c.Trial, number(c.Standing()))
}

// compare compares j's challenger, of which t is a trial, with the champion: on the
// data of t where both can be scored on it, else by what was recorded; why says
// then why. The gain is NaN where neither can be done.
func compare(ctx context.Context, db *results.DB, t sweep.Trial, j *results.Judgement, file *config.File, p *config.Plugins) (result contest.Result, examples int, why string, err error) {
	rules, split := contest.Rules{}, artifact.Val
	if c := file.Champion; c != nil {
		rules.MinGain, split = c.MinGain, c.Split
		if c.Test != "none" {
			rules.Alpha = c.Alpha
		}
	}
	objective := j.Challenger.Objective
	sign := objective.Loss(-1) // 1 where larger values are better
	scored, err := scoreBoth(ctx, db, t, j, split, p)
	switch {
	case ctx.Err() != nil:
		return result, 0, "", ctx.Err()
	case err == nil:
		n := len(scored.examples)
		j.LeftOut = scored.leftOut
		return rules.Compare(scored.sides[0], scored.sides[1], n, sign), n, "", nil
	case j.Former.Objective != objective:
		result.Gain = math.NaN()
		return result, 0, fmt.Sprintf("that was the best by %s %s; and %v", j.Former.Objective.Goal, j.Former.Objective.Name, err), nil
	}
	j.Challenger, *j.Former = j.Challenger.Unscored(), j.Former.Unscored()
	var sides [2]contest.Side
	for i, c := range []results.Contender{j.Challenger, *j.Former} {
		for _, s := range c.Seeds {
			sides[i].Values = append(sides[i].Values, s.Value)
		}
	}
	return rules.Compare(sides[0], sides[1], 0, sign), 0, err.Error(), nil
}
