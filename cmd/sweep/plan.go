package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// plan is what a run would do. The JSON shape is stable.
type plan struct {
	Sweep    string         `json:"sweep"`
	Search   string         `json:"search"`
	Choice   string         `json:"choice,omitempty"` // of a search that chooses its method: which, and why
	Variants *int           `json:"variants"`         // null: without end
	Trials   *int           `json:"trials"`           // with repeats and limits
	Done     int            `json:"done"`             // have a result that would be taken over
	Gone     int            `json:"gone"`             // have a result and are no longer asked for
	Seconds  *float64       `json:"seconds"`          // the rest may take, by the pace of earlier trials
	First    []sweep.Params `json:"first"`
}

func newPlan(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	var first int
	var asJSON bool
	var on string
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Show what a run would do, without doing it",
		Long: `Show the variants that a run would train: how many, the first ones, what is done
already, and how long the rest may take where earlier trials tell.`,
		Example: `  sweep plan examples/grid.hcl
  sweep plan grid.hcl -n 20 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, _, err := readFile(args[0], vars, p, config.On(on))
			if err != nil {
				return err
			}
			db, err := o.db()
			if err != nil {
				return err
			}
			made, err := makePlan(db, file, first)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), made)
			}
			return made.write(cmd, file)
		},
	}
	runnerFlag(cmd, &on, p)
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the file, NAME=VALUE")
	cmd.Flags().IntVarP(&first, "n", "n", 5, "variants to show")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func makePlan(db *results.DB, file *config.File, first int) (plan, error) {
	from, err := sources(db, file)
	if err != nil {
		return plan{}, err
	}
	if _, err := setOut(db, file, results.Run{WarmStart: from, Started: time.Now()}); err != nil { //nolint:forbidigo // the program's own clock
		return plan{}, err
	}
	made := plan{Sweep: file.Spec.Name, Search: file.SearchName, Choice: file.Choice, First: []sweep.Params{}}
	var asked sweep.History // by a search that learns, none of which has ended
	for n := range first {
		v, err := file.Searcher.Next(n, asked)
		if errors.Is(err, sweep.ErrExhausted) || errors.Is(err, sweep.ErrWait) {
			break
		}
		if err != nil {
			return made, err
		}
		made.First = append(made.First, v)
		asked = append(asked, sweep.Trial{Number: n, Variant: n, Params: v})
	}
	known, pace, err := history(db, file)
	if err != nil {
		return made, err
	}
	variants := 0
	if file.Finite && file.SearchName == "grid" {
		// One walk counts the variants and those done; known is as large as the
		// store's results, not as the space.
		limit := math.MaxInt
		if n := file.Spec.Limits.Trials; n > 0 {
			limit = (n + file.Spec.Repeat - 1) / file.Spec.Repeat
		}
		if len(known) == 0 {
			if variants, err = file.Spec.Space.Size(limit); err != nil {
				return made, err
			}
		} else {
			for v, err := range file.Spec.Space.Variants() {
				if err != nil {
					return made, err
				}
				if variants++; known[v.Key()] > 0 {
					made.Done += known[v.Key()]
					delete(known, v.Key())
				}
				if variants >= limit {
					break
				}
			}
		}
		made.Gone = len(known)
		made.Variants = &variants
	}
	trials, err := planned(file)
	if err != nil {
		return made, err
	}
	if trials > 0 {
		made.Trials = &trials
	}
	if made.Variants == nil && trials > 0 {
		variants = (trials + file.Spec.Repeat - 1) / file.Spec.Repeat
		made.Variants = &variants
	}
	if pace > 0 && trials > 0 {
		slots := 1
		if s, ok := file.Runner.(sweep.Slotted); ok {
			slots = s.Slots()
		}
		rest := pace * float64(max(trials-made.Done, 0)) / float64(slots)
		made.Seconds = &rest
	}
	return made, nil
}

// history is how many trials with a result that would be taken over there are
// for each variant, and the mean seconds of a trial.
func history(db *results.DB, file *config.File) (known map[string]int, pace float64, err error) {
	known = map[string]int{}
	seen := map[string]bool{}
	sum, n := 0.0, 0
	for t, err := range db.Results(file.Spec.Name) {
		if err != nil {
			return nil, 0, err
		}
		if seen[t.ID] || t.Confirms {
			continue
		}
		seen[t.ID] = true
		sum, n = sum+t.Seconds, n+1
		// The same parameters may stand for another task than they did then.
		fitted, err := file.Spec.Space.Fit(t.Params)
		if err != nil {
			known[t.Params.Key()+" "]++ // no longer asked for
			continue
		}
		task, _, err := file.Spec.Resolve(fitted)
		if err == nil && sweep.Identify(task, t.Seed, t.Data, t.Parent) == t.ID {
			known[t.Params.Key()]++
		}
	}
	if n > 0 {
		pace = sum / float64(n)
	}
	return known, pace, nil
}

func (p plan) write(cmd *cobra.Command, file *config.File) error {
	field(cmd, "sweep", "%s, %s search", p.Sweep, p.Search)
	if p.Choice != "" {
		field(cmd, "method", "%s", p.Choice)
	}
	count := "without end"
	if p.Variants != nil {
		count = fmt.Sprint(*p.Variants)
	}
	if p.Trials != nil && (p.Variants == nil || *p.Trials != *p.Variants) {
		count += fmt.Sprintf(" (%d trials)", *p.Trials)
	}
	field(cmd, "variants", "%s", count)
	field(cmd, "done", "%d", p.Done)
	if p.Gone > 0 {
		field(cmd, "gone", "%d have a result and are no longer asked for", p.Gone)
	}
	if p.Seconds != nil {
		field(cmd, "estimate", "%v", time.Duration(*p.Seconds*float64(time.Second)).Round(time.Second))
	}
	names := file.Spec.Space.Names()
	g := sheet{header: append([]string{"variant"}, names...)}
	for i, v := range p.First {
		cells := []string{fmt.Sprint(i)}
		for _, name := range names {
			value, ok := v[name]
			if !ok {
				cells = append(cells, "-")
				continue
			}
			cells = append(cells, value.String())
		}
		g.add(cells...)
	}
	if len(p.First) == 0 {
		return nil
	}
	if err := g.write(cmd); err != nil {
		return err
	}
	if _, learns := file.Searcher.(sweep.Learner); learns {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "later ones follow from results\n")
		return err
	}
	return nil
}
