package parity

import "github.com/inflame-deeplearning/sweep/model/nn"

// layerCase is a network that export.py builds too, under the same name.
type layerCase struct {
	name   string
	in     []int
	batch  int
	layers []nn.Layer
	loss   nn.Loss
}

func layerCases() []layerCase {
	cases := []layerCase{
		{"dense", []int{7}, 5, list(dense(9), dense(3)), nn.Loss{}},
		{"dense wide", []int{33}, 17, list(dense(48, nn.Tanh), dense(20, nn.Tanh), dense(3)), nn.Loss{}},
		{"dense on an image", []int{3, 5, 4}, 4, list(conv(4, 3, 1, 1, nn.Tanh), nn.Flatten{}, dense(6, nn.Tanh), dense(3)), nn.Loss{}},
		{"cross entropy, smoothing 0.1", []int{6}, 8, list(dense(9, nn.Tanh), dense(3)), nn.Loss{Smoothing: 0.1}},
		{"mean squared", []int{6}, 8, list(dense(9, nn.Tanh), dense(1)), nn.Loss{Kind: nn.MeanSquared}},

		{"conv first, 7x7", []int{3, 16, 16}, 2, list(conv(16, 7, 2, 3), conv(2, 1, 1, 0), dense(3)), nn.Loss{}},
		{"conv first, 3x3", []int{1, 9, 9}, 3, list(conv(16, 3, 1, 1, nn.ReLU), conv(2, 1, 1, 0), dense(3)), nn.Loss{}},
		{"conv without bias", []int{3, 6, 6}, 2, list(unbiased(6, 3, 1, 1), dense(3)), nn.Loss{}},
		{"conv, not square", []int{3, 6, 9}, 2, list(conv(6, 1, 1, 0, nn.Tanh), conv(4, 3, 2, 1), dense(3)), nn.Loss{}},
		{"conv, not square, 3x3", []int{3, 6, 9}, 2, list(conv(16, 1, 1, 0, nn.Tanh), conv(4, 3, 1, 1), dense(3)), nn.Loss{}},

		{"batch norm, momentum and epsilon", []int{6}, 16, list(dense(9, nn.Tanh), nn.BatchNorm{Momentum: 0.3, Epsilon: 0.01}, dense(3)), nn.Loss{}},

		pooled("max pool 2", 6, 6, nn.MaxPool{Size: 2}),
		pooled("max pool 2, odd", 7, 5, nn.MaxPool{Size: 2}),
		pooled("max pool 3 2", 7, 7, nn.MaxPool{Size: 3, Stride: 2}),
		pooled("max pool 3 2 1", 8, 8, nn.MaxPool{Size: 3, Stride: 2, Padding: 1}),
		pooled("max pool 3 2 1, odd", 7, 7, nn.MaxPool{Size: 3, Stride: 2, Padding: 1}),
		pooled("avg pool 2", 6, 6, nn.AvgPool{Size: 2}),
		pooled("avg pool 3 2", 8, 8, nn.AvgPool{Size: 3, Stride: 2}),
		pooled("avg pool global", 5, 6, nn.AvgPool{}),
		{"conv relu max pool", []int{1, 8, 8}, 3, list(
			conv(16, 3, 1, 1, nn.ReLU), nn.MaxPool{Size: 2}, conv(16, 3, 1, 1, nn.ReLU), nn.MaxPool{Size: 2},
			nn.Flatten{}, dense(8, nn.ReLU), dense(3)), nn.Loss{}},

		{"residual, identity, dense", []int{6}, 8, list(
			dense(8, nn.Tanh), nn.Residual{Body: list(dense(8, nn.Tanh), dense(8)), Activation: nn.ReLU}, dense(3)), nn.Loss{}},
		{"residual, projection, dense", []int{6}, 8, list(
			dense(8, nn.Tanh), nn.Residual{Body: list(dense(5, nn.Tanh)), Shortcut: list(dense(5))}, dense(3)), nn.Loss{}},
		{"residual, identity, conv", []int{2, 6, 6}, 3, list(
			conv(16, 3, 1, 1, nn.Tanh),
			nn.Residual{
				Body:       list(unbiased(16, 3, 1, 1), nn.BatchNorm{Activation: nn.ReLU}, unbiased(16, 3, 1, 1), nn.BatchNorm{}),
				Activation: nn.ReLU,
			},
			conv(2, 1, 1, 0), dense(3)), nn.Loss{}},
		{"residual, projection, conv", []int{2, 7, 7}, 3, list(
			conv(6, 3, 1, 1, nn.Tanh),
			nn.Residual{
				Body:       list(unbiased(10, 3, 2, 1), nn.BatchNorm{Activation: nn.ReLU}, unbiased(10, 3, 1, 1), nn.BatchNorm{}),
				Shortcut:   list(unbiased(10, 1, 2, 0), nn.BatchNorm{}),
				Activation: nn.ReLU,
			},
			conv(2, 1, 1, 0), dense(3)), nn.Loss{}},
		{"residual in residual", []int{6}, 8, list(
			dense(8, nn.Tanh),
			nn.Residual{Body: list(dense(8, nn.Tanh), nn.Residual{Body: list(dense(8, nn.Tanh))}), Activation: nn.Tanh},
			dense(3)), nn.Loss{}},
	}
	for _, a := range []nn.Activation{nn.None, nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU} {
		between := conv(5, 3, 1, 1, a)
		cases = append(cases,
			layerCase{"dense " + string(a), []int{6}, 8, list(dense(19, a), dense(3)), nn.Loss{}},
			layerCase{"activate " + string(a), []int{6}, 8, list(dense(19), nn.Activate{Activation: a}, dense(3)), nn.Loss{}},
			layerCase{"conv " + string(a), []int{2, 6, 6}, 2, list(conv(4, 1, 1, 0, nn.Tanh), between, conv(2, 1, 1, 0), dense(3)), nn.Loss{}})
	}
	for _, a := range []nn.Activation{nn.None, nn.ReLU, nn.Tanh} {
		norm := nn.BatchNorm{Activation: a}
		cases = append(cases,
			layerCase{"batch norm, features, " + string(a), []int{6}, 16, list(dense(9, nn.Tanh), norm, dense(3)), nn.Loss{}},
			layerCase{"batch norm, channels, " + string(a), []int{2, 5, 5}, 3, list(conv(5, 3, 1, 1, nn.Tanh), norm, conv(2, 1, 1, 0), dense(3)), nn.Loss{}},
			layerCase{"batch norm, 16 channels, " + string(a), []int{2, 4, 4}, 3, list(unbiased(16, 3, 1, 1), norm, conv(2, 1, 1, 0), dense(3)), nn.Loss{}})
	}
	return append(cases, convCases()...)
}

