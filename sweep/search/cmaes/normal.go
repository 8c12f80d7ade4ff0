package cmaes

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// constants are the strategy parameters of CMA-ES for a dimension and a population,
// as N. Hansen's tutorial (arXiv:1604.00772, 2023) has them in its table 1, whose
// equations the comments name.
type constants struct {
	population int
	mu         int
	weights    []float64 // (49) to (53): those after the first mu are negative
	muEff      float64
	cSigma     float64 // (55)
	dSigma     float64
	cc         float64 // (56)
	c1         float64 // (57)
	cMu        float64 // (58)
	expected   float64 // length of a vector of standard normal numbers
	gap        int     // updates between decompositions of the covariance
}

func newConstants(dims, population int) constants {
	n, lambda := float64(dims), float64(population)
	k := constants{population: population, mu: population / 2, weights: make([]float64, population)}
	var sum, squares, below, belowSquares float64
	for i := range k.weights {
		w := math.Log((lambda+1)/2) - math.Log(float64(i+1))
		k.weights[i] = w
		if i < k.mu {
			sum, squares = sum+w, squares+w*w
		} else {
			below, belowSquares = below-w, belowSquares+w*w
		}
	}
	k.muEff = sum * sum / squares
	k.cSigma = (k.muEff + 2) / (n + k.muEff + 5)
	k.dSigma = 1 + 2*max(0, math.Sqrt((k.muEff-1)/(n+1))-1) + k.cSigma
	k.cc = (4 + k.muEff/n) / (n + 4 + 2*k.muEff/n)
	k.c1 = 2 / ((n+1.3)*(n+1.3) + k.muEff)
	k.cMu = min(1-k.c1, 2*(0.25+k.muEff+1/k.muEff-2)/((n+2)*(n+2)+k.muEff))
	negative := min(1+k.c1/k.cMu, 1+2*(below*below/belowSquares)/(k.muEff+2), (1-k.c1-k.cMu)/(n*k.cMu))
	for i, w := range k.weights {
		if i < k.mu {
			k.weights[i] = w / sum
		} else {
			k.weights[i] = w * negative / below
		}
	}
	k.expected = math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))
	k.gap = int(math.Ceil(1 / (2 * n * (k.c1 + k.cMu)))) // C hardly changes between them
	return k
}

// normal is the normal distribution N(m, (sigma A)^2 C) of CMA-ES with margin, where
// A is diagonal: without discrete axes it is the identity.
type normal struct {
	constants
	dims    int
	mean    []float64
	sigma   float64
	scale   []float64 // the diagonal of A
	cov     []float64 // C, row by row
	path    []float64 // p_c
	pathSig []float64 // p_sigma
	updates int

	// C as it was some updates ago: B diag(root^2) B'.
	basis   []float64 // B, row by row: the eigenvectors are its columns
	root    []float64 // the square roots of the eigenvalues
	decayed int       // updates since
}

