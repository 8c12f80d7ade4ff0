package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// networks are those whose gradients are checked: every layer, activation and
// loss, each in a place where its input gradient matters.
var networks = []struct {
	name   string
	in     []int
	layers []Layer
	loss   Loss
}{
	{"dense", []int{5}, []Layer{Dense{4, Tanh}, Dense{3, None}}, Loss{}},
	{"relu", []int{5}, []Layer{Dense{8, ReLU}, Dense{3, None}}, Loss{}},
	{"leaky relu", []int{5}, []Layer{Dense{8, LeakyReLU}, Dense{3, None}}, Loss{}},
	{"sigmoid", []int{5}, []Layer{Dense{8, Sigmoid}, Dense{3, None}}, Loss{}},
	{"gelu", []int{5}, []Layer{Dense{8, GELU}, Dense{3, None}}, Loss{}},
	{"silu", []int{5}, []Layer{Dense{8, SiLU}, Dense{3, None}}, Loss{}},
	{"activate", []int{5}, []Layer{Dense{8, None}, Activate{Tanh}, Dense{3, None}}, Loss{}},
	{"label smoothing", []int{5}, []Layer{Dense{6, Tanh}, Dense{3, None}}, Loss{Smoothing: 0.2}},
	{"mean squared", []int{5}, []Layer{Dense{6, Tanh}, Dense{1, None}}, Loss{Kind: MeanSquared}},
	{"dropout", []int{5}, []Layer{Dense{16, Tanh}, Dropout{0.4}, Dense{3, None}}, Loss{}},
	{"batch norm, features", []int{5}, []Layer{Dense{6, None}, BatchNorm{}, Activate{Tanh}, Dense{3, None}}, Loss{}},
	{"batch norm, channels", []int{2, 4, 4}, []Layer{Conv{3, 3, 1, 1, None, false}, BatchNorm{}, Flatten{}, Dense{3, None}}, Loss{}},
	{"conv", []int{2, 5, 4}, []Layer{Conv{3, 3, 1, 1, Tanh, false}, Conv{2, 3, 1, 0, Tanh, false}, Flatten{}, Dense{3, None}}, Loss{}},
	{"conv, stride and padding", []int{2, 7, 6}, []Layer{Conv{3, 3, 2, 2, Tanh, false}, Conv{2, 2, 2, 1, Tanh, false}, Flatten{}, Dense{3, None}}, Loss{}},
	{"max pool", []int{1, 6, 6}, []Layer{Conv{2, 3, 1, 1, Tanh, false}, MaxPool{Size: 2}, Dense{3, None}}, Loss{}},
	{"max pool, overlapping", []int{1, 6, 6}, []Layer{Conv{2, 3, 1, 1, Tanh, false}, MaxPool{3, 2, 1}, Dense{3, None}}, Loss{}},
	{"average pool", []int{1, 6, 6}, []Layer{Conv{2, 3, 1, 1, Tanh, false}, AvgPool{Size: 2}, Dense{3, None}}, Loss{}},
	{"conv by Winograd", []int{16, 9, 6}, []Layer{Conv{16, 1, 1, 0, None, false}, Conv{17, 3, 1, 1, Tanh, false}, AvgPool{}, Dense{3, None}}, Loss{}},
	{"conv by Winograd, no padding", []int{16, 8, 8}, []Layer{Conv{16, 1, 1, 0, None, false}, Conv{16, 3, 1, 0, Tanh, true}, AvgPool{}, Dense{3, None}}, Loss{}},
	{"residual", []int{3, 4, 4}, []Layer{Conv{4, 3, 1, 1, Tanh, false}, Residual{Body: []Layer{Conv{4, 3, 1, 1, None, true}, BatchNorm{Activation: Tanh}, Conv{4, 3, 1, 1, None, false}}, Activation: Tanh}, AvgPool{}, Dense{3, None}}, Loss{}},
	{"residual with projection", []int{3, 4, 4}, []Layer{Conv{4, 3, 1, 1, Tanh, false}, Residual{Body: []Layer{Conv{5, 3, 2, 1, Tanh, true}}, Shortcut: []Layer{Conv{5, 1, 2, 0, None, true}, BatchNorm{}}, Activation: Tanh}, AvgPool{}, Dense{3, None}}, Loss{}},
	{"global pool", []int{1, 6, 5}, []Layer{Conv{4, 3, 1, 1, Tanh, false}, AvgPool{}, Dense{3, None}}, Loss{}},
}

