// Package resnet is the residual network of He et al. 2016 for images, with 18
// or 34 layers. Its parameters have torchvision's names, so that weights trained
// there can be taken as the start, and the weights saved here can be loaded there.
package resnet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// Config is the model "resnet" block.
type Config struct {
	_          struct{} `doc:"A residual network (He et al. 2016) for images, from scratch or from weights in a file."`
	Depth      int      `hcl:"depth" doc:"Layers: 18 or 34." default:"18" min:"18" max:"34"`
	Stem       string   `hcl:"stem" doc:"How it begins: a 3x3 convolution for small images (cifar), a 7x7 one of stride 2 and pooling for large ones (imagenet), or by size (auto: cifar up to 64 pixels)." oneof:"auto,cifar,imagenet" default:"auto"`
	Pretrained string   `hcl:"pretrained" doc:"A .safetensors file of weights under torchvision's names to begin with; where it has another number of classes, the head begins anew." default:""`
	Frozen     bool     `hcl:"frozen" doc:"Train the head alone; all before it stays as it is." default:"false"`
}

// New is a trainer of such networks.
func New(_ sweep.Spec, c Config) (model.Trainer, error) {
	if c.Depth != 18 && c.Depth != 34 {
		return nil, fmt.Errorf("depth must be 18 or 34, not %d", c.Depth)
	}
	if c.Frozen && c.Pretrained == "" {
		return nil, errors.New("frozen keeps weights as they are: name a file of them, pretrained = \"resnet18.safetensors\"")
	}
	return trainer{c}, nil
}

type trainer struct{ Config }

func (t trainer) Train(ctx context.Context, r *model.Run) (sweep.Result, error) {
	return model.Fit(ctx, r, t)
}

func (trainer) Metrics() []string { return model.Metrics() }

// smallImage is the largest side for which stem "auto" is "cifar".
const smallImage = 64

// Layers are the stem, the blocks and the head.
func (t trainer) Layers(m artifact.Meta) ([]nn.Layer, error) {
	if len(m.Shape) != 3 {
		return nil, errors.New("a resnet needs images: use model \"mlp\" for tables and texts")
	}
	cifar := t.Stem == "cifar" || t.Stem == "auto" && max(m.Shape[1], m.Shape[2]) <= smallImage
	layers := Layers(t.Depth, cifar, max(len(m.Classes), 1))
	if t.Frozen {
		for i := range layers[:len(layers)-1] {
			if p, ok := layers[i].(nn.Part); ok {
				p.Frozen = true
				layers[i] = p
			}
		}
	}
	return layers, nil
}

// Layers is a residual network of depth 18 or 34, its parts named as torchvision
// names them, the head last.
func Layers(depth int, cifar bool, classes int) []nn.Layer {
	blocks := map[int][4]int{18: {2, 2, 2, 2}, 34: {3, 4, 6, 3}}[depth]
	layers := []nn.Layer{
		part("conv1", nn.Conv{Channels: 64, Kernel: 7, Stride: 2, Padding: 3, NoBias: true}),
		part("bn1", nn.BatchNorm{Activation: nn.ReLU}),
		nn.MaxPool{Size: 3, Stride: 2, Padding: 1},
	}
	if cifar {
		layers = []nn.Layer{
			part("conv1", nn.Conv{Channels: 64, Kernel: 3, Stride: 1, Padding: 1, NoBias: true}),
			part("bn1", nn.BatchNorm{Activation: nn.ReLU}),
		}
	}
	channels := 64
	for stage, count := range blocks {
		out := 64 << stage
		for i := range count {
			stride := 1
			if i == 0 && stage > 0 {
				stride = 2
			}
			layers = append(layers, part(fmt.Sprintf("layer%d.%d", stage+1, i), block(channels, out, stride)))
			channels = out
		}
	}
	return append(layers, nn.AvgPool{}, nn.Flatten{}, part("fc", nn.Dense{Units: classes}))
}

// block is two 3x3 convolutions around which the input goes, through a
// projection where the shape changes.
func block(in, out, stride int) nn.Residual {
	r := nn.Residual{Activation: nn.ReLU, Body: []nn.Layer{
		part("conv1", nn.Conv{Channels: out, Kernel: 3, Stride: stride, Padding: 1, NoBias: true}),
		part("bn1", nn.BatchNorm{Activation: nn.ReLU}),
		part("conv2", nn.Conv{Channels: out, Kernel: 3, Stride: 1, Padding: 1, NoBias: true}),
		part("bn2", nn.BatchNorm{}),
	}}
	if in != out || stride != 1 {
		r.Shortcut = []nn.Layer{
			part("downsample.0", nn.Conv{Channels: out, Kernel: 1, Stride: stride, NoBias: true}),
			part("downsample.1", nn.BatchNorm{}),
		}
	}
	return r
}

func part(name string, l nn.Layer) nn.Part { return nn.Part{Name: name, Layer: l} }

// Start sets params to the pretrained weights, if there are any. The head begins
// anew where its shape is another.
func (t trainer) Start(params []*nn.Param) error {
	if t.Pretrained == "" {
		return nil
	}
	tensors, _, err := safetensors.ReadFile(t.Pretrained)
	if err != nil {
		return fmt.Errorf("read pretrained weights: %w", err)
	}
	for _, p := range params {
		head := p.Name == "fc.weight" || p.Name == "fc.bias"
		w, ok := tensors[p.Name]
		switch {
		case ok && slices.Equal(w.Shape, p.Shape):
			p.SetValues(w.Data)
		case head:
		case !ok:
			return fmt.Errorf("read pretrained weights: %s has no tensor %s: expected are torchvision's names of a resnet%d", t.Pretrained, p.Name, t.Depth)
		default:
			return fmt.Errorf("read pretrained weights: tensor %s in %s has shape %v, this network needs %v: is stem or depth another?", p.Name, t.Pretrained, w.Shape, p.Shape)
		}
	}
	return nil
}
