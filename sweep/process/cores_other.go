//go:build !linux

package process

import "os/exec"

func cores() []int { return nil }

func startOn(cmd *exec.Cmd, _ []int) error { return cmd.Start() }
