package process

import (
	"fmt"
	"os/exec"
)

// Cores are the numbers of the cores that this process may use, in order; none
// where the system does not say (any but Linux).
func Cores() []int { return cores() }

// StartOn starts cmd and keeps it, and all that it starts, to some cores; to
// those of this process where none are named or the system cannot (any but
// Linux).
func StartOn(cmd *exec.Cmd, cores []int) error {
	if len(cores) == 0 {
		return cmd.Start()
	}
	if err := startOn(cmd, cores); err != nil {
		return fmt.Errorf("start on cores %d: %w", cores, err)
	}
	return nil
}
