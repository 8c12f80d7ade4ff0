package gp

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestEvidence(t *testing.T) {
	xs, ys := sample(20)
	for _, h := range []hyper{{-0.5, 0.3, 0.2, 0.4, -6}, {1, -1, 2, -0.5, -2}, {-0.5, 0.3, 0.2, 0.4, -6, 0.5, -0.8}, {0, 0, 1, 0.4, -4, 0.5, -0.8, -0.3, 0.4}} {
		e := evidence{form: form{features: 3, numbers: 2}, xs: xs, ys: ys}
		for e.len() < len(h) {
			e.warped = append(e.warped, 1-len(e.warped))
		}
		k := e.kernel(h)
		n := len(xs)
		xs := e.warp(h).all(xs)
		cov := mat.NewSymDense(n, nil)
		for i := range n {
			for j := range i + 1 {
				cov.SetSym(i, j, k.at(xs[i], xs[j]))
			}
			cov.SetSym(i, i, k.scale+e.noise(h))
		}
		var c mat.Cholesky
		if !c.Factorize(cov) {
			t.Fatal("not positive definite")
		}
		var solved mat.VecDense
		if err := c.SolveVecTo(&solved, mat.NewVecDense(n, ys)); err != nil {
			t.Fatal(err)
		}
		want := mat.Dot(&solved, mat.NewVecDense(n, ys))/2 + c.LogDet()/2
		for i, x := range h {
			mean, sd := e.prior(i)
			z := (x - mean) / sd
			want += z * z / 2
		}
		g, unused := make([]float64, len(h)), make([]float64, len(h))
		if got := e.loss(h, g); !near(got, want, 1e-9) {
			t.Errorf("loss %g, want %g", got, want)
		}
		for i := range h {
			const step = 1e-5
			up, down := slices.Clone(h), slices.Clone(h)
			up[i] += step
			down[i] -= step
			if want := (e.loss(up, unused) - e.loss(down, unused)) / (2 * step); !near(g[i], want, 1e-5) {
				t.Errorf("slope %d is %g, by differences %g", i, g[i], want)
			}
		}
	}
}

// A parameter without influence gets a long scale, one with much a short one.
func TestFitFindsWhatMatters(t *testing.T) {
	for _, n := range []int{40, 150} {
		xs, _ := sample(n)
		ys := make([]float64, n)
		for i, x := range xs {
			ys[i] = math.Sin(6 * x[0])
		}
		standardise(ys)
		h := form{features: 3, numbers: 2, warped: []int{0, 1}}.fit(xs, ys)
		if h[0] > h[1]-1 || h[0] > h[2]-1 {
			t.Errorf("%d points: log length scales %.2f", n, h[:3])
		}
	}
}
