package resnet

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/sweep"
)

func compile(tb testing.TB, layers []nn.Layer, size, batch int, seed uint64) *nn.Net {
	tb.Helper()
	n, err := nn.Compile(layers, []int{3, size, size}, nn.Loss{}, batch, seed)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n.Inputs() {
		n.Inputs()[i] = float32((i*7919)%997)/498 - 1
	}
	for i := range n.Labels() {
		n.Labels()[i] = int32(i % n.Width())
	}
	return n
}

func meta(classes, size int) artifact.Meta {
	return artifact.Meta{Kind: artifact.Classification, Shape: []int{3, size, size}, Classes: make([]string, classes)}
}

// The parameters are those of torchvision's resnet18 and resnet34.
func TestParametersAreTorchvisions(t *testing.T) {
	for _, test := range []struct{ depth, tensors, values int }{
		{18, 102, 11_699_112}, // 11,689,512 parameters and 9,600 running statistics
		{34, 182, 21_814_696},
	} {
		n := compile(t, Layers(test.depth, false, 1000), 32, 2, 1)
		names, values := map[string][]int{}, 0
		for _, p := range n.Params() {
			names[p.Name] = p.Shape
			values += len(p.Data)
		}
		if len(names) != test.tensors || values != test.values {
			t.Errorf("resnet%d has %d tensors of %d values, want %d of %d", test.depth, len(names), values, test.tensors, test.values)
		}
		for name, shape := range map[string][]int{
			"conv1.weight": {64, 3, 7, 7}, "bn1.running_var": {64}, "layer1.0.conv1.weight": {64, 64, 3, 3},
			"layer2.0.downsample.0.weight": {128, 64, 1, 1}, "layer2.0.downsample.1.running_mean": {128},
			"layer4.1.bn2.bias": {512}, "fc.weight": {1000, 512}, "fc.bias": {1000},
		} {
			if !slices.Equal(names[name], shape) {
				t.Errorf("resnet%d: %s has shape %v, want %v", test.depth, name, names[name], shape)
			}
		}
	}
}

// weightsFile is a file of the weights of a network with classes classes.
func weightsFile(t *testing.T, classes int, change func([]safetensors.Tensor) []safetensors.Tensor) string {
	t.Helper()
	var tensors []safetensors.Tensor
	for _, p := range compile(t, Layers(18, true, classes), 8, 2, 99).Params() {
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Values()})
	}
	// Which torchvision's files hold too.
	tensors = append(tensors, safetensors.Tensor{Name: "bn1.num_batches_tracked", Shape: []int{1}, Data: []float32{3}})
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := safetensors.WriteFile(path, change(tensors), nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func whole(tensors []safetensors.Tensor) []safetensors.Tensor { return tensors }

func TestPretrained(t *testing.T) {
	source := compile(t, Layers(18, true, 5), 8, 2, 99)
	want, err := source.Forward()
	if err != nil {
		t.Fatal(err)
	}
	trainer := trainer{Config{Depth: 18, Stem: "cifar", Pretrained: weightsFile(t, 5, whole)}}
	layers, err := trainer.Layers(meta(5, 8))
	if err != nil {
		t.Fatal(err)
	}
	n := compile(t, layers, 8, 2, 1)
	if err := trainer.Start(n.Params()); err != nil {
		t.Fatal(err)
	}
	got, err := n.Forward()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("logits with the weights of the file are %v, of their source %v", got, want)
	}

	layers, err = trainer.Layers(meta(3, 8))
	if err != nil {
		t.Fatal(err)
	}
	n = compile(t, layers, 8, 2, 1)
	var head []float32
	for _, p := range n.Params() {
		if p.Name == "fc.weight" {
			head = slices.Clone(p.Data)
		}
	}
	if err := trainer.Start(n.Params()); err != nil {
		t.Fatalf("with another number of classes: %v", err)
	}
	for i, p := range n.Params() {
		if p.Name == "fc.weight" {
			if !slices.Equal(p.Data, head) {
				t.Error("the head of another number of classes did not begin anew")
			}
		} else if p.Name != "fc.bias" && !slices.Equal(p.Data, source.Params()[i].Data) {
			t.Errorf("%s is not that of the file", p.Name)
		}
	}
}

