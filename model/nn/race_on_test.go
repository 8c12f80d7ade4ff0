//go:build race

package nn

// racing reports whether the race detector is on: pools then forget on purpose.
const racing = true
