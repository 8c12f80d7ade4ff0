package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// Outcome is how a trial ended. The zero Outcome: it has not ended.
type Outcome string

// The outcomes a trial may have.
const (
	Running     Outcome = ""              // recorded, not ended
	Succeeded   Outcome = "succeeded"     // ran to its end
	Stopped     Outcome = "stopped"       // cut short by a stop rule; its result counts
	Failed      Outcome = "failed"        // the program's fault
	OutOfMemory Outcome = "out_of_memory" // killed by the kernel or the device's allocator
	TimedOut    Outcome = "timed_out"     // over the runner's timeout
	Diverged    Outcome = "diverged"      // NaN or Inf in its loss
	Cancelled   Outcome = "cancelled"     // interrupted; goes on from its checkpoint in the next run
	Lost        Outcome = "lost"          // vanished without an outcome
)

// Outcomes lists every final outcome, in the order tables show them.
var Outcomes = []Outcome{Succeeded, Stopped, Failed, OutOfMemory, TimedOut, Diverged, Cancelled, Lost}

// Ranked reports whether a trial with this outcome has a result for the leaderboard.
func (o Outcome) Ranked() bool { return o == Succeeded || o == Stopped }

// Final reports whether a resumed run leaves a trial with this outcome alone.
func (o Outcome) Final() bool { return o != Running && o != Cancelled }

// Block is a resolved plugin block: its type and its attributes, defaults filled in.
type Block struct {
	Type   string `json:"type"`
	Config Value  `json:"config"`
}

// Task is what a trial does: the sweep file's blocks evaluated with its
// parameters. A command is the model type "exec", without data or train; it is
// told all parameters, so they are part of what it does.
type Task struct {
	Data  *Block `json:"data,omitempty"`
	Model Block  `json:"model"`
	Train Value  `json:"train"`

	Params Params `json:"params,omitempty"` // of a command
}

// Trial is one training of one variant with one seed.
type Trial struct {
	Run     string `json:"run"`     // e.g. grid-3
	Number  int    `json:"number"`  // 0-based in its run: Variant*repeat + Repeat
	Variant int    `json:"variant"` // 0-based, as the searcher counts
	Repeat  int    `json:"repeat"`  // 0-based seed index within its variant
	ID      string `json:"id"`      // identity: hash of task, seed and data

	Confirms bool `json:"confirms,omitempty"` // it trains one of the best variants again; then its number follows all others'

	// After is how many trials of the run had ended when this one was proposed,
	// Ended which in their order it was, from 1; 0: it has not. From them follows
	// what a searcher knew of the past: History.Before.
	After int `json:"after,omitempty"`
	Ended int `json:"ended,omitempty"`

	// Parent is the trial from whose checkpoint it goes on; nil: it begins anew.
	Parent *Parent `json:"parent,omitempty"`

	// Pauses are how it stood each time a stop rule paused it, in their order.
	Pauses []Pause `json:"pauses,omitempty"`

	Params Params `json:"params"`
	Task   Task   `json:"task"`
	Seed   uint64 `json:"seed"`
	Data   string `json:"data,omitempty"` // fingerprint of the prepared data set

	Outcome  Outcome   `json:"outcome,omitempty"`
	Message  string    `json:"message,omitempty"`   // why it failed or was stopped
	ExitCode int       `json:"exit_code,omitempty"` // of a failed program
	Attempt  int       `json:"attempt,omitempty"`   // launches so far
	Device   string    `json:"device,omitempty"`    // e.g. core 1, cores 2,3, slot 0, gpu 0
	CachedAs string    `json:"cached_as,omitempty"` // name of the trial whose result was taken over
	Dir      string    `json:"dir,omitempty"`       // trial directory; a cached trial has that of its original
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	Seconds  float64   `json:"seconds,omitempty"` // spent training, all attempts

	PeakMemory int64 `json:"peak_memory,omitempty"` // most bytes that its processes held, of all attempts; 0: not known

	PeakGPUMemory int64 `json:"peak_gpu_memory,omitempty"` // most bytes of its GPU that they were seen to hold

	Best  Report `json:"best,omitzero"` // the best step by the first objective, of the feasible ones where there are any
	Steps int    `json:"steps"`         // reports so far: epochs for the built-in trainers

	// Violation is by how much the best step violates the sweep's constraint; 0: it
	// is feasible, or there is none.
	Violation float64 `json:"violation,omitempty"`

	// Reports is the learning curve, in step order. It is not part of the
	// record: the store keeps reports apart, the loop fills it for stop rules.
	Reports []Report `json:"-"`
}

// Parent is a trial of the same run that another goes on from.
type Parent struct {
	Number int    `json:"number"`
	ID     string `json:"id"`
	Step   int    `json:"step"` // of its last report, after which the other begins
	Dir    string `json:"-"`    // for who launches the other
}