func TestPretrainedFilesThatDoNotFit(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func([]safetensors.Tensor) []safetensors.Tensor
		want   string
	}{
		{"a tensor is missing", func(ts []safetensors.Tensor) []safetensors.Tensor {
			return slices.DeleteFunc(ts, func(t safetensors.Tensor) bool { return t.Name == "layer3.1.bn2.weight" })
		}, "has no tensor layer3.1.bn2.weight: expected are torchvision's names of a resnet18"},
		{"another stem", func(ts []safetensors.Tensor) []safetensors.Tensor {
			for i := range ts {
				if ts[i].Name == "conv1.weight" {
					ts[i] = safetensors.Tensor{Name: "conv1.weight", Shape: []int{64, 3, 1, 1}, Data: make([]float32, 192)}
				}
			}
			return ts
		}, "tensor conv1.weight in"},
	} {
		t.Run(test.name, func(t *testing.T) {
			trainer := trainer{Config{Depth: 18, Pretrained: weightsFile(t, 5, test.change)}}
			n := compile(t, Layers(18, true, 5), 8, 2, 1)
			if err := trainer.Start(n.Params()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Start = %v, want an error with %q", err, test.want)
			}
		})
	}
	if err := (trainer{Config{Depth: 18, Pretrained: "missing.safetensors"}}).Start(nil); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestFrozenTrainsTheHeadAlone(t *testing.T) {
	trainer := trainer{Config{Depth: 18, Stem: "cifar", Frozen: true, Pretrained: "not read here"}}
	layers, err := trainer.Layers(meta(3, 8))
	if err != nil {
		t.Fatal(err)
	}
	n := compile(t, layers, 8, 4, 1)
	before := map[string][]float32{}
	for _, p := range n.Params() {
		before[p.Name] = slices.Clone(p.Data)
		if head := strings.HasPrefix(p.Name, "fc."); p.Trained() != head {
			t.Errorf("%s: trained is %v", p.Name, p.Trained())
		}
	}
	opt, err := nn.NewOptimizer(nn.OptimizerConfig{Kind: nn.SGD}, n.Params())
	if err != nil {
		t.Fatal(err)
	}
	first, err := n.Step(opt, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := n.Step(opt, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if second >= first {
		t.Errorf("the loss went from %g to %g", first, second)
	}
	for _, p := range n.Params() {
		if same := slices.Equal(p.Data, before[p.Name]); same == strings.HasPrefix(p.Name, "fc.") {
			t.Errorf("%s: unchanged is %v", p.Name, same)
		}
	}
}

func TestSameSeedSameBits(t *testing.T) {
	train := func() []float32 {
		n := compile(t, Layers(18, true, 4), 16, 8, 5)
		opt, err := nn.NewOptimizer(nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}, n.Params())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := n.Step(opt, 0.01); err != nil {
				t.Fatal(err)
			}
		}
		var all []float32
		for _, p := range n.Params() {
			all = append(all, p.Data...)
		}
		return all
	}
	if !slices.Equal(train(), train()) {
		t.Error("two trainings with one seed differ")
	}
}

func TestNewRejects(t *testing.T) {
	for want, c := range map[string]Config{
		"depth must be 18 or 34, not 20": {Depth: 20},
		"name a file of them":            {Depth: 18, Frozen: true},
	} {
		if _, err := New(sweep.Spec{}, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v) = %v, want an error with %q", c, err, want)
		}
	}
	if _, err := (trainer{Config{Depth: 18}}).Layers(artifact.Meta{Shape: []int{7}}); err == nil {
		t.Error("a resnet for tables is no error")
	}
}

func BenchmarkStep(b *testing.B) {
	for _, bench := range []struct {
		name        string
		cifar       bool
		batch, size int
	}{{"cifar", true, 32, 32}, {"imagenet", false, 8, 224}} {
		b.Run(bench.name, func(b *testing.B) {
			n, err := nn.Compile(Layers(18, bench.cifar, 10), []int{3, bench.size, bench.size}, nn.Loss{}, bench.batch, 1)
			if err != nil {
				b.Fatal(err)
			}
			opt, err := nn.NewOptimizer(nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}, n.Params())
			if err != nil {
				b.Fatal(err)
			}
			for i := range n.Inputs() {
				n.Inputs()[i] = float32(i%17)/8 - 1
			}
			for b.Loop() {
				if _, err := n.Step(opt, 0.001); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bench.batch*b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
