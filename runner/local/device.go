package local

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
	"github.com/inflame-deeplearning/sweep/sweep/process"
)

// device is what a slot gives its trial: cores, and perhaps a share of a GPU.
type device struct {
	slot    int
	name    string
	visible string // CUDA_VISIBLE_DEVICES
	gpu     int    // its number, where it is one
}

// graphics is a GPU whose memory is known.
type graphics struct {
	index   int
	monitor *gpu.Monitor
	gate    *gate
}

// held is how much of its memory processes hold.
func (g *graphics) held(ids []process.ID) (bytes int64) {
	by := g.monitor.Held(g.index)
	for _, id := range ids {
		bytes += by[id.PID]
	}
	return bytes
}

// devices are the slots' of a machine with so many cores, and how many cores each has.
func (c Config) devices(machine int) ([]device, int, error) {
	out, err := c.shares(machine)
	if err != nil {
		return nil, 0, err
	}
	each := c.CoresPerTrial
	if each == 0 {
		each = max(machine/len(out), 1)
	}
	return out, each, nil
}

func (c Config) shares(machine int) ([]device, error) {
	var out []device
	if c.GPUs == "none" || c.GPUs == "" {
		n := c.Parallel
		if n == 0 {
			n = max(machine/max(c.CoresPerTrial, 1), 1)
		}
		for i := range n {
			out = append(out, device{slot: i, name: fmt.Sprintf("slot %d", i)})
		}
		return out, nil
	}
	found := gpu.Probe()
	if len(found.GPUs) == 0 {
		return nil, fmt.Errorf("gpus = %q: %s; sweep doctor says more, gpus = \"none\" uses the cores", c.GPUs, found.Reason)
	}
	var numbers []int
	if c.GPUs == "all" {
		for i := range found.GPUs {
			numbers = append(numbers, i)
		}
	} else {
		for text := range strings.SplitSeq(c.GPUs, ",") {
			i, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || i < 0 || i >= len(found.GPUs) {
				return nil, fmt.Errorf("gpus = %q: write \"none\", \"all\" or numbers from 0 to %d, as in \"0,2\"", c.GPUs, len(found.GPUs)-1)
			}
			numbers = append(numbers, i)
		}
	}
	for range c.TrialsPerGPU { // the first share of every GPU before any second one
		for _, i := range numbers {
			out = append(out, device{len(out), fmt.Sprintf("gpu %d", i), strconv.Itoa(i), i})
		}
	}
	if c.Parallel > 0 {
		out = out[:min(c.Parallel, len(out))]
	}
	return out, nil
}

// watch is what there is to know of a device's GPU; nil: it has none, or its memory
// is not told.
func (r *local) watch(d device) *graphics {
	if d.visible == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.graphics == nil {
		r.graphics = map[int]*graphics{}
		r.monitor, _ = gpu.Watch()
	}
	if r.monitor != nil && r.graphics[d.gpu] == nil {
		r.graphics[d.gpu] = &graphics{d.gpu, r.monitor, newGate(func() (int64, bool) { return r.monitor.Free(d.gpu) }, r.Slots)}
	}
	return r.graphics[d.gpu]
}

// Cores is how many cores trials may use: those this process is kept to, or as
// many as its control group has time for, where that is less.
func Cores() int { return max(min(runtime.NumCPU(), runtime.GOMAXPROCS(0)), 1) }
