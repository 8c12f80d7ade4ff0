package gp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// sample is points with two numbers and a category, and a smooth value.
func sample(n int) (xs [][]float64, ys []float64) {
	r := rand.New(rand.NewPCG(3, uint64(n)))
	for range n {
		x := []float64{r.Float64(), r.Float64(), float64(r.IntN(3))}
		xs = append(xs, x)
		ys = append(ys, math.Sin(5*x[0])+x[1]*x[1]+0.3*x[2])
	}
	standardise(ys)
	return xs, ys
}

func standardise(ys []float64) {
	mean, sd := stat.PopMeanStdDev(ys, nil)
	for i := range ys {
		ys[i] = (ys[i] - mean) / sd
	}
}

func sampleModel() *model {
	h := hyper{-0.5, 0.3, 0.2, 0.4, -6}
	return form{features: 3, numbers: 2}.model(h)
}

func TestMatern(t *testing.T) {
	for _, squared := range []float64{0, 1e-4, 0.01, 0.5, 2, 30} {
		r := math.Sqrt(5 * squared)
		value, slope := matern(squared)
		if want := (1 + r + 5*squared/3) * math.Exp(-r); !near(value, want, 1e-14) {
			t.Errorf("matern(%g) = %g, want %g", squared, value, want)
		}
		if squared == 0 {
			continue
		}
		h := 1e-4 * squared
		up, _ := matern(squared + h)
		down, _ := matern(squared - h)
		if want := (up - down) / (2 * h); math.Abs(slope-want) > 1e-6 {
			t.Errorf("slope at %g is %g, by differences %g", squared, slope, want)
		}
	}
}

func TestPosteriorIsThatOfADenseSolve(t *testing.T) {
	xs, ys := sample(25)
	m := sampleModel()
	m.see(xs, ys)
	n := len(xs)
	cov := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			cov.Set(i, j, m.kernel.at(xs[i], xs[j]))
		}
		cov.Set(i, i, cov.At(i, i)+m.noise)
	}
	for _, x := range [][]float64{{0.2, 0.7, 1}, {0.9, 0.1, 5}, {xs[3][0] + 0.01, xs[3][1], xs[3][2]}} {
		k := mat.NewVecDense(n, nil)
		for i := range n {
			k.SetVec(i, m.kernel.at(x, xs[i]))
		}
		var solved mat.VecDense
		if err := solved.SolveVec(cov, k); err != nil {
			t.Fatal(err)
		}
		mean, sd := m.predict(x)
		if want := mat.Dot(&solved, mat.NewVecDense(n, ys)); !near(mean, want, 1e-9) || !near(m.mean(x), want, 1e-9) {
			t.Errorf("mean at %v is %g and %g, want %g", x, mean, m.mean(x), want)
		}
		if want := m.kernel.scale - mat.Dot(&solved, k); math.Abs(sd*sd-want) > 1e-9 {
			t.Errorf("variance at %v is %g, want %g", x, sd*sd, want)
		}
	}
}

func TestPosteriorSlopes(t *testing.T) {
	xs, ys := sample(25)
	m := sampleModel()
	m.see(xs, ys[:20]) // the last five are still running
	byMean, bySD := make([]float64, 2), make([]float64, 2)
	for _, x := range [][]float64{{0.2, 0.7, 1}, {0.9, 0.1, 5}} {
		mean, sd := m.slopes(x, byMean, bySD)
		if wantMean, wantSD := m.predict(x); mean != wantMean || sd != wantSD {
			t.Errorf("with slopes %g and %g, without %g and %g", mean, sd, wantMean, wantSD)
		}
		for j := range byMean {
			const h = 1e-6
			up, down := slices.Clone(x), slices.Clone(x)
			up[j] += h
			down[j] -= h
			upMean, upSD := m.predict(up)
			downMean, downSD := m.predict(down)
			if want := (upMean - downMean) / (2 * h); !near(byMean[j], want, 1e-6) {
				t.Errorf("mean's slope %d is %g, by differences %g", j, byMean[j], want)
			}
			if want := (upSD - downSD) / (2 * h); !near(bySD[j], want, 1e-6) {
				t.Errorf("deviation's slope %d is %g, by differences %g", j, bySD[j], want)
			}
		}
	}
}

// At its own points the mean is the value less the noise's share.
func TestMeanAtKnownPoints(t *testing.T) {
	xs, ys := sample(25)
	m := sampleModel()
	m.see(xs, ys)
	for i, x := range xs {
		if want := m.mean(x); !near(ys[i]-m.noise*m.alpha[i], want, 1e-9) {
			t.Errorf("mean at point %d is %g, want %g", i, ys[i]-m.noise*m.alpha[i], want)
		}
	}
}

// Points that come out as expected do not change what is expected.
func TestBeliever(t *testing.T) {
	xs, ys := sample(25)
	m := sampleModel()
	m.see(xs, ys[:20])
	believed := slices.Clone(ys[:20])
	for _, x := range xs[20:] {
		believed = append(believed, m.mean(x))
	}
	all := sampleModel()
	all.see(xs, believed)
	x := []float64{0.4, 0.6, 2}
	mean, sd := m.predict(x)
	if wantMean, wantSD := all.predict(x); !near(mean, wantMean, 1e-8) || sd != wantSD {
		t.Errorf("%g ± %g, want %g ± %g", mean, sd, wantMean, wantSD)
	}
}

// A model that has seen other points before answers as a new one to the last bit.
func TestModelForgets(t *testing.T) {
	xs, ys := sample(25)
	m := sampleModel()
	m.see(xs[:10], ys[:10])
	m.see(xs, ys)
	m.see(append(slices.Clone(xs[:8]), xs[12:]...), append(slices.Clone(ys[:8]), ys[12:]...))
	fresh := sampleModel()
	fresh.see(append(slices.Clone(xs[:8]), xs[12:]...), append(slices.Clone(ys[:8]), ys[12:]...))
	x := []float64{0.4, 0.6, 2}
	mean, sd := m.predict(x)
	if wantMean, wantSD := fresh.predict(x); mean != wantMean || sd != wantSD {
		t.Errorf("%g ± %g, want %g ± %g", mean, sd, wantMean, wantSD)
	}
}
