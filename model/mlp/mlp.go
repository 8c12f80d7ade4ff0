// Package mlp is the multilayer perceptron: dense layers with an activation
// between them.
package mlp

import (
	"context"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the model "mlp" block.
type Config struct {
	_          struct{} `doc:"A multilayer perceptron: dense layers with an activation between them. Without hidden layers it is a linear model."`
	Hidden     []int    `hcl:"hidden" doc:"Units of each hidden layer." default:"[128]" min:"1" max:"65536"`
	Activation string   `hcl:"activation" doc:"What follows each hidden layer." oneof:"relu,leaky_relu,tanh,sigmoid,gelu,silu" default:"relu"`
	BatchNorm  bool     `hcl:"batch_norm" doc:"Normalise each hidden layer over the batch, before its activation." default:"false"`
	Dropout    float64  `hcl:"dropout" doc:"Share of each hidden layer's outputs set to 0 while training." default:"0" min:"0" below:"1"`
}

// New is a trainer of such networks.
func New(_ sweep.Spec, c Config) (model.Trainer, error) { return trainer{c}, nil }

type trainer struct{ Config }

func (t trainer) Train(ctx context.Context, r *model.Run) (sweep.Result, error) {
	return model.Fit(ctx, r, t)
}

func (trainer) Metrics() []string { return model.Metrics() }

// Layers are the hidden layers and one output a class, or one for a regression.
func (t trainer) Layers(m artifact.Meta) ([]nn.Layer, error) {
	var layers []nn.Layer
	for _, units := range t.Hidden {
		if t.BatchNorm {
			layers = append(layers, nn.Dense{Units: units}, nn.BatchNorm{Activation: nn.Activation(t.Activation)})
		} else {
			layers = append(layers, nn.Dense{Units: units, Activation: nn.Activation(t.Activation)})
		}
		if t.Dropout > 0 {
			layers = append(layers, nn.Dropout{Rate: t.Dropout})
		}
	}
	return append(layers, nn.Dense{Units: max(len(m.Classes), 1)}), nil
}
