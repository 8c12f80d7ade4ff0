// Package parity holds no code, only the test that networks compute what PyTorch
// computes: outputs, losses, gradients, running statistics and the steps of the
// optimizers. PyTorch's results lie in testdata, written by export.py.
package parity

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact/safetensors"
	"github.com/inflame-deeplearning/sweep/model/nn"
)

// The largest error, relative to the largest entry of a tensor. The reference
// was computed in float64: the rest is our float32.
const (
	layerError   = 1e-4
	networkError = 1e-3
)

// floor is what a tensor's largest entry is taken for where it is smaller: the
// gradient of a bias before a batch norm is nothing but rounding.
const floor = 1e-3

func TestLayers(t *testing.T) {
	want := read(t, "layers.safetensors")
	cases := layerCases()
	want.covered(t, len(cases), func(i int) string { return cases[i].name })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := want.under(c.name)
			n := c.compile(t, want)
			got, err := n.Forward()
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, "eval", got, layerError)
			loss, err := n.Backward()
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, "loss", []float32{float32(loss)}, layerError)
			want.check(t, "output", n.Outputs(), layerError)
			for _, p := range n.Params() {
				if p.Trained() {
					want.check(t, "gradient/"+p.Name, p.Gradients(), layerError)
				} else {
					want.check(t, "after/"+p.Name, p.Values(), layerError)
				}
			}
		})
	}
}

func TestOptimizers(t *testing.T) {
	want := read(t, "optimizers.safetensors")
	var names []string
	for _, c := range optimizerNetworks {
		for _, o := range optimizers {
			name := c.name + "/" + o.name
			names = append(names, name)
			t.Run(name, func(t *testing.T) {
				n := c.compile(t, want.under(c.name))
				opt, err := nn.NewOptimizer(o.config, n.Params())
				if err != nil {
					t.Fatal(err)
				}
				want := want.under(name)
				want.check(t, "losses", steps(t, n, opt, o.rate), layerError)
				for _, p := range n.Params() {
					want.check(t, "after/"+p.Name, p.Values(), layerError)
				}
			})
		}
	}
	want.covered(t, len(names), func(i int) string { return names[i] })
}

// steps trains three steps on the same batch and returns their losses.
func steps(t *testing.T, n *nn.Net, opt *nn.Optimizer, rate float64) []float32 {
	t.Helper()
	var losses []float32
	for range 3 {
		loss, err := n.Step(opt, rate)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, float32(loss))
	}
	return losses
}

// compile builds the network with the reference's parameters and batch.
func (c layerCase) compile(t *testing.T, want reference) *nn.Net {
	t.Helper()
	n := compile(t, c.layers, c.in, c.loss, c.batch)
	copy(n.Inputs(), want.tensor(t, "input").Data)
	for i, y := range want.tensor(t, "target").Data {
		n.Targets()[i] = y
		n.Labels()[i] = int32(y)
	}
	theirs := 0
	for name := range want.tensors {
		if strings.HasPrefix(name, want.prefix+"before/") {
			theirs++
		}
	}
	if theirs != len(n.Params()) {
		t.Fatalf("the network has %d parameters, PyTorch's %d", len(n.Params()), theirs)
	}
	for _, p := range n.Params() {
		before := want.tensor(t, "before/"+p.Name)
		if !slices.Equal(before.Shape, p.Shape) {
			t.Fatalf("%s is %v, in PyTorch %v", p.Name, p.Shape, before.Shape)
		}
		p.SetValues(before.Data)
		if !slices.Equal(p.Values(), before.Data) {
			t.Fatalf("%s is not what it was set to", p.Name)
		}
	}
	return n
}

func compile(t *testing.T, layers []nn.Layer, in []int, loss nn.Loss, batch int) *nn.Net {
	t.Helper()
	n, err := nn.Compile(layers, in, loss, batch, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// reference is a file of PyTorch's results, or what it has under a prefix.
type reference struct {
	tensors  map[string]safetensors.Tensor
	metadata map[string]string
	prefix   string
}

func read(t *testing.T, name string) reference {
	t.Helper()
	tensors, metadata, err := safetensors.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return reference{tensors: tensors, metadata: metadata}
}

func (r reference) under(prefix string) reference {
	r.prefix += prefix + "/"
	return r
}

func (r reference) tensor(t *testing.T, name string) safetensors.Tensor {
	t.Helper()
	x, ok := r.tensors[r.prefix+name]
	if !ok {
		t.Fatalf("the reference has no %q", r.prefix+name)
	}
	return x
}

// covered tells which cases run, and fails where the reference and the test do
// not have the same ones.
func (r reference) covered(t *testing.T, n int, name func(i int) string) {
	t.Helper()
	var theirs []string
	if err := json.Unmarshal([]byte(r.metadata["cases"]), &theirs); err != nil {
		t.Fatalf("the reference does not name its cases: %v", err)
	}
	ours := make([]string, n)
	for i := range ours {
		ours[i] = name(i)
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	if !slices.Equal(ours, theirs) {
		t.Errorf("the test has the cases\n%q\nthe reference\n%q", ours, theirs)
	}
	t.Logf("%d cases against PyTorch %s, computed in %s: %s", n, r.metadata["torch"], r.metadata["computed_in"], strings.Join(ours, "; "))
}

func (r reference) check(t *testing.T, name string, got []float32, tolerance float64) {
	t.Helper()
	want := r.tensor(t, name).Data
	if len(got) != len(want) {
		t.Errorf("%s has %d entries, want %d", name, len(got), len(want))
		return
	}
	if e := relative(got, want, floor); !(e <= tolerance) {
		t.Errorf("%s is off by %.2g of its largest entry", name, e)
	}
}

// relative is the largest difference between got and want as a share of the
// largest of want, or of scale if that is more.
func relative(got, want []float32, scale float64) float64 {
	worst := 0.0
	for i, w := range want {
		scale = max(scale, math.Abs(float64(w)))
		worst = max(worst, math.Abs(float64(got[i])-float64(w))) // NaN wins
	}
	return worst / scale
}
