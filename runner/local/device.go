package local

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/inflame-deeplearning/sweep/runner/local/gpu"
)

// device is what a slot gives its trial: cores, and perhaps a share of a GPU.
type device struct {
	slot    int
	name    string
	visible string // CUDA_VISIBLE_DEVICES
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
			out = append(out, device{len(out), fmt.Sprintf("gpu %d", i), strconv.Itoa(i)})
		}
	}
	if c.Parallel > 0 {
		out = out[:min(c.Parallel, len(out))]
	}
	return out, nil
}

// Cores is how many cores trials may use: those this process is kept to, or as
// many as its control group has time for, where that is less.
func Cores() int { return max(min(runtime.NumCPU(), runtime.GOMAXPROCS(0)), 1) }
