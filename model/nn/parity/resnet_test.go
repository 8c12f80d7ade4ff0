package parity

import (
	"math"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/model/nn"
	"github.com/inflame-deeplearning/sweep/model/resnet"
)

// ResNet-18 has 11 million parameters: they and the inputs follow from a formula,
// and of gradients and results the norms and some entries are compared.
func TestResNet18(t *testing.T) {
	reference := read(t, "resnet18.safetensors")
	cases := []struct {
		name          string
		cifar         bool
		size, classes int
		input         string // by which no rectifier is undecided: see export.py
	}{{"cifar stem", true, 32, 10, "input 36"}, {"imagenet stem", false, 64, 5, "input 16"}}
	reference.covered(t, len(cases), func(i int) string { return cases[i].name })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := reference.under(c.name)
			n := compile(t, resnet.Layers(18, c.cifar, c.classes), []int{3, c.size, c.size}, nn.Loss{}, 2)
			for i, v := range formula(c.input, len(n.Inputs())) {
				n.Inputs()[i] = 2 * v
			}
			for i := range n.Labels() {
				n.Labels()[i] = int32((7*i + 3) % c.classes)
			}
			byFormula(n)
			compareOnePass(t, n, want)
			byFormula(n)
			opt, err := nn.NewOptimizer(nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}, n.Params())
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, "losses", steps(t, n, opt, 0.01), networkError)
			for _, p := range n.Params() {
				want.check(t, "after/"+p.Name, sample(p.Values()), networkError)
			}
		})
	}
}

func compareOnePass(t *testing.T, n *nn.Net, want reference) {
	t.Helper()
	got, err := n.Forward()
	if err != nil {
		t.Fatal(err)
	}
	want.check(t, "eval", got, networkError)
	loss, err := n.Backward()
	if err != nil {
		t.Fatal(err)
	}
	want.check(t, "loss", []float32{float32(loss)}, networkError)
	want.check(t, "output", n.Outputs(), networkError)
	for _, p := range n.Params() {
		if !p.Trained() {
			want.check(t, "running/"+p.Name, sample(p.Values()), networkError)
			continue
		}
		gradient := p.Gradients()
		norm := want.tensor(t, "norm/"+p.Name).Data
		want.check(t, "norm/"+p.Name, []float32{length(gradient)}, networkError)
		// A few entries do not tell the largest: twice the typical one is below it.
		typical := 2 * float64(norm[0]) / math.Sqrt(float64(len(gradient)))
		if e := relative(sample(gradient), want.tensor(t, "gradient/"+p.Name).Data, max(typical, floor)); !(e <= networkError) {
			t.Errorf("gradient of %s is off by %.2g", p.Name, e)
		}
	}
}

func length(x []float32) float32 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return float32(math.Sqrt(sum))
}

// byFormula sets the parameters to what export.py sets them to.
func byFormula(n *nn.Net) {
	for _, p := range n.Params() {
		count := 1
		for _, d := range p.Shape {
			count *= d
		}
		x := formula(p.Name, count)
		switch {
		case len(p.Shape) > 1:
			bound := float32(math.Sqrt(6 / float64(count/p.Shape[0])))
			for i := range x {
				x[i] *= bound
			}
		case strings.HasSuffix(p.Name, "running_var"), strings.HasSuffix(p.Name, "weight"):
			for i := range x {
				x[i] = 1 + x[i]/4
			}
		default:
			for i := range x {
				x[i] /= 8
			}
		}
		p.SetValues(x)
	}
}

// formula is n numbers from -1 to below 1 that follow from a name: its FNV-1a
// hash, stepped and mixed as in MurmurHash3. Exact, so the same in Python.
func formula(name string, n int) []float32 {
	seed := uint32(2166136261)
	for _, c := range []byte(name) {
		seed = (seed ^ uint32(c)) * 16777619
	}
	out := make([]float32, n)
	for i := range out {
		x := seed + uint32(i)*0x9E3779B9
		x ^= x >> 16
		x *= 0x85EBCA6B
		x ^= x >> 13
		x *= 0xC2B2AE35
		x ^= x >> 16
		out[i] = float32(int32(x>>8)-1<<23) / (1 << 23)
	}
	return out
}

// sample is eight entries over the whole tensor, or all of a small one.
func sample(x []float32) []float32 {
	n := min(len(x), 8)
	out := make([]float32, n)
	for j := range out {
		out[j] = x[j*len(x)/n]
	}
	return out
}
