package nn

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A stock matrix product of Gorgonia's runs on our kernel, to the same result.
func TestStockOpsUseOurProducts(t *testing.T) {
	product := func() []float32 {
		const n = 33
		data := func(f func(i int) float32) []float32 {
			out := make([]float32, n*n)
			for i := range out {
				out[i] = f(i)
			}
			return out
		}
		g := gorgonia.NewGraph()
		matrix := func(name string, values []float32) *gorgonia.Node {
			return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName(name), gorgonia.WithShape(n, n),
				gorgonia.WithValue(tensor.New(tensor.WithShape(n, n), tensor.WithBacking(values))))
		}
		a := matrix("a", data(func(i int) float32 { return float32(i%7) - 3 }))
		b := matrix("b", data(func(i int) float32 { return float32(i%5) - 2 }))
		c := gorgonia.Must(gorgonia.Mul(a, b))
		m := gorgonia.NewTapeMachine(g)
		defer m.Close() //nolint:errcheck // nothing to lose
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		return append([]float32(nil), c.Value().Data().([]float32)...)
	}
	defer gorgonia.Use(fastBLAS{})
	gorgonia.Use(gonum.Implementation{})
	want := product()
	gorgonia.Use(fastBLAS{})
	for i, got := range product() {
		if math.Abs(float64(got-want[i])) > 1e-4 {
			t.Fatalf("element %d is %g, gonum's %g", i, got, want[i])
		}
	}
}

func TestCompileRegistersOurProducts(t *testing.T) {
	compile(t, []Layer{Dense{2, None}}, []int{3}, Loss{}, 4)
	if _, ours := gorgonia.WhichBLAS().(fastBLAS); !ours {
		t.Errorf("Gorgonia multiplies with %T", gorgonia.WhichBLAS())
	}
}
