package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// progress is what training needs besides tensors to go on after an epoch.
type progress struct {
	Epoch   int           `json:"epoch"` // the last complete one
	Steps   uint64        `json:"steps"`
	Best    sweep.Metrics `json:"best,omitempty"` // metrics of the best epoch, none yet: nil
	At      int           `json:"at"`             // the best epoch
	Seconds float64       `json:"seconds"`        // spent so far

	Violation float64 `json:"violation,omitempty"` // of the constraint by the best epoch
}

// A checkpoint is one file: the parameters and buffers, the optimizer's state,
// the best epoch's parameters, and progress in the metadata, all in the order in
// which the layers hold them. One rename replaces it, so that it is whole
// whenever the process dies.
func checkpointFile(d trialdir.Dir) string {
	return filepath.Join(d.Checkpoint(), "checkpoint.safetensors")
}

func tensorsOf(params []*nn.Param, prefix string) []safetensors.Tensor {
	out := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		out[i] = safetensors.Tensor{Name: prefix + p.Name, Shape: p.Shape, Data: p.Data}
	}
	return out
}

func saveCheckpoint(d trialdir.Dir, p progress, n *nn.Net, opt *nn.Optimizer, best [][]float32) error {
	if err := os.MkdirAll(d.Checkpoint(), 0o700); err != nil {
		return fmt.Errorf("make checkpoint directory: %w", err)
	}
	tensors := tensorsOf(n.Params(), "")
	for i, state := range opt.State() {
		tensors = append(tensors, safetensors.Tensor{Name: stateName(i), Shape: []int{len(state)}, Data: state})
	}
	if p.Best != nil {
		for i, param := range n.Params() {
			tensors = append(tensors, safetensors.Tensor{Name: "best." + param.Name, Shape: param.Shape, Data: best[i]})
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	if err := safetensors.WriteFile(checkpointFile(d), tensors, map[string]string{"progress": string(text)}); err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return trialdir.SyncDir(d.Checkpoint())
}

// stateName is the tensor of an optimizer's i-th state.
func stateName(i int) string { return fmt.Sprintf("optimizer.%d", i) }

// fits reports whether tensors have the state of an optimizer such as opt.
func fits(opt *nn.Optimizer, tensors map[string]safetensors.Tensor) bool {
	states := opt.State()
	for i, state := range states {
		if t, ok := tensors[stateName(i)]; !ok || len(t.Data) != len(state) {
			return false
		}
	}
	_, more := tensors[stateName(len(states))]
	return !more
}

// loadCheckpoint restores the net, the optimizer and the best parameters, or
// leaves them as they are where there is no checkpoint. The state of an optimizer
// of another kind, from which a trial may have inherited, is left out.
func loadCheckpoint(d trialdir.Dir, n *nn.Net, opt *nn.Optimizer, best [][]float32, inherited bool) (progress, error) {
	var p progress
	tensors, metadata, err := safetensors.ReadFile(checkpointFile(d))
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("go on from checkpoint: %w", err)
	}
	if err := json.Unmarshal([]byte(metadata["progress"]), &p); err != nil {
		return p, fmt.Errorf("go on from checkpoint: %w", err)
	}
	restore := func(name string, into []float32) {
		t, ok := tensors[name]
		if !ok || len(t.Data) != len(into) {
			err = errors.Join(err, fmt.Errorf("go on from checkpoint: tensor %s does not fit", name))
			return
		}
		copy(into, t.Data)
	}
	for i, param := range n.Params() {
		restore(param.Name, param.Data)
		if p.Best != nil {
			restore("best."+param.Name, best[i])
		}
	}
	if !inherited || fits(opt, tensors) {
		for i, state := range opt.State() {
			restore(stateName(i), state)
		}
		opt.SetSteps(p.Steps)
	}
	n.SetStep(p.Steps)
	return p, err
}
