// Package cnn is the plain convolutional network: blocks of convolution and
// pooling, then dense layers.
package cnn

import (
	"context"
	"errors"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the model "cnn" block.
type Config struct {
	_          struct{} `doc:"A convolutional network: blocks of convolution and pooling, then dense layers."`
	Conv       []Block  `hcl:"conv" doc:"The blocks, first to last." required:"true"`
	GlobalPool bool     `hcl:"global_pool" doc:"Average each channel over the whole image after the last block." default:"false"`
	Dense      []int    `hcl:"dense" doc:"Units of each dense layer before the output." default:"[]" min:"1" max:"65536"`
	Dropout    float64  `hcl:"dropout" doc:"Share of each dense layer's outputs set to 0 while training." default:"0" min:"0" below:"1"`
	Activation string   `hcl:"activation" doc:"What follows each convolution and dense layer." oneof:"relu,leaky_relu,tanh,sigmoid,gelu,silu" default:"relu"`
}

// Block is one convolution and what follows it.
type Block struct {
	Channels  int     `hcl:"channels" doc:"Output channels." required:"true" min:"1" max:"8192"`
	Kernel    int     `hcl:"kernel" doc:"Width and height of the kernel." default:"3" min:"1" max:"64"`
	Stride    int     `hcl:"stride" doc:"Step of the kernel." default:"1" min:"1" max:"64"`
	Padding   *int    `hcl:"padding" doc:"Zeros around the image; half of the kernel where not given, which keeps the size." min:"0" max:"64"`
	BatchNorm bool    `hcl:"batch_norm" doc:"Normalise over the batch, before the activation." default:"false"`
	Pool      int     `hcl:"pool" doc:"Size of max pooling; 0: none." default:"0" min:"0" max:"64"`
	Dropout   float64 `hcl:"dropout" doc:"Share of the outputs set to 0 while training." default:"0" min:"0" below:"1"`
}

// New is a trainer of such networks.
func New(_ sweep.Spec, c Config) (model.Trainer, error) {
	if len(c.Conv) == 0 {
		return nil, errors.New("conv needs at least one block: write conv = [{ channels = 16, pool = 2 }], or use model \"mlp\"")
	}
	return trainer{c}, nil
}

type trainer struct{ Config }

func (t trainer) Train(ctx context.Context, r *model.Run) (sweep.Result, error) {
	return model.Fit(ctx, r, t)
}

func (trainer) Metrics() []string { return model.Metrics() }

// Layers are the blocks, the dense layers and the output.
func (t trainer) Layers(m artifact.Meta) ([]nn.Layer, error) {
	if len(m.Shape) != 3 {
		return nil, errors.New("a cnn needs images: use model \"mlp\" for tables and texts")
	}
	act := nn.Activation(t.Activation)
	var layers []nn.Layer
	for _, b := range t.Conv {
		padding := b.Kernel / 2
		if b.Padding != nil {
			padding = *b.Padding
		}
		conv := nn.Conv{Channels: b.Channels, Kernel: b.Kernel, Stride: b.Stride, Padding: padding, Activation: act}
		if b.BatchNorm {
			conv.Activation = nn.None
			layers = append(layers, conv, nn.BatchNorm{Activation: act})
		} else {
			layers = append(layers, conv)
		}
		if b.Pool > 1 {
			layers = append(layers, nn.MaxPool{Size: b.Pool})
		}
		if b.Dropout > 0 {
			layers = append(layers, nn.Dropout{Rate: b.Dropout})
		}
	}
	if t.GlobalPool {
		layers = append(layers, nn.AvgPool{})
	}
	layers = append(layers, nn.Flatten{})
	for _, units := range t.Dense {
		layers = append(layers, nn.Dense{Units: units, Activation: act})
		if t.Dropout > 0 {
			layers = append(layers, nn.Dropout{Rate: t.Dropout})
		}
	}
	return append(layers, nn.Dense{Units: max(len(m.Classes), 1)}), nil
}
