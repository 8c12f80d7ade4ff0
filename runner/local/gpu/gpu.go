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

// Monitor tells what memory there is on GPUs, and who holds it.
type Monitor struct{ monitor }

// Watch is a monitor of this machine's GPUs; false: there are none.
func Watch() (*Monitor, bool) { return watch() }

// Free is how many bytes of a GPU nobody holds; false: it does not say.
func (m *Monitor) Free(index int) (bytes int64, ok bool) { return m.free(index) }

// Held are the bytes of a GPU that processes hold, by their numbers. A process in
// another name space has another number there and is not found by this one's.
func (m *Monitor) Held(index int) map[int]int64 { return m.held(index) }
