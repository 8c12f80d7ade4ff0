//go:build !linux

package gpu

import "runtime"

type monitor struct{}

func watch() (*Monitor, bool) { return nil, false }

func (monitor) free(int) (int64, bool) { return 0, false }

func (monitor) held(int) map[int]int64 { return nil }

func probe() Found {
	return Found{Reason: "GPUs are looked for on Linux only, this is " + runtime.GOOS}
}
