package results

import (
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// TrialJSON is a trial as every --json output shows it. The shape is stable:
// fields are added, never changed.
type TrialJSON struct {
	Run       string         `json:"run"`
	Sweep     string         `json:"sweep"`
	Trial     string         `json:"trial"` // run and number, as commands take it
	ID        string         `json:"id"`
	Outcome   string         `json:"outcome"` // "running" where it has not ended
	Message   string         `json:"message,omitempty"`
	Params    sweep.Params   `json:"params"`
	Objective *ObjectiveJSON `json:"objective"` // null where it has no result
	Metrics   sweep.Metrics  `json:"metrics"`   // of the best step

	Objectives []ObjectiveJSON `json:"objectives,omitempty"` // all, where there are several

	Epochs   int     `json:"epochs"` // steps reported
	Seconds  float64 `json:"seconds"`
	ModelDir string  `json:"model_dir,omitempty"`
	CachedAs string  `json:"cached_as,omitempty"`
	Parent   string  `json:"parent,omitempty"` // the trial from whose checkpoint it went on

	ExitCode   int   `json:"exit_code,omitempty"`   // of a failed program; -1: killed by a signal
	PeakMemory int64 `json:"peak_memory,omitempty"` // most bytes that its processes held; left out where not known
	Attempts   int   `json:"attempts,omitempty"`    // launches, where there was more than one

	PeakGPUMemory int64 `json:"peak_gpu_memory,omitempty"` // most bytes of its GPU that they were seen to hold

	// Where the sweep has a constraint and the trial a result.
	Feasible  *bool    `json:"feasible,omitempty"`
	Violation *float64 `json:"violation,omitempty"` // of an infeasible one; left out where it cannot be told

	// Over the seeds of the variant, where repeat is above 1 or it was confirmed: then
	// over the fresh seeds.
	Seeds int      `json:"seeds,omitempty"`
	Mean  *float64 `json:"mean,omitempty"`
	SD    *float64 `json:"sd,omitempty"`
	CI95  *float64 `json:"ci95,omitempty"` // half the 95 % confidence interval of the mean

	Diverged int `json:"diverged,omitempty"` // further seeds of the variant, which then ranks behind all others

	Confirmed bool `json:"confirmed,omitempty"`
	Confirms  bool `json:"confirms,omitempty"` // the trial itself was to confirm its variant
}

// ObjectiveJSON is a trial's value of an objective.
type ObjectiveJSON struct {
	Name  string     `json:"name"`
	Goal  sweep.Goal `json:"goal"`
	Value float64    `json:"value"`
	Mean  *float64   `json:"mean,omitempty"` // of a variant on a front, over the seeds where repeat is above 1
}

// FrontJSON is the front of a run with several objectives: the feasible variants
// that no other is better than in all of them.
type FrontJSON struct {
	Size        int       `json:"size"`
	Variants    int       `json:"variants"` // that are feasible, with a value of each objective
	Hypervolume float64   `json:"hypervolume"`
	Reference   []float64 `json:"reference"` // up to which the hypervolume is, a value of each objective
}

// RunJSON is a run as every --json output shows it.
type RunJSON struct {
	Run      string         `json:"run"`
	Sweep    string         `json:"sweep"`
	Feasible string         `json:"feasible,omitempty"` // the constraint
	Status   Status         `json:"status"`
	Reason   string         `json:"reason,omitempty"`
	Firing   string         `json:"firing,omitempty"` // the time of a schedule that it is the run of
	Started  time.Time      `json:"started"`
	Finished *time.Time     `json:"finished"`
	Trials   map[string]int `json:"trials"` // total, cached, and each outcome
	Best     *TrialJSON     `json:"best"`
	Front    *FrontJSON     `json:"front,omitempty"` // in show, where there are several objectives

	File   string   `json:"file"`
	Hash   string   `json:"hash"` // of the file and its variables: equal ones mean the same sweep
	Origin *Origin  `json:"origin,omitempty"`
	Data   []string `json:"data"` // fingerprints of its data sets

	// How its winner fared against the champion of its sweep, where it was judged.
	Verdict    string `json:"verdict,omitempty"`
	Champion   bool   `json:"champion,omitempty"` // it became that
	Regression bool   `json:"regression,omitempty"`
}

// OutcomeName is an outcome as people read it.
func OutcomeName(o sweep.Outcome) string {
	if o == sweep.Running {
		return "running"
	}
	return string(o)
}

// JSON is t as --json shows it.
func (r Run) JSON(t sweep.Trial) TrialJSON {
	out := TrialJSON{
		Run: r.ID, Sweep: r.Sweep, Trial: t.Name(), ID: t.ID, Outcome: OutcomeName(t.Outcome), Message: t.Message,
		Params: t.Params, Metrics: t.Best.Metrics, Epochs: t.Steps, Seconds: t.Seconds, CachedAs: t.CachedAs, Confirms: t.Confirms, ExitCode: t.ExitCode, PeakMemory: t.PeakMemory, PeakGPUMemory: t.PeakGPUMemory,
	}
	if t.Attempt > 1 {
		out.Attempts = t.Attempt
	}
	if p := t.Parent; p != nil {
		out.Parent = sweep.Trial{Run: t.Run, Number: p.Number}.Name()
	}
	if out.Metrics == nil {
		out.Metrics = sweep.Metrics{}
	}
	if value, ok := r.Value(t); ok && !math.IsInf(value, 0) {
		out.Objective = &ObjectiveJSON{Name: r.Objectives[0].Name, Goal: r.Objectives[0].Goal, Value: value}
	}
	if len(r.Objectives) > 1 {
		for _, o := range r.Objectives {
			if v, ok := t.Best.Metrics[o.Name]; ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
				out.Objectives = append(out.Objectives, ObjectiveJSON{Name: o.Name, Goal: o.Goal, Value: v})
			}
		}
	}
	if t.Outcome.Ranked() {
		out.judge(r, t.Violation)
	}
	if dir, ok := ModelDir(t); ok {
		out.ModelDir = dir
	}
	return out
}

