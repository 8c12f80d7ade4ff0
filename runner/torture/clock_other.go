//go:build !linux || !amd64

package main

import (
	"errors"
	"time"
)

const clocks = false

func jump(int, time.Duration) error {
	return errors.New("clocks are set on Linux on amd64 alone")
}
