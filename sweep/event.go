package sweep

import "time"

// EventKind says what happened in a run.
type EventKind string

// The events of a run.
const (
	RunStarted    EventKind = "run_started"    // Total, Done
	TrialStarted  EventKind = "trial_started"  // Trial
	TrialPromoted EventKind = "trial_promoted" // Trial, which was paused and goes on
	TrialReported EventKind = "trial_reported" // Trial, whose Reports end with the new one
	TrialEnded    EventKind = "trial_ended"    // Trial, with its outcome (also one taken from cache)
	RunSteered    EventKind = "run_steered"    // Reason: what was done by hand
	RunEnded      EventKind = "run_ended"      // Reason
)

// Event is something that happened in a run, as displays of progress are told
// of it.
type Event struct {
	Kind   EventKind
	Time   time.Time
	Run    string
	Total  int // trials the run will have; 0: not known
	Done   int // trials that had ended when this execution of the run started
	Slots  int
	Trial  Trial
	Reason string // why the run ended: "complete", "target reached", "interrupted", ...
}