// judge fills in whether the result meets run r's constraint.
func (t *TrialJSON) judge(r Run, violation float64) {
	if r.Feasible == "" {
		return
	}
	feasible := violation == 0
	t.Feasible, t.Violation = &feasible, nil
	if !feasible && violation < sweep.MaxViolation {
		t.Violation = &violation
	}
}

// JSON is a place on run r's leaderboard as --json shows it.
func (w Row) JSON(r Run) TrialJSON {
	out := r.JSON(w.Trial)
	out.judge(r, w.Violation)
	if out.Confirmed = w.Confirmed; r.Repeat > 1 || w.Confirmed {
		out.Seeds, out.Mean, out.SD, out.Diverged = w.Seeds, &w.Mean, &w.SD, w.Diverged
		if margin, ok := w.Margin(); ok {
			out.CI95 = &margin
		}
	}
	return out
}

// JSON is a variant on run r's front as --json shows it.
func (v Variant) JSON(r Run) TrialJSON {
	out := r.JSON(v.Trial)
	out.judge(r, v.Violation)
	if r.Repeat > 1 {
		out.Seeds = v.Seeds
		for i := range out.Objectives {
			out.Objectives[i].Mean = &v.Values[i]
		}
	}
	return out
}

// Value is a trial's value of the run's first objective.
func (r Run) Value(t sweep.Trial) (float64, bool) {
	if len(r.Objectives) == 0 {
		return 0, false
	}
	v, ok := t.Best.Metrics[r.Objectives[0].Name]
	return v, ok && !math.IsNaN(v)
}

// ModelDir is the directory of a trial's trained model, if it has left one.
func ModelDir(t sweep.Trial) (string, bool) {
	if t.Dir == "" {
		return "", false
	}
	dir := filepath.Join(t.Dir, "model")
	_, err := os.Stat(filepath.Join(dir, "model.json"))
	return dir, err == nil
}

// Summary is a run as --json shows it; best is its first row, if it has one.
func (r Run) Summary(best []Row) RunJSON {
	out := RunJSON{
		Run: r.ID, Sweep: r.Sweep, Feasible: r.Feasible, Status: r.Status, Reason: r.Reason, Firing: r.Firing, Started: r.Started,
		Trials: map[string]int{"total": r.Trials(), "cached": r.Cached}, File: r.File, Hash: r.Hash, Origin: r.Origin, Data: append([]string{}, r.Data...),
	}
	if j := r.Judged; j != nil {
		out.Verdict, out.Champion, out.Regression = j.Verdict, j.Champion, j.Regression
	}
	if !r.Finished.IsZero() {
		out.Finished = &r.Finished
	}
	for _, o := range append([]sweep.Outcome{sweep.Running}, sweep.Outcomes...) {
		out.Trials[OutcomeName(o)] = r.Counts[o]
	}
	if len(best) > 0 {
		b := best[0].JSON(r)
		out.Best = &b
	}
	return out
}