func newNormal(mean []float64, sigma float64, population int) *normal {
	n := len(mean)
	d := &normal{
		constants: newConstants(max(n, 1), population), dims: n, mean: mean, sigma: sigma, scale: ones(n), cov: make([]float64, n*n),
		path: make([]float64, n), pathSig: make([]float64, n), basis: make([]float64, n*n), root: ones(n),
	}
	for i := range n {
		d.cov[i*n+i], d.basis[i*n+i] = 1, 1
	}
	return d
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// sample puts m + width sigma A B D z into x, for standard normal z: a draw where
// width is 1.
func (d *normal) sample(r *rand.Rand, width float64, x []float64) {
	z := make([]float64, d.dims)
	for j := range z {
		z[j] = d.root[j] * r.NormFloat64()
	}
	for i := range x {
		x[i] = d.mean[i] + width*d.sigma*d.scale[i]*dot(d.basis[i*d.dims:(i+1)*d.dims], z)
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// whiten is C^(-1/2) y, up to a rotation: B' is left out on the left where only the
// length is asked for.
func (d *normal) whiten(y []float64) []float64 {
	w := make([]float64, d.dims)
	for i, f := range y {
		row := d.basis[i*d.dims : (i+1)*d.dims]
		for j, b := range row {
			w[j] += b * f
		}
	}
	for j := range w {
		w[j] /= d.root[j]
	}
	return w
}

// step is a place as the distribution sees it: (x - m) / (sigma A), where a NaN
// stands for the mean. A place that it
// did not draw, or drew when it was another, may be too far away to learn from: then
// it counts as one in its direction (N. Hansen, "Injecting external solutions into
// CMA-ES", arXiv:1110.4181, equations 4 and 5).
func (d *normal) step(x []float64, drawn bool) []float64 {
	y := make([]float64, d.dims)
	for i := range y {
		if !math.IsNaN(x[i]) {
			y[i] = (x[i] - d.mean[i]) / (d.sigma * d.scale[i])
		}
	}
	if !drawn {
		n := float64(d.dims)
		w := d.whiten(y)
		if far := (math.Sqrt(n) + 2*n/(n+2)) / math.Sqrt(dot(w, w)); far < 1 {
			for i := range y {
				y[i] *= far
			}
		}
	}
	return y
}

// update moves the distribution towards the better of a generation's steps, which
// are in order, the best first: sections 3 and 4 of the tutorial.
func (d *normal) update(steps [][]float64) {
	if d.updates++; d.dims == 0 {
		return
	}
	n := d.dims
	mean := make([]float64, n) // <y>_w (41)
	for k, y := range steps[:d.mu] {
		for i, f := range y {
			mean[i] += d.weights[k] * f
		}
	}
	for i, f := range mean {
		d.mean[i] += d.sigma * d.scale[i] * f // (42)
	}
	white := d.whiten(mean)
	speed := math.Sqrt(d.cSigma * (2 - d.cSigma) * d.muEff)
	for i := range n {
		d.pathSig[i] = (1-d.cSigma)*d.pathSig[i] + speed*dot(d.basis[i*n:(i+1)*n], white) // (43)
	}
	length := math.Sqrt(dot(d.pathSig, d.pathSig))
	d.sigma *= math.Exp(min(1, d.cSigma/d.dSigma*(length/d.expected-1))) // (44)

	// A path that grows too fast is not followed: h_sigma.
	follow, lost := 0.0, d.cc*(2-d.cc)
	if length/math.Sqrt(1-math.Pow(1-d.cSigma, 2*float64(d.updates))) < (1.4+2/float64(n+1))*d.expected {
		follow, lost = math.Sqrt(d.cc*(2-d.cc)*d.muEff), 0
	}
	for i, f := range mean {
		d.path[i] = (1-d.cc)*d.path[i] + follow*f // (45)
	}
	d.adapt(steps, lost)
	if d.decayed++; d.decayed >= d.gap {
		d.decompose()
	}
}

// adapt is the update of the covariance, with negative weights for the worse half:
// (46) and (47).
func (d *normal) adapt(steps [][]float64, lost float64) {
	n := d.dims
	kept := 1 + d.c1*lost - d.c1
	weights := make([]float64, len(steps))
	for k, y := range steps {
		kept -= d.cMu * d.weights[k]
		weights[k] = d.cMu * d.weights[k]
		if weights[k] < 0 {
			w := d.whiten(y)
			weights[k] *= float64(n) / max(dot(w, w), 1e-300)
		}
	}
	for i := range n {
		row := d.cov[i*n : i*n+i+1]
		for j := range row {
			row[j] = kept*row[j] + d.c1*d.path[i]*d.path[j]
		}
		for k, y := range steps {
			f := weights[k] * y[i]
			for j := range row {
				row[j] += f * y[j]
			}
		}
		for j, f := range row { // the other half
			d.cov[j*n+i] = f
		}
	}
}

// smallest is the least eigenvalue that C may have, a part of the largest: rounding
// or negative weights must not make it indefinite.
const smallest = 1e-16

// decompose finds the eigenvectors and eigenvalues of C.
func (d *normal) decompose() {
	d.decayed = 0
	n := d.dims
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(n, append([]float64(nil), d.cov...)), true) {
		return // the old ones do for some more updates
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for j, v := range values {
		d.root[j] = math.Sqrt(max(v, smallest*values[n-1], math.SmallestNonzeroFloat64))
		for i := range n {
			d.basis[i*n+j] = vectors.At(i, j)
		}
	}
}

// deviation is the standard deviation of coordinate i.
func (d *normal) deviation(i int) float64 {
	return d.sigma * d.scale[i] * math.Sqrt(max(d.cov[i*d.dims+i], 0))
}