// convCases are convolutions of many geometries between 1x1 ones.
func convCases() []layerCase {
	var cases []layerCase
	for _, c := range []struct {
		name                                       string
		channels, out, kernel, stride, padding, in int
	}{
		{"conv 16 32 3 1 1 8", 16, 32, 3, 1, 1, 8},
		{"conv 16 32 3 1 1 14", 16, 32, 3, 1, 1, 14},
		{"conv 16 16 3 1 1 7", 16, 16, 3, 1, 1, 7},
		{"conv 16 16 3 1 1 4", 16, 16, 3, 1, 1, 4},
		{"conv 16 16 3 1 1 2", 16, 16, 3, 1, 1, 2},
		{"conv 17 20 3 1 1 14", 17, 20, 3, 1, 1, 14},
		{"conv 3 5 3 1 1 9", 3, 5, 3, 1, 1, 9},
		{"conv 32 16 3 1 0 7", 32, 16, 3, 1, 0, 7},
		{"conv 16 32 3 2 1 14", 16, 32, 3, 2, 1, 14},
		{"conv 16 16 3 2 1 7", 16, 16, 3, 2, 1, 7},
		{"conv 5 7 3 2 1 7", 5, 7, 3, 2, 1, 7},
		{"conv 16 32 1 1 0 7", 16, 32, 1, 1, 0, 7},
		{"conv 7 9 1 1 0 8", 7, 9, 1, 1, 0, 8},
		{"conv 16 32 1 2 0 14", 16, 32, 1, 2, 0, 14},
		{"conv 5 19 1 2 0 7", 5, 19, 1, 2, 0, 7},
		{"conv 16 16 5 1 2 8", 16, 16, 5, 1, 2, 8},
		{"conv 3 5 5 1 0 9", 3, 5, 5, 1, 0, 9},
		{"conv 3 16 7 2 3 16", 3, 16, 7, 2, 3, 16},
		{"conv 3 5 7 2 3 15", 3, 5, 7, 2, 3, 15},
		{"conv 16 8 2 2 0 8", 16, 8, 2, 2, 0, 8},
		{"conv 4 6 3 3 2 10", 4, 6, 3, 3, 2, 10},
		{"conv 6 4 4 1 1 7", 6, 4, 4, 1, 1, 7},
	} {
		layers := list(conv(c.channels, 1, 1, 0, nn.Tanh), conv(c.out, c.kernel, c.stride, c.padding), conv(2, 1, 1, 0), dense(3))
		cases = append(cases, layerCase{c.name, []int{2, c.in, c.in}, 2, layers, nn.Loss{}})
	}
	return cases
}