func compile(tb testing.TB, layers []Layer, in []int, loss Loss, batch int) *Net {
	tb.Helper()
	n, err := Compile(layers, in, loss, batch, 7)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

func fillBatch(n *Net, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range n.Inputs() {
		n.Inputs()[i] = float32(r.NormFloat64())
	}
	for i := range n.Batch() {
		n.Labels()[i] = int32(r.IntN(max(n.Width(), 1)))
		n.Targets()[i] = float32(r.NormFloat64())
	}
}

// Every gradient against central differences of the loss. The loss itself is
// kept in float64; what is left is the float32 noise of the layers.
func TestGradientsMatchFiniteDifferences(t *testing.T) {
	for _, test := range networks {
		t.Run(test.name, func(t *testing.T) {
			n := compile(t, test.layers, test.in, test.loss, 4)
			fillBatch(n, 3)
			loss := func() float64 {
				n.SetStep(5) // dropout: the same mask
				v, err := n.Backward()
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			for _, p := range n.Params() {
				if !p.Trained() {
					continue
				}
				loss()
				grad := slices.Clone(p.Grad)
				var worst, scale float64
				for i := range p.Data {
					const h = 2e-3
					old := p.Data[i]
					p.Data[i] = old + h
					up := loss()
					p.Data[i] = old - h
					down := loss()
					p.Data[i] = old
					numeric := (up - down) / (2 * h)
					worst = max(worst, math.Abs(numeric-float64(grad[i])))
					scale = max(scale, math.Abs(numeric))
				}
				// A bias before batch norm has no effect: its gradient is 0.
				if worst > 1e-3*scale+2e-4 {
					t.Errorf("%s: gradient off by %.2g, largest %.2g", p.Name, worst, scale)
				}
			}
		})
	}
}

// The layers against a reference in float64 that shares no code with them.
func TestForwardMatchesReference(t *testing.T) {
	const batch, c, h, w, o, kernel, stride, padding = 3, 2, 6, 5, 4, 3, 2, 1
	n := compile(t, []Layer{Conv{o, kernel, stride, padding, None, false}, Flatten{}, Dense{3, None}}, []int{c, h, w}, Loss{}, batch)
	fillBatch(n, 1)
	if _, err := n.Forward(); err != nil {
		t.Fatal(err)
	}
	x, weight, bias := n.Inputs(), n.Params()[0], n.Params()[1]
	got := make([]float32, len(n.kernels[1].state().out))
	transposeAll(got, n.kernels[1].state().out, batch, 3*3, o)
	values := weight.Values()
	at := 0
	for b := range batch {
		for ch := range o {
			for oy := range (h+2*padding-kernel)/stride + 1 {
				for ox := range (w+2*padding-kernel)/stride + 1 {
					sum := float64(bias.Data[ch])
					for ic := range c {
						for ky := range kernel {
							for kx := range kernel {
								y, z := oy*stride+ky-padding, ox*stride+kx-padding
								if y >= 0 && y < h && z >= 0 && z < w {
									sum += float64(x[((b*c+ic)*h+y)*w+z]) * float64(values[((ch*c+ic)*kernel+ky)*kernel+kx])
								}
							}
						}
					}
					if math.Abs(sum-float64(got[at])) > 1e-5 {
						t.Fatalf("output %d is %g, want %g", at, got[at], sum)
					}
					at++
				}
			}
		}
	}
}

func TestBatchNormModes(t *testing.T) {
	n := compile(t, []Layer{Dense{4, None}, BatchNorm{Momentum: 1}, Dense{2, None}}, []int{3}, Loss{}, 64)
	fillBatch(n, 2)
	if _, err := n.Backward(); err != nil {
		t.Fatal(err)
	}
	out := n.kernels[1].state().out
	for c := range 4 {
		var mean, square float64
		for i := range 64 {
			mean += float64(out[i*4+c]) / 64
			square += float64(out[i*4+c]) * float64(out[i*4+c]) / 64
		}
		if math.Abs(mean) > 1e-5 || math.Abs(square-1) > 1e-3 {
			t.Errorf("training: channel %d has mean %g and variance %g, want 0 and 1", c, mean, square)
		}
	}
	trained := slices.Clone(out)
	if _, err := n.Forward(); err != nil {
		t.Fatal(err)
	}
	for i, v := range n.kernels[1].state().out {
		// With momentum 1 the running statistics are the batch's, but for n/(n-1).
		if want := float64(trained[i]) * math.Sqrt(63.0/64); math.Abs(float64(v)-want) > 1e-3 {
			t.Fatalf("evaluation: output %d is %g, want %g", i, v, want)
		}
	}
	before := slices.Clone(n.Params()[4].Data)
	if _, err := n.Forward(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, n.Params()[4].Data) {
		t.Error("evaluation changed the running mean")
	}
}

func TestDropoutScalesAndSwitchesOff(t *testing.T) {
	n := compile(t, []Layer{Dense{1000, None}, Dropout{0.25}, Dense{2, None}}, []int{3}, Loss{}, 8)
	fillBatch(n, 2)
	if _, err := n.Backward(); err != nil {
		t.Fatal(err)
	}
	in, out := n.kernels[0].state().out, n.kernels[1].state().out
	dropped := 0
	for i := range in {
		switch {
		case out[i] == 0:
			dropped++
		case math.Abs(float64(out[i]-in[i]/0.75)) > 1e-6*math.Abs(float64(in[i])):
			t.Fatalf("kept value %g became %g, want it over 0.75", in[i], out[i])
		}
	}
	if share := float64(dropped) / 8000; math.Abs(share-0.25) > 0.02 {
		t.Errorf("%.3f of the values were dropped, want 0.25", share)
	}
	first := slices.Clone(out)
	if _, err := n.Backward(); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(first, out) {
		t.Error("two steps drew the same mask")
	}
	n.SetStep(0)
	if _, err := n.Backward(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, out) {
		t.Error("the same step drew another mask")
	}
	if _, err := n.Forward(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(in, out) {
		t.Error("evaluation dropped something")
	}
}

func TestLossValues(t *testing.T) {
	labels, targets := []int32{0, 2}, []float32{1, -1}
	logits := []float32{1, 2, 3, 0, 0, 0}
	ce, err := newLoss(Loss{}, 2, 3, labels, targets)
	if err != nil {
		t.Fatal(err)
	}
	ce.forward(logits)
	want := (math.Log(1+math.E+math.E*math.E) + math.Log(3)) / 2
	if math.Abs(ce.value-want) > 1e-6 {
		t.Errorf("cross-entropy is %g, want %g", ce.value, want)
	}
	smooth, err := newLoss(Loss{Smoothing: 0.3}, 2, 3, labels, targets)
	if err != nil {
		t.Fatal(err)
	}
	smooth.forward(logits)
	// 0.7 of the plain loss and 0.3 of the mean over all classes.
	all := (math.Log(1+math.E+math.E*math.E) - 1 + math.Log(3)) / 2
	if want := 0.7*ce.value + 0.3*all; math.Abs(smooth.value-want) > 1e-6 {
		t.Errorf("smoothed cross-entropy is %g, want %g", smooth.value, want)
	}
	mse, err := newLoss(Loss{Kind: MeanSquared}, 2, 1, labels, targets)
	if err != nil {
		t.Fatal(err)
	}
	mse.forward([]float32{3, -2})
	if mse.value != 2.5 {
		t.Errorf("mean squared error is %g, want 2.5", mse.value)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	train := func() []float32 {
		n := compile(t, []Layer{Conv{4, 3, 1, 1, ReLU, false}, MaxPool{Size: 2}, BatchNorm{}, Dropout{0.3}, Dense{3, None}}, []int{1, 8, 8}, Loss{}, 16)
		opt, err := NewOptimizer(OptimizerConfig{Kind: Adam}, n.Params())
		if err != nil {
			t.Fatal(err)
		}
		for step := range 5 {
			fillBatch(n, uint64(step))
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

func TestStepAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("with the race detector, pools forget what they hold")
	}
	n := compile(t, []Layer{
		Conv{16, 3, 1, 1, ReLU, false},
		Residual{Body: []Layer{Conv{16, 3, 1, 1, None, true}, BatchNorm{}}, Activation: ReLU},
		Conv{8, 3, 2, 1, GELU, false},
		MaxPool{Size: 2},
		Dropout{0.1},
		Dense{16, ReLU},
		Dense{4, None},
	}, []int{3, 8, 8}, Loss{}, 32)
	opt, err := NewOptimizer(OptimizerConfig{Kind: SGD}, n.Params())
	if err != nil {
		t.Fatal(err)
	}
	fillBatch(n, 1)
	step := func() {
		if _, err := n.Step(opt, 0.1); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if allocs := testing.AllocsPerRun(20, step); allocs > 0 {
		t.Errorf("a step allocates %g objects", allocs)
	}
}

func TestCompileRejects(t *testing.T) {
	for _, test := range []struct {
		name   string
		layers []Layer
		in     []int
		loss   Loss
		want   string
	}{
		{"no layers", nil, []int{3}, Loss{}, "no layer has anything to learn"},
		{"no units", []Layer{Dense{0, None}}, []int{3}, Loss{}, "layer 0 (dense 0) on input [3]: it needs at least one unit"},
		{"unknown activation", []Layer{Dense{2, "swish"}}, []int{3}, Loss{}, `there is no activation "swish"`},
		{"kernel too large", []Layer{Conv{2, 5, 1, 0, None, false}}, []int{1, 3, 3}, Loss{}, "its 5x5 kernel is larger"},
		{"conv on a row", []Layer{Conv{2, 3, 1, 1, None, false}}, []int{9}, Loss{}, "it needs an image"},
		{"pooled away", []Layer{Conv{2, 3, 1, 1, None, false}, MaxPool{Size: 4}, MaxPool{Size: 4}}, []int{1, 8, 8}, Loss{}, "layer 2 (max pool 4) on input [2 2 2]"},
		{"dropout of all", []Layer{Dense{2, None}, Dropout{1}}, []int{3}, Loss{}, "below 1, not 1"},
		{"not flat", []Layer{Conv{2, 3, 1, 1, None, false}}, []int{1, 8, 8}, Loss{}, "not flat; end with a dense layer"},
		{"one class", []Layer{Dense{1, None}}, []int{3}, Loss{}, "two classes or more"},
		{"two regressions", []Layer{Dense{2, None}}, []int{3}, Loss{Kind: MeanSquared}, "needs one output, not 2"},
		{"empty input", []Layer{Dense{2, None}}, []int{0}, Loss{}, "input shape [0] is empty"},
		{"huge", []Layer{Dense{1 << 30, None}}, []int{1 << 20}, Loss{}, "would not fit into memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(test.layers, test.in, test.loss, 4, 1)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Compile = %v, want an error with %q", err, test.want)
			}
		})
	}
}

func BenchmarkStep(b *testing.B) {
	for _, bench := range []struct {
		name   string
		in     []int
		layers []Layer
	}{
		{"MLP-784-256-128-10", []int{784}, []Layer{Dense{256, ReLU}, Dense{128, ReLU}, Dense{10, None}}},
		{"CNN-32-64-fc128", []int{1, 28, 28}, []Layer{Conv{32, 3, 1, 1, ReLU, false}, MaxPool{Size: 2}, Conv{64, 3, 1, 1, ReLU, false}, MaxPool{Size: 2}, Dense{128, ReLU}, Dense{10, None}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			n := compile(b, bench.layers, bench.in, Loss{}, 128)
			opt, err := NewOptimizer(OptimizerConfig{Kind: SGD, Momentum: 0.9}, n.Params())
			if err != nil {
				b.Fatal(err)
			}
			fillBatch(n, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := n.Step(opt, 0.01); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(128*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

func ExampleCompile() {
	n, err := Compile([]Layer{Dense{8, ReLU}, Dense{3, None}}, []int{4}, Loss{Kind: CrossEntropy}, 16, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range n.Params() {
		fmt.Println(p.Name, p.Shape)
	}
	// Output:
	// layers.0.weight [8 4]
	// layers.0.bias [8]
	// layers.1.weight [3 8]
	// layers.1.bias [3]
}