// Pause is the result with which a trial was paused: what is known of it until it
// ends again.
type Pause struct {
	Ended     int     `json:"ended"` // as the trial's, like what follows
	Steps     int     `json:"steps"`
	Best      Report  `json:"best"`
	Violation float64 `json:"violation,omitempty"`
	Last      Report  `json:"last"` // what it reported last
}

// Paused reports whether t is paused: stopped, and perhaps to be gone on with.
func (t *Trial) Paused() bool {
	n := len(t.Pauses)
	return t.Outcome == Stopped && n > 0 && t.Pauses[n-1].Ended == t.Ended
}

// pause adds how t stands to its pauses; its end is not known yet.
func (t *Trial) pause() {
	t.Pauses = append(slices.Clone(t.Pauses), Pause{Steps: t.Steps, Best: t.Best, Violation: t.Violation, Last: t.Reports[len(t.Reports)-1]})
}

// Settled is t with the result that is known of it: its own where it has ended,
// else that of its last pause. It is false where there is none.
func (t *Trial) Settled() (Trial, bool) {
	if n := len(t.Pauses); t.Ended == 0 && n > 0 {
		p, paused := t.Pauses[n-1], *t
		paused.Outcome, paused.Ended, paused.Steps, paused.Best, paused.Violation = Stopped, p.Ended, p.Steps, p.Best, p.Violation
		return paused, true
	}
	return *t, t.Ended > 0
}

// Name is how people call t: its run and number, as grid-3/17.
func (t Trial) Name() string { return fmt.Sprintf("%s/%d", t.Run, t.Number) }

// Add adds a report to t's curve, in the place of those of its step and of later
// ones, which a trial that began anew has taken back.
func (t *Trial) Add(r Report, s Spec) {
	kept := len(t.Reports)
	for kept > 0 && t.Reports[kept-1].Step >= r.Step {
		kept--
	}
	if kept < len(t.Reports) {
		t.Reports = slices.Clone(t.Reports[:kept]) // others may hold the old ones
		t.judge(s)
	}
	t.Reports = append(t.Reports, r)
	t.Steps = len(t.Reports)
	t.improve(r, s)
}

// judge finds the best report anew.
func (t *Trial) judge(s Spec) {
	t.Best, t.Violation = Report{}, 0
	for _, r := range t.Reports {
		t.improve(r, s)
	}
}

// improve makes r the best report where it is.
func (t *Trial) improve(r Report, s Spec) {
	o := s.Objectives[0]
	if _, known := r.Metrics[o.Name]; !known {
		return
	}
	with := Trial{Best: r, Violation: s.Violation(r.Metrics)}
	if t.Best.Step == 0 || with.Ahead(*t, o) {
		t.Best, t.Violation = with.Best, with.Violation
	}
}

// Identify is the identity of a trial: 16 hexadecimal digits that hash what it
// trains, with which seed, on which data, and from where on.
func Identify(task Task, seed uint64, data string, parent *Parent) string {
	from := ""
	if parent != nil {
		from = fmt.Sprintf("%s@%d", parent.ID, parent.Step)
	}
	text, err := json.Marshal(struct {
		Task Task   `json:"task"`
		Seed uint64 `json:"seed"`
		Data string `json:"data"`
		From string `json:"from,omitempty"`
	}{task, seed, data, from})
	if err != nil {
		panic(fmt.Sprintf("sweep: task without an encoding: %v", err)) // values were checked when they were made
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Report is one line of a learning curve.
type Report struct {
	Step    int       `json:"step"` // 1-based: epochs for the built-in trainers
	Time    time.Time `json:"time,omitzero"`
	Metrics Metrics   `json:"metrics"`
}

// Metrics are measured values by name; NaN and Inf are allowed and written as strings.
type Metrics map[string]float64

// MarshalJSON writes NaN, Infinity and -Infinity as strings, which JSON has no numbers for.
func (m Metrics) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(m))
	for name, f := range m {
		switch {
		case math.IsNaN(f):
			out[name] = "NaN"
		case math.IsInf(f, 1):
			out[name] = "Infinity"
		case math.IsInf(f, -1):
			out[name] = "-Infinity"
		default:
			out[name] = f
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads numbers and the strings that MarshalJSON writes.
func (m *Metrics) UnmarshalJSON(text []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	out := make(Metrics, len(raw))
	for name, value := range raw {
		switch x := value.(type) {
		case float64:
			out[name] = x
		case string:
			f, ok := map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[x]
			if !ok {
				return fmt.Errorf("metric %s: %q is not a number", name, x)
			}
			out[name] = f
		default:
			return fmt.Errorf("metric %s: %v is not a number", name, value)
		}
	}
	*m = out
	return nil
}