func pooled(name string, height, width int, pool nn.Layer) layerCase {
	return layerCase{name, []int{2, height, width}, 2, list(conv(5, 3, 1, 1), pool, dense(3)), nn.Loss{}}
}

func list(layers ...nn.Layer) []nn.Layer { return layers }

func dense(units int, act ...nn.Activation) nn.Layer {
	l := nn.Dense{Units: units}
	for _, a := range act {
		l.Activation = a
	}
	return l
}

func conv(channels, kernel, stride, padding int, act ...nn.Activation) nn.Layer {
	l := nn.Conv{Channels: channels, Kernel: kernel, Stride: stride, Padding: padding}
	for _, a := range act {
		l.Activation = a
	}
	return l
}

// unbiased is a convolution without a bias, as before a batch norm.
func unbiased(channels, kernel, stride, padding int) nn.Layer {
	return nn.Conv{Channels: channels, Kernel: kernel, Stride: stride, Padding: padding, NoBias: true}
}

// optimizerNetworks are trained by each of optimizers.
var optimizerNetworks = []layerCase{
	{"mlp", []int{6}, 8, list(dense(8, nn.Tanh), dense(3)), nn.Loss{}},
	{"convnet", []int{1, 6, 6}, 8, list(
		unbiased(4, 3, 1, 1), nn.BatchNorm{Activation: nn.ReLU}, nn.MaxPool{Size: 2},
		conv(5, 3, 1, 1, nn.Tanh), nn.Flatten{}, dense(3)), nn.Loss{}},
}

var optimizers = []struct {
	name   string
	rate   float64
	config nn.OptimizerConfig
}{
	{"sgd", 0.1, nn.OptimizerConfig{Kind: nn.SGD}},
	{"sgd momentum", 0.1, nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}},
	{"sgd nesterov", 0.1, nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9, Nesterov: true}},
	{"sgd decay", 0.1, nn.OptimizerConfig{Kind: nn.SGD, WeightDecay: 0.1}},
	{"sgd nesterov decay", 0.1, nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9, Nesterov: true, WeightDecay: 0.1}},
	{"adam", 0.01, nn.OptimizerConfig{Kind: nn.Adam}},
	{"adam betas", 0.01, nn.OptimizerConfig{Kind: nn.Adam, Beta1: 0.8, Beta2: 0.95, Epsilon: 1e-4}},
	{"adam decay", 0.01, nn.OptimizerConfig{Kind: nn.Adam, WeightDecay: 0.1}},
	{"adamw", 0.01, nn.OptimizerConfig{Kind: nn.AdamW, WeightDecay: 0.1}},
	{"rmsprop", 0.01, nn.OptimizerConfig{Kind: nn.RMSProp}},
	{"rmsprop alpha", 0.01, nn.OptimizerConfig{Kind: nn.RMSProp, Alpha: 0.9, Epsilon: 1e-4}},
	{"rmsprop momentum decay", 0.01, nn.OptimizerConfig{Kind: nn.RMSProp, Momentum: 0.9, WeightDecay: 0.1}},
}
