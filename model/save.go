package model

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/trialdir"
)

// A model directory holds two files, all that a prediction needs.
const (
	weightsFile     = "weights.safetensors"
	descriptionFile = "model.json"
)

// Description is the content of model.json.
type Description struct {
	Version     int           `json:"version"` // of this format: 1
	Trial       string        `json:"trial"`   // where it comes from
	Identity    string        `json:"identity"`
	Network     sweep.Block   `json:"network"` // the model block, resolved
	Data        artifact.Meta `json:"data"`    // classes, input shape and preprocessing
	Fingerprint string        `json:"fingerprint"`
	Epoch       int           `json:"epoch"`  // whose weights these are
	Scores      sweep.Metrics `json:"scores"` // of these weights; test_ ones where there is a test split
}

const descriptionVersion = 1

// save writes a model directory, the description last: a directory with one is
// whole.
func save(dir string, d Description, n *nn.Net) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make model directory: %w", err)
	}
	if err := safetensors.WriteFile(filepath.Join(dir, weightsFile), weights(n.Params()), map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("save weights: %w", err)
	}
	d.Version = descriptionVersion
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode model description: %w", err)
	}
	return trialdir.WriteFile(filepath.Join(dir, descriptionFile), append(text, '\n'))
}

// weights are the parameters in PyTorch's order.
func weights(params []*nn.Param) []safetensors.Tensor {
	out := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		out[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Values()}
	}
	return out
}

// Describe reads the description in a model directory.
func Describe(dir string) (Description, error) {
	var d Description
	text, err := os.ReadFile(filepath.Join(dir, descriptionFile))
	if err != nil {
		return d, fmt.Errorf("read model: %w", err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("read model description in %s: %w", dir, err)
	}
	if d.Version != descriptionVersion {
		return d, fmt.Errorf("read model in %s: its format is version %d, this program knows %d", dir, d.Version, descriptionVersion)
	}
	return d, nil
}
