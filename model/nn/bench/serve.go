package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/model/nn/gemm"
	"github.com/inflame-deeplearning/sweep/model/resnet"
)

// serveCommand is the argument with which this program starts itself.
const serveCommand = "serve"

// serve answers requests until its input ends.
func serve(in io.Reader, out io.Writer) (err error) {
	answers := json.NewEncoder(out)
	if err := answers.Encode(hello{Name: "ours, " + gemm.Name(), Threads: runtime.GOMAXPROCS(0)}); err != nil {
		return err
	}
	var current string
	j := job{close: func() error { return nil }}
	defer func() { err = errors.Join(err, j.close()) }()
	for requests := json.NewDecoder(in); ; {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if r.Work != current {
			if err := j.close(); err != nil {
				return err
			}
			if j, err = newJob(r.Work); err != nil {
				return err
			}
			current = r.Work
			runtime.GC() // of the last job's memory, while nobody measures
		}
		rate, err := j.measure(r.Seconds)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer{Rate: rate, Note: j.note}); err != nil {
			return err
		}
	}
}

// job is work that can be repeated; amount is what one step does of its unit.
type job struct {
	step   func() error
	amount float64
	note   string
	close  func() error
}

// measure is the amount a second. The clock is read every ten milliseconds at most.
func (j job) measure(seconds float64) (float64, error) {
	if err := j.step(); err != nil {
		return 0, err
	}
	calls, count, start := 1, 0, time.Now() //nolint:forbidigo // a stopwatch
	for {
		before := time.Since(start)
		for range calls {
			if err := j.step(); err != nil {
				return 0, err
			}
		}
		count += calls
		now := time.Since(start)
		if now.Seconds() >= seconds {
			return j.amount * float64(count) / now.Seconds(), nil
		}
		if now-before < 10*time.Millisecond {
			calls *= 2
		}
	}
}

func newJob(work string) (job, error) {
	kind, rest, _ := strings.Cut(work, " ")
	switch kind {
	case "sgemm":
		return product(rest)
	case "copy":
		return copying(), nil
	}
	return training(work)
}

func nothing() error { return nil }

func product(sizes string) (job, error) {
	var m, n, k int
	if _, err := fmt.Sscanf(sizes, "%dx%dx%d", &m, &n, &k); err != nil {
		return job{}, fmt.Errorf("read sizes %q: %w", sizes, err)
	}
	a, b, c := ramp(m*k), ramp(k*n), make([]float32, m*n)
	step := func() error {
		gemm.Mul(false, false, m, n, k, a, k, b, n, 0, c, n)
		return nil
	}
	return job{step: step, amount: 2e-9 * float64(m) * float64(n) * float64(k), note: gemm.Name(), close: nothing}, nil
}

// copying is gigabytes read and written, of arrays far larger than the caches.
func copying() job {
	from, to := ramp(1<<26), make([]float32, 1<<26)
	step := func() error {
		copy(to, from)
		return nil
	}
	return job{step: step, amount: 8e-9 * float64(len(from)), close: nothing}
}

// ramp is n numbers around 0, none of them subnormal.
func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i*7919%1009)/1009 - 0.5
	}
	return x
}

// network is what a step of training is measured on.
type network struct {
	layers    []nn.Layer
	in        []int
	batch     int
	classes   int
	optimizer nn.OptimizerConfig
}

func networks(work string) (network, error) {
	sgd := nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}
	mlp := []nn.Layer{nn.Dense{Units: 256, Activation: nn.ReLU}, nn.Dense{Units: 128, Activation: nn.ReLU}, nn.Dense{Units: 10}}
	switch work {
	case "mlp-sgd":
		return network{mlp, []int{784}, 128, 10, sgd}, nil
	case "mlp-adam":
		return network{mlp, []int{784}, 128, 10, nn.OptimizerConfig{Kind: nn.Adam}}, nil
	case "cnn":
		return network{[]nn.Layer{
			nn.Conv{Channels: 32, Kernel: 3, Stride: 1, Padding: 1, Activation: nn.ReLU},
			nn.MaxPool{Size: 2},
			nn.Conv{Channels: 64, Kernel: 3, Stride: 1, Padding: 1, Activation: nn.ReLU},
			nn.MaxPool{Size: 2},
			nn.Flatten{},
			nn.Dense{Units: 128, Activation: nn.ReLU},
			nn.Dense{Units: 10},
		}, []int{1, 28, 28}, 128, 10, sgd}, nil
	case "resnet18-cifar":
		return network{resnet.Layers(18, true, 10), []int{3, 32, 32}, 32, 10, sgd}, nil
	case "resnet18-imagenet":
		return network{resnet.Layers(18, false, 1000), []int{3, 224, 224}, 8, 1000, sgd}, nil
	}
	return network{}, fmt.Errorf("there is no work %q", work)
}

func training(work string) (job, error) {
	w, err := networks(work)
	if err != nil {
		return job{}, err
	}
	net, err := nn.Compile(w.layers, w.in, nn.Loss{}, w.batch, 1)
	if err != nil {
		return job{}, err
	}
	opt, err := nn.NewOptimizer(w.optimizer, net.Params())
	if err != nil {
		return job{}, errors.Join(err, net.Close())
	}
	copy(net.Inputs(), ramp(len(net.Inputs())))
	for i := range net.Labels() {
		net.Labels()[i] = int32(i % w.classes)
	}
	rate := 0.01
	if w.optimizer.Kind == nn.Adam {
		rate = 0.001
	}
	step := func() error {
		_, err := net.Step(opt, rate)
		return err
	}
	return job{step: step, amount: float64(w.batch), close: net.Close}, nil
}
