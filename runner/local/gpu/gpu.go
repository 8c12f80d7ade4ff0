// Package gpu finds this machine's NVIDIA GPUs through NVML, which is loaded at
// run time: the program needs neither cgo nor a driver to start.
package gpu

// GPU is one device.
type GPU struct {
	Index       int    `json:"index"`
	Name        string `json:"name"`
	UUID        string `json:"uuid"`
	MemoryTotal uint64 `json:"memory_total"` // bytes
	MemoryUsed  uint64 `json:"memory_used"`  // bytes
}

// Found is what there is, or why there is nothing.
type Found struct {
	GPUs   []GPU  `json:"gpus"`
	Driver string `json:"driver,omitempty"`
	Reason string `json:"reason,omitempty"` // why there is none
}

// Probe looks for GPUs. It never fails: where there are none, it says why.
func Probe() Found { return probe() }
