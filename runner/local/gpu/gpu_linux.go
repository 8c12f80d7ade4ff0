package gpu

import (
	"bytes"
	"fmt"
	"math"

	"github.com/ebitengine/purego"
)

// Sizes and codes of NVML's interface (nvml.h, any version since 5).
const (
	library    = "libnvidia-ml.so.1"
	textSize   = 96
	nvmlOK     = 0
	noDriver   = "no NVIDIA driver found (" + library + " is missing)"
	badLibrary = "the NVIDIA driver's " + library + " cannot be used"
)

// memory is nvmlMemory_t.
type memory struct{ total, free, used uint64 }

// occupant is nvmlProcessInfo_t, version 3 of the call that fills it.
type occupant struct {
	pid  uint32
	used uint64 // bytes; all ones: not told
	_, _ uint32 // instances of a divided GPU
}

// most processes on a GPU that are told.
const most = 256

// nvml are the functions used, each returning 0 where all is well.
type nvml struct {
	initialise  func() int32
	shutdown    func() int32
	count       func(*uint32) int32
	handle      func(uint32, *uintptr) int32
	name        func(uintptr, *byte, uint32) int32
	uuid        func(uintptr, *byte, uint32) int32
	memory      func(uintptr, *memory) int32
	occupants   func(uintptr, *uint32, *occupant) int32 // nil: a driver older than 510
	driver      func(*byte, uint32) int32
	errorString func(int32) string
}

func probe() Found {
	n, reason := load()
	if reason != "" {
		return Found{Reason: reason}
	}
	defer n.shutdown()
	return n.list()
}

// load loads and starts the library; the reason says why it cannot.
func load() (n nvml, reason string) {
	lib, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return n, noDriver
	}
	for symbol, f := range map[string]any{
		"nvmlInit_v2": &n.initialise, "nvmlShutdown": &n.shutdown,
		"nvmlDeviceGetCount_v2": &n.count, "nvmlDeviceGetHandleByIndex_v2": &n.handle,
		"nvmlDeviceGetName": &n.name, "nvmlDeviceGetUUID": &n.uuid, "nvmlDeviceGetMemoryInfo": &n.memory,
		"nvmlSystemGetDriverVersion": &n.driver, "nvmlErrorString": &n.errorString,
	} {
		address, err := purego.Dlsym(lib, symbol)
		if err != nil {
			return n, fmt.Sprintf("%s: it has no %s", badLibrary, symbol)
		}
		purego.RegisterFunc(f, address)
	}
	if address, err := purego.Dlsym(lib, "nvmlDeviceGetComputeRunningProcesses_v3"); err == nil {
		purego.RegisterFunc(&n.occupants, address)
	}
	if code := n.initialise(); code != nvmlOK {
		return n, fmt.Sprintf("%s: %s", badLibrary, n.errorString(code))
	}
	return n, ""
}

// monitor keeps the library started for as long as the process lives.
type monitor struct{ nvml nvml }

func watch() (*Monitor, bool) {
	n, reason := load()
	if reason != "" {
		return nil, false
	}
	return &Monitor{monitor{n}}, true
}

func (m monitor) free(index int) (int64, bool) {
	var handle uintptr
	var holds memory
	if m.nvml.handle(uint32(index), &handle) != nvmlOK || m.nvml.memory(handle, &holds) != nvmlOK {
		return 0, false
	}
	return int64(holds.free), true
}

func (m monitor) held(index int) map[int]int64 {
	var handle uintptr
	if m.nvml.occupants == nil || m.nvml.handle(uint32(index), &handle) != nvmlOK {
		return nil
	}
	var list [most]occupant
	count := uint32(len(list))
	if m.nvml.occupants(handle, &count, &list[0]) != nvmlOK {
		return nil
	}
	out := map[int]int64{}
	for _, o := range list[:min(int(count), len(list))] {
		if o.used != math.MaxUint64 {
			out[int(o.pid)] += int64(o.used)
		}
	}
	return out
}

func (n nvml) list() Found {
	var found Found
	found.Driver = text(func(b *byte, size uint32) int32 { return n.driver(b, size) })
	var count uint32
	if code := n.count(&count); code != nvmlOK {
		found.Reason = fmt.Sprintf("the NVIDIA driver does not count its GPUs: %s", n.errorString(code))
		return found
	}
	for i := range count {
		var handle uintptr
		if code := n.handle(i, &handle); code != nvmlOK {
			found.Reason = fmt.Sprintf("GPU %d cannot be used: %s", i, n.errorString(code))
			continue
		}
		g := GPU{Index: int(i)}
		g.Name = text(func(b *byte, size uint32) int32 { return n.name(handle, b, size) })
		g.UUID = text(func(b *byte, size uint32) int32 { return n.uuid(handle, b, size) })
		var m memory
		if n.memory(handle, &m) == nvmlOK {
			g.MemoryTotal, g.MemoryUsed = m.total, m.used
		}
		found.GPUs = append(found.GPUs, g)
	}
	if len(found.GPUs) == 0 && found.Reason == "" {
		found.Reason = "the NVIDIA driver knows of no GPU"
	}
	return found
}

func text(get func(*byte, uint32) int32) string {
	var buffer [textSize]byte
	if get(&buffer[0], textSize) != nvmlOK {
		return ""
	}
	end := bytes.IndexByte(buffer[:], 0)
	return string(buffer[:max(end, 0)])
}
