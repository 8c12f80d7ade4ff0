//go:build !linux

package gpu

import "runtime"

func probe() Found {
	return Found{Reason: "GPUs are looked for on Linux only, this is " + runtime.GOOS}
}
