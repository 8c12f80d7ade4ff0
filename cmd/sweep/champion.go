package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// championJSON is a sweep's record as --json shows it. The shape is stable.
type championJSON struct {
	Sweep    string              `json:"sweep"`
	Champion *results.Contender  `json:"champion"` // null: none yet
	History  []results.Judgement `json:"history"`  // the newest first
}

func newChampion(o *options) *cobra.Command {
	var asJSON bool
	var n int
	var out string
	cmd := &cobra.Command{
		Use:   "champion [NAME]",
		Short: "Show a sweep's champion and how it became that",
		Long: `Show the standing champion of a sweep, whose file has a champion block, and the
record of how it came to be: each run's winner that was judged against it, and what
was decided by hand.`,
		Example: `  sweep champion
  sweep champion grid --json
  sweep champion grid -o model
  sweep champion promote grid-7/3
  sweep champion rollback grid`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, name, record, err := o.record(argument(args))
			if err != nil {
				return err
			}
			answer := championJSON{Sweep: name, History: []results.Judgement{}}
			for i := range record {
				answer.History = append(answer.History, record[len(record)-1-i])
			}
			if len(record) == 0 {
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), answer)
				}
				return noChampion(name)
			}
			champion := record[len(record)-1].Champion()
			answer.Champion = &champion
			if out != "" {
				if err := o.copyModel(cmd, champion.Trial, champion.Best().Model, out); err != nil {
					return err
				}
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), answer)
			}
			return showRecord(cmd, db, answer, since(record), n)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the whole record")
	cmd.Flags().IntVarP(&n, "n", "n", 20, "show the last N entries of the record")
	cmd.Flags().StringVarP(&out, "output", "o", "", "copy the champion's model into this directory")
	cmd.AddCommand(newPromote(o), newRollback(o))
	return cmd
}

func noChampion(name string) error {
	return hint{fmt.Errorf("sweep %s has no champion yet: a champion block in its file keeps a record", name), "sweep champion promote TRIAL"}
}

// record is the record of a sweep, by its name or that of a run of it; of the newest
// run's where no name is given.
func (o *options) record(name string) (*results.DB, string, []results.Judgement, error) {
	db, err := o.db()
	if err != nil {
		return nil, "", nil, err
	}
	if name != "" { // the record outlives the runs
		record, err := db.Judgements(name)
		if err != nil || len(record) > 0 {
			return db, name, record, err
		}
	}
	run, err := db.Find(name)
	if err != nil {
		return db, "", nil, err
	}
	record, err := db.Judgements(run.Sweep)
	return db, run.Sweep, record, err
}

func showRecord(cmd *cobra.Command, db *results.DB, answer championJSON, since time.Time, n int) error {
	champion := *answer.Champion
	field(cmd, "champion", "%s, of sweep %s", champion.Trial, answer.Sweep)
	field(cmd, "since", "%s", when(since))
	field(cmd, champion.Objective.Name, "%s", number(champion.Value))
	var order []string
	if _, run, err := db.FindTrial(champion.Trial); err == nil {
		order = run.Params
	} else {
		order = union(champion.Params, nil)
	}
	field(cmd, "params", "%s", settings(champion.Params, order))
	if dir := champion.Best().Model; dir != "" {
		field(cmd, "model", "%s", near(dir))
	}
	g := sheet{header: []string{"#", "when", "by", "verdict"}, right: map[int]bool{0: true}}
	for _, j := range answer.History[:min(max(n, 0), len(answer.History))] {
		by := string(j.By)
		if j.By == results.ByRun {
			by = j.Run
		}
		g.add(fmt.Sprint(j.Number), when(j.Time), by, j.Verdict)
	}
	return g.write(cmd)
}

// since is when the standing champion began to stand.
func since(record []results.Judgement) time.Time {
	at := record[0].Time
	for _, j := range record {
		if j.Took {
			at = j.Time
		}
	}
	return at
}

