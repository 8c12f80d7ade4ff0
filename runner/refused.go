package runner

// RefusedError is what an engine says to jobs that it does not take: they would be
// refused again, until the runner's block is another.
type RefusedError struct {
	By    string // the program that says so
	Words string // its own
}

func (e *RefusedError) Error() string { return e.By + ": " + e.Words }
