package sweep

import (
	"context"
	"slices"
	"time"
)

// Occasion is a reason to tell someone of a run.
type Occasion string

// The occasions.
const (
	RunFinished  Occasion = "finished"
	NewChampion  Occasion = "champion"
	RunRegressed Occasion = "regression"
	RunFailed    Occasion = "failed"
)

// Notice is what someone outside is told of a run that has ended.
type Notice struct {
	Occasions []Occasion     `json:"occasions"`
	Sweep     string         `json:"sweep"`
	Run       string         `json:"run"`
	File      string         `json:"file"`
	Reason    string         `json:"reason"` // why the run ended: "complete", "target reached", ...
	Started   time.Time      `json:"started"`
	Finished  time.Time      `json:"finished"`
	Trials    map[string]int `json:"trials"` // total, cached, and each outcome
	Best      *Standing      `json:"best"`   // of the run

	// How the run's best fared against the champion of its sweep, where one is kept:
	// who stands now, who stood before where that is another, and why, in words.
	// Values are those on the run's data where both were scored on it.
	Champion *Standing `json:"champion,omitempty"`
	Former   *Standing `json:"former,omitempty"`
	Verdict  string    `json:"verdict,omitempty"`

	Report string `json:"report,omitempty"` // path of the run's report
	Test   bool   `json:"test,omitempty"`   // it is made up, to see whether it arrives
}

// Standing is a trial by what it reached.
type Standing struct {
	Trial     string  `json:"trial"` // run and number, as commands take it
	Objective string  `json:"objective"`
	Value     float64 `json:"value"` // of the objective; over seeds, their mean
	Params    Params  `json:"params"`
}

// Notifier tells someone outside of a run that has ended. It tries again where that
// may help, until ctx ends; the error says whom it could not reach, and why.
type Notifier interface {
	Notify(ctx context.Context, n Notice) error
}

// Only is a Notifier that is told of some occasions.
type Only struct {
	Notifier
	On []Occasion
}

// Notify tells of a run that ended with one of the occasions.
func (o Only) Notify(ctx context.Context, n Notice) error {
	if !slices.ContainsFunc(n.Occasions, func(what Occasion) bool { return slices.Contains(o.On, what) }) {
		return nil
	}
	return o.Notifier.Notify(ctx, n)
}
