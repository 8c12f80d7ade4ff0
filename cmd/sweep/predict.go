package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

func newPredict(o *options, p *config.Plugins) *cobra.Command {
	var run, champion, dir string
	var all, write bool
	cmd := &cobra.Command{
		Use:   "predict INPUT...",
		Short: "Score images, rows or texts with a winning model",
		Long: `Score inputs with the best model of a run, one JSON object a line. An input is an
image file, a CSV file (each row) or a row, or a text file or text: whatever the
model was trained on. With --model nothing but the model's directory is needed.`,
		Example: `  sweep predict photo.jpg
  sweep predict --run fowls-3 --all *.jpg
  sweep predict --champion fowls *.jpg
  sweep predict --model winner "39, State-gov, 77516, Bachelors"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			switch {
			case dir != "":
			case cmd.Flags().Changed("champion"):
				if dir, err = o.championModel(champion); err != nil {
					return err
				}
			default:
				if dir, err = winner(cmd, o, run); err != nil {
					return err
				}
			}
			predictor, err := model.Load(dir, func(b sweep.Block) (model.Trainer, error) { return p.Models.New(sweep.Spec{}, b) })
			if err != nil {
				return err
			}
			var lines []byte
			for _, input := range args {
				for prediction, err := range predictor.Predict(input) {
					if err != nil {
						return err
					}
					var answer any = prediction
					if all && prediction.Probabilities != nil {
						answer = prediction.All()
					}
					var b bytes.Buffer
					e := json.NewEncoder(&b)
					e.SetEscapeHTML(false)
					if err := e.Encode(answer); err != nil {
						return fmt.Errorf("encode prediction: %w", err)
					}
					line := spaced(b.Bytes())
					if _, err := cmd.OutOrStdout().Write(line); err != nil {
						return fmt.Errorf("write prediction: %w", err)
					}
					lines = append(lines, line...)
				}
			}
			if write {
				return trialdir.WriteFile("prediction.json", lines)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "run or sweep whose winner is used; the newest where not given")
	cmd.Flags().StringVar(&champion, "champion", "", "sweep whose champion is used")
	cmd.Flags().StringVar(&dir, "model", "", "model directory, as best -o makes it")
	cmd.Flags().BoolVar(&all, "all", false, "print the probability of every class")
	cmd.Flags().BoolVar(&write, "write", false, "write the predictions to prediction.json too")
	cmd.MarkFlagsMutuallyExclusive("run", "champion", "model")
	return cmd
}

// championModel is the model directory of a sweep's champion.
func (o *options) championModel(name string) (string, error) {
	_, name, record, err := o.record(name)
	if err != nil {
		return "", err
	}
	if len(record) == 0 {
		return "", noChampion(name)
	}
	c := record[len(record)-1].Champion()
	if c.Best().Model == "" {
		return "", fmt.Errorf("the champion, trial %s, has left no model here: a command keeps its own, a keep block the best ones", c.Trial)
	}
	return c.Best().Model, nil
}

// winner is the model directory of a run's best trial.
func winner(cmd *cobra.Command, o *options, name string) (string, error) {
	db, err := o.db()
	if err != nil {
		return "", err
	}
	run, err := db.Find(name)
	if err != nil {
		return "", err
	}
	rows, err := db.Best(run.ID, 1)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("run %s has no result yet: %s", run.ID, tally(run))
	}
	o.warnInfeasible(cmd, rows[0].Trial, rows[0].Violation)
	dir, ok := results.ModelDir(rows[0].Trial)
	if !ok {
		return "", fmt.Errorf("the winner, trial %s, has left no model here: a command keeps its own, a keep block the best ones", rows[0].Trial.Name())
	}
	return dir, nil
}

// spaced puts a space after the colons and commas between values, as the
// predictions of the trainer app that this one follows have them.
func spaced(line []byte) []byte {
	var out []byte
	quoted, escaped := false, false
	for _, c := range line {
		out = append(out, c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = quoted
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ':' || c == ','):
			out = append(out, ' ')
		}
	}
	return out
}
