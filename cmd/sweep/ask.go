package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/config"
)

// asked is a trial for a program to train. The JSON shape is stable.
type asked struct {
	Trial  string       `json:"trial"`
	Params sweep.Params `json:"params"`
	Seed   uint64       `json:"seed"`
	Step   int          `json:"step,omitempty"`   // the last one told, of a trial that was paused and is to go on
	Parent string       `json:"parent,omitempty"` // the trial from whose checkpoint it is to go on
}

func askedFor(t sweep.Trial) asked {
	a := asked{Trial: t.Name(), Params: t.Params, Seed: t.Seed}
	if n := len(t.Pauses); n > 0 {
		a.Step = t.Pauses[n-1].Last.Step
	}
	if p := t.Parent; p != nil {
		a.Parent = sweep.Trial{Run: t.Run, Number: p.Number}.Name()
	}
	return a
}

func newAsk(o *options, p *config.Plugins) *cobra.Command {
	var vars []string
	var serve bool
	cmd := &cobra.Command{
		Use:   "ask FILE",
		Short: "Ask for the next trial of a sweep that you train yourself",
		Long: `Ask for the next trial of a sweep whose trials some program of yours trains, and
print it as JSON; tell the result with "sweep tell". The file needs params, an
objective and a search, and nothing that says how to train. Exit code 1 where
there is nothing left to propose. A trial that was paused (stop "asha" of type
promotion) may come again, with the "step" after which it is to go on; under a pbt
search a trial goes on from the checkpoint of its "parent".

With --serve the answers to requests on standard input, a JSON object a line:
  {"ask": true}                                        {"trial": ..., "params": ..., "seed": ...}, {} at the end, {"wait": true}: tell first
  {"tell": TRIAL, "metrics": {"loss": 0.3}}            {}
  {"tell": TRIAL, "metrics": {...}, "more": true}      {"stop": true, "reason": ...} or {"stop": false}
  {"tell": TRIAL, "failed": "why"}                     {}
An answer with an "error" says what was wrong with a request.`,
		Example: `  sweep ask tune.hcl
  sweep tell tune-1/0 --metric loss=0.3
  sweep ask tune.hcl --serve`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			values, err := variables(vars)
			if err != nil {
				return err
			}
			file, err := config.ReadSearch(args[0], values, p)
			if errors.Is(err, os.ErrNotExist) {
				err = status{exitUsage, err}
			}
			if err != nil {
				return err
			}
			db, err := o.db()
			if err != nil {
				return err
			}
			s, err := openSession(cmd.Context(), db, file, values)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			s.judge = func() error { return o.judgeAndTell(cmd, db, s.run, file, p) }
			if serve {
				return s.serve(cmd, cmd.InOrStdin(), cmd.OutOrStdout())
			}
			t, err := s.Ask(cmd.Context())
			if errors.Is(err, sweep.ErrExhausted) {
				if err := s.ended(); err != nil {
					return err
				}
				return hint{fmt.Errorf("run %s has nothing left to propose", s.run.ID), "sweep best " + s.run.Sweep}
			}
			if errors.Is(err, sweep.ErrWait) {
				return fmt.Errorf("run %s has nothing to give out until a trial that is out has ended: tell of one, and ask again", s.run.ID)
			}
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), askedFor(t))
		},
	}
	cmd.Flags().StringArrayVar(&vars, "var", nil, "set a variable of the file, NAME=VALUE; may be given several times")
	cmd.Flags().BoolVar(&serve, "serve", false, "answer requests on standard input until it ends")
	return cmd
}

// request is a line of ask --serve.
type request struct {
	Ask     bool          `json:"ask"`
	Tell    string        `json:"tell"`
	Metrics sweep.Metrics `json:"metrics"`
	Step    int           `json:"step"`
	More    bool          `json:"more"`
	Failed  *string       `json:"failed"`
}

// verdict is the answer to a report of a trial that goes on.
type verdict struct {
	Stop   bool   `json:"stop"`
	Reason string `json:"reason,omitempty"`
}

// serve answers requests until there are no more.
func (s *session) serve(cmd *cobra.Command, in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for requests := json.NewDecoder(in); ; {
		var r request
		err := requests.Decode(&r)
		if errors.Is(err, io.EOF) {
			return s.ended()
		}
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		answer, err := s.answer(cmd, r)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
}

func (s *session) answer(cmd *cobra.Command, r request) (any, error) {
	nothing := struct{}{}
	switch {
	case r.Ask:
		t, err := s.Ask(cmd.Context())
		switch {
		case errors.Is(err, sweep.ErrExhausted):
			return nothing, nil
		case errors.Is(err, sweep.ErrWait):
			return struct {
				Wait bool `json:"wait"`
			}{true}, nil
		}
		return askedFor(t), err
	case r.Tell == "":
		return nil, errors.New(`a request has "ask" or "tell"`)
	}
	number, err := s.number(r.Tell)
	if err != nil {
		return nil, err
	}
	v, err := s.tell(number, r)
	if r.More {
		return v, err
	}
	return nothing, err
}

// number is that of a trial of this run, called by its name.
func (s *session) number(name string) (int, error) {
	t, run, err := s.db.FindTrial(name)
	if err == nil && run.ID != s.run.ID {
		err = fmt.Errorf("trial %s is not of run %s", name, s.run.ID)
	}
	if errors.Is(err, results.ErrNotFound) {
		err = fmt.Errorf("run %s has no trial %s: ask for it first", s.run.ID, name)
	}
	return t.Number, err
}

// tell records what became of a trial.
func (s *session) tell(number int, r request) (verdict, error) {
	var v sweep.Verdict
	if len(r.Metrics) > 0 {
		var err error
		if v, err = s.Tell(number, sweep.Report{Step: r.Step, Metrics: r.Metrics}); err != nil {
			return verdict{}, err
		}
	}
	var err error
	switch {
	case r.Failed != nil:
		_, err = s.End(number, sweep.Failed, *r.Failed)
	case v.Stop:
		_, err = s.End(number, sweep.Stopped, v.Reason)
	case !r.More:
		_, err = s.End(number, sweep.Succeeded, "")
	}
	return verdict{v.Stop, v.Reason}, err
}