func newPromote(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "promote TRIAL",
		Short: "Make a trial champion of its sweep by hand",
		Long: `Make a trial, with the other seeds of its variant, champion of its sweep, whatever it
measured. Its model is copied, so that it stays when the run is removed; later winners
are judged against it.`,
		Example: `  sweep champion promote grid-7/3`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, t, run, err := o.trial(args[0])
			if err != nil {
				return err
			}
			_, ok := run.Value(t)
			switch {
			case len(run.Objectives) > 1:
				return fmt.Errorf("promote trial %s: run %s has several objectives, and a champion is the best of one", t.Name(), run.ID)
			case !t.Outcome.Ranked() || !ok:
				return fmt.Errorf("promote trial %s: it has no result, it is %s", t.Name(), results.OutcomeName(t.Outcome))
			}
			challenger, err := db.Contender(run, results.Row{Trial: t, Confirmed: t.Confirms})
			if err != nil {
				return err
			}
			for _, s := range challenger.Seeds {
				challenger.Value += s.Value / float64(len(challenger.Seeds))
			}
			return o.decide(cmd, db, run.Sweep, func(record []results.Judgement) (results.Judgement, error) {
				j := results.Judgement{By: results.ByPromote, Challenger: challenger, Verdict: standing(challenger) + " was promoted by hand"}
				if n := len(record); n > 0 && record[n-1].Champion().Trial == t.Name() {
					return j, fmt.Errorf("promote trial %s: it is the champion already", t.Name())
				}
				return j, nil
			})
		},
	}
}

func newRollback(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback [NAME]",
		Short: "Go back to the champion before the standing one",
		Long: `Go back to the champion before the standing one. What was rolled back does not
become champion again by a run that takes it from cache; promote brings it back.`,
		Example: `  sweep champion rollback
  sweep champion rollback grid`,
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeRuns(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, name, _, err := o.record(argument(args))
			if err != nil {
				return err
			}
			return o.decide(cmd, db, name, func(record []results.Judgement) (results.Judgement, error) {
				reigns := results.Reigns(record)
				switch len(reigns) {
				case 0:
					return results.Judgement{}, noChampion(name)
				case 1:
					return results.Judgement{}, fmt.Errorf("roll back the champion of %s: there was none before %s", name, reigns[0].Trial)
				}
				from, to := reigns[len(reigns)-1], reigns[len(reigns)-2]
				return results.Judgement{
					By: results.ByRollback, Challenger: to.Unscored(),
					Verdict: fmt.Sprintf("%s was rolled back by hand: %s is champion again", from.Trial, to.Trial),
				}, nil
			})
		},
	}
}

// decide makes an entry of the record by hand, whoever else does so meanwhile.
func (o *options) decide(cmd *cobra.Command, db *results.DB, name string, entry func(record []results.Judgement) (results.Judgement, error)) error {
	for {
		record, err := db.Judgements(name)
		if err != nil {
			return err
		}
		j, err := entry(record)
		if err != nil {
			return err
		}
		j.Sweep, j.Number, j.Took = name, len(record)+1, true
		j.Time = time.Now() //nolint:forbidigo // the program's own clock
		if len(record) > 0 {
			former := record[len(record)-1].Champion().Unscored()
			j.Former = &former
		}
		if j.Challenger, err = db.KeepModels(name, j.Challenger, noteSeen(db)); err != nil {
			return err
		}
		_, err = db.Judge(j)
		if errors.Is(err, results.ErrMoved) {
			continue
		}
		if err == nil {
			o.say(cmd.ErrOrStderr(), "%s", j.Verdict)
		}
		return err
	}
}

// judged tells how a run's winner fared against the champion, if it was judged.
func (r *runOptions) judged(cmd *cobra.Command, run results.Run) {
	if run.Judged == nil {
		return
	}
	if r.json {
		(&jsonLines{out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr(), run: run}).event(sweep.Event{
			Kind: runJudged, Run: run.ID, Reason: run.Judged.Verdict,
			Time: time.Now(), //nolint:forbidigo // the program's own clock
		})
		return
	}
	r.say(cmd.ErrOrStderr(), "%s", run.Judged.Verdict)
}
