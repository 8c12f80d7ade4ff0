package runner

import "context"

// Finding is one thing that was looked at, of what a runner needs.
type Finding struct {
	What    string `json:"what"`
	Found   string `json:"found,omitempty"`
	Problem string `json:"problem,omitempty"` // and what to do about it; "": it is well
}

// Examined is a runner that can say whether all that it needs is there.
type Examined interface {
	Examine(ctx context.Context) []Finding
}

// Telling is a runner with something to say to whoever watches: that its machines do
// not answer, or that a job waits for somebody.
type Telling interface {
	// Tell has say told, from now on; it must not block for long.
	Tell(say func(string))
}

// Detaching is a runner whose machines can run this program as well, so that a sweep
// needs no terminal.
type Detaching interface {
	// Detach has this program run with these arguments, and what it prints go to a
	// file; id is the engine's name of the job.
	Detach(ctx context.Context, args []string, log string) (id string, err error)
}
