package cmaes

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// textbook is the tutorial's algorithm with whole matrices and nothing shared with
// normal: its table 1 and equations 38 to 47 one after the other.
type textbook struct {
	n, lambda, mu                      int
	w                                  []float64
	muEff, cSigma, dSigma, cc, c1, cMu float64
	m, pSigma, pc                      *mat.VecDense
	sigma                              float64
	c                                  *mat.Dense
	g                                  int
}

func newTextbook(m []float64, sigma float64, lambda int) *textbook {
	n := len(m)
	b := &textbook{n: n, lambda: lambda, mu: lambda / 2, sigma: sigma}
	b.m, b.pSigma, b.pc = mat.NewVecDense(n, slices.Clone(m)), mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	b.c = mat.NewDense(n, n, nil)
	for i := range n {
		b.c.Set(i, i, 1)
	}
	prime := make([]float64, lambda)
	var s, s2, t, t2 float64
	for i := range prime {
		prime[i] = math.Log((float64(lambda)+1)/2) - math.Log(float64(i)+1)
		if i < b.mu {
			s += prime[i]
			s2 += prime[i] * prime[i]
		} else {
			t += prime[i]
			t2 += prime[i] * prime[i]
		}
	}
	N := float64(n)
	b.muEff = s * s / s2
	minus := t * t / t2
	b.cSigma = (b.muEff + 2) / (N + b.muEff + 5)
	b.dSigma = 1 + 2*math.Max(0, math.Sqrt((b.muEff-1)/(N+1))-1) + b.cSigma
	b.cc = (4 + b.muEff/N) / (N + 4 + 2*b.muEff/N)
	b.c1 = 2 / ((N+1.3)*(N+1.3) + b.muEff)
	b.cMu = math.Min(1-b.c1, 2*(1./4+b.muEff+1/b.muEff-2)/((N+2)*(N+2)+2*b.muEff/2))
	alpha := min(1+b.c1/b.cMu, 1+2*minus/(b.muEff+2), (1-b.c1-b.cMu)/(N*b.cMu))
	for _, p := range prime {
		if p >= 0 {
			b.w = append(b.w, p/s)
		} else {
			b.w = append(b.w, alpha*p/-t)
		}
	}
	return b
}

func (b *textbook) update(xs [][]float64) {
	b.g++
	n, N := b.n, float64(b.n)
	var eigen mat.EigenSym
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range n {
			sym.SetSym(i, j, b.c.At(i, j))
		}
	}
	eigen.Factorize(sym, true)
	var basis, invRoot, tmp mat.Dense
	eigen.VectorsTo(&basis)
	diag := mat.NewDense(n, n, nil)
	for i, v := range eigen.Values(nil) {
		diag.Set(i, i, 1/math.Sqrt(v))
	}
	tmp.Mul(&basis, diag)
	invRoot.Mul(&tmp, basis.T())

	ys := make([]*mat.VecDense, b.lambda)
	mean := mat.NewVecDense(n, nil)
	for i, x := range xs {
		ys[i] = mat.NewVecDense(n, slices.Clone(x))
		ys[i].SubVec(ys[i], b.m)
		ys[i].ScaleVec(1/b.sigma, ys[i])
		if i < b.mu {
			mean.AddScaledVec(mean, b.w[i], ys[i])
		}
	}
	b.m.AddScaledVec(b.m, b.sigma, mean)
	var white mat.VecDense
	white.MulVec(&invRoot, mean)
	b.pSigma.ScaleVec(1-b.cSigma, b.pSigma)
	b.pSigma.AddScaledVec(b.pSigma, math.Sqrt(b.cSigma*(2-b.cSigma)*b.muEff), &white)
	expected := math.Sqrt(N) * (1 - 1/(4*N) + 1/(21*N*N))
	length := mat.Norm(b.pSigma, 2)
	b.sigma *= math.Exp(b.cSigma / b.dSigma * (length/expected - 1))
	h := 0.0
	if length/math.Sqrt(1-math.Pow(1-b.cSigma, 2*float64(b.g))) < (1.4+2/(N+1))*expected {
		h = 1
	}
	b.pc.ScaleVec(1-b.cc, b.pc)
	b.pc.AddScaledVec(b.pc, h*math.Sqrt(b.cc*(2-b.cc)*b.muEff), mean)

	sum := 0.0
	for _, w := range b.w {
		sum += w
	}
	delta := (1 - h) * b.cc * (2 - b.cc)
	b.c.Scale(1+b.c1*delta-b.c1-b.cMu*sum, b.c)
	var outer mat.Dense
	outer.Outer(b.c1, b.pc, b.pc)
	b.c.Add(b.c, &outer)
	for i, y := range ys {
		w := b.w[i]
		if w < 0 {
			white.MulVec(&invRoot, y)
			w *= N / math.Pow(mat.Norm(&white, 2), 2)
		}
		outer.Outer(b.cMu*w, y, y)
		b.c.Add(b.c, &outer)
	}
}

func TestUpdateIsTheTextbooks(t *testing.T) {
	const n, lambda = 5, 9
	start := []float64{0.1, 0.9, 0.5, 0.4, 0.7}
	d, b := newNormal(slices.Clone(start), 0.3, lambda), newTextbook(start, 0.3, lambda)
	if d.gap != 1 {
		t.Fatalf("the covariance is decomposed every %d updates, the textbook does every time", d.gap)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for g := range 100 {
		xs := make([][]float64, lambda)
		for k := range xs {
			xs[k] = make([]float64, n)
			d.sample(r, 1, xs[k])
		}
		slices.SortFunc(xs, func(a, b []float64) int { return cmp.Compare(ellipsoid(a), ellipsoid(b)) })
		steps := make([][]float64, lambda)
		for k, x := range xs {
			steps[k] = d.step(x, true)
		}
		d.update(steps)
		b.update(xs)
		same := func(what string, ours, theirs, size float64) {
			if math.Abs(ours-theirs) > 1e-6*size {
				t.Fatalf("generation %d: %s is %.12g, by the textbook %.12g", g, what, ours, theirs)
			}
		}
		same("sigma", d.sigma, b.sigma, b.sigma)
		for i := range n {
			same("mean", d.mean[i], b.m.AtVec(i), b.sigma)
			same("p_sigma", d.pathSig[i], b.pSigma.AtVec(i), 1)
			for j := range n {
				same("C", d.cov[i*n+j], b.c.At(i, j), math.Sqrt(b.c.At(i, i)*b.c.At(j, j)))
			}
		}
	}
}

// A far place that the distribution did not draw counts as a near one.
func TestGivenPlacesAreShortened(t *testing.T) {
	d := newNormal([]float64{0.5, 0.5, 0.5, 0.5}, 0.01, 8)
	far := d.step([]float64{0.9, 0.5, 0.5, math.NaN()}, false)
	if want := 2 + 8./6; math.Abs(far[0]-want) > 1e-12 || far[1] != 0 || far[3] != 0 {
		t.Errorf("the step is %v, want %g in the first coordinate", far, want)
	}
	if near := d.step([]float64{0.51, 0.5, 0.5, 0.5}, false); math.Abs(near[0]-1) > 1e-12 {
		t.Errorf("a near step is %v", near)
	}
}

// hamano are two of the test functions of Hamano et al., the first half of whose
// coordinates is discrete.
var hamano = []struct {
	name   string
	domain sweep.Domain
	f      func(x []float64) float64
}{
	{"SphereOneMax", sweep.Domain{Shape: sweep.IntUniform, Lo: 0, Hi: 1}, func(x []float64) float64 {
		sum := 0.0
		for i, f := range x {
			if i < len(x)/2 {
				sum += 1 - f
			} else {
				sum += f * f
			}
		}
		return sum
	}},
	{"EllipsoidInt", sweep.Domain{Shape: sweep.IntUniform, Lo: -10, Hi: 10}, func(x []float64) float64 {
		sum := 0.0
		for i, f := range x {
			f *= math.Pow(1000, float64(i)/float64(len(x)-1))
			sum += f * f
		}
		return sum
	}},
}

// Without the margin a discrete coordinate sticks to a wrong value now and then.
func TestMarginKeepsDiscreteCoordinatesMoving(t *testing.T) {
	const n, lambda, budget, runs = 20, 12, 1200, 5
	for _, h := range hamano {
		width := h.domain.Hi - h.domain.Lo + 1
		solve := func(seed uint64, margin bool) bool {
			r := rand.New(rand.NewPCG(seed, 0))
			mean := make([]float64, n)
			for i := range mean {
				if mean[i] = 0.5 + (1+2*r.Float64())/21; width == 2 && i < n/2 {
					mean[i] = 0.5
				}
			}
			d := newNormal(mean, 1/21., lambda)
			if width == 2 {
				d.scale = append(slices.Repeat([]float64{21. / 2}, n/2), ones(n/2)...)
			}
			at := func(x []float64) float64 {
				values := make([]float64, n)
				for i, u := range x {
					if values[i] = (u - 0.5) * 21; i < n/2 {
						values[i], _ = h.domain.At(u).AsFloat()
					}
				}
				return h.f(values)
			}
			for range budget {
				values, steps := map[*float64]float64{}, make([][]float64, lambda)
				for k := range steps {
					x := make([]float64, n)
					d.sample(r, 1, x)
					steps[k] = d.step(x, true)
					values[&steps[k][0]] = at(x)
					if at(x) < 1e-10 {
						return true
					}
				}
				slices.SortFunc(steps, func(a, b []float64) int { return cmp.Compare(values[&a[0]], values[&b[0]]) })
				d.update(steps)
				for i := range n / 2 {
					if margin {
						d.margin(i, h.domain, 1./(n*lambda))
					}
				}
			}
			return false
		}
		with, without := 0, 0
		for seed := range uint64(runs) {
			if solve(seed, true) {
				with++
			}
			if solve(seed, false) {
				without++
			}
		}
		t.Logf("%s: %d of %d runs reach the optimum with margin, %d without", h.name, with, runs, without)
		if with < runs || without > runs/2 {
			t.Errorf("%s: %d of %d runs reach the optimum with margin, %d without", h.name, with, runs, without)
		}
	}
}

// The margin's promise: the values beside have the least probability.
func TestMarginLeavesALeastProbability(t *testing.T) {
	const alpha = 0.05
	r := rand.New(rand.NewPCG(3, 3))
	for name, domain := range map[string]sweep.Domain{
		"int":     {Shape: sweep.IntUniform, Lo: 1, Hi: 5},
		"log int": {Shape: sweep.LogInt, Lo: 1, Hi: 64},
		"binary":  {Shape: sweep.IntUniform, Lo: 0, Hi: 1},
		"normal":  {Shape: sweep.Normal, SD: 1, Step: 0.5},
	} {
		for range 200 {
			d := newNormal([]float64{r.Float64()*1.4 - 0.2}, math.Pow(10, -6*r.Float64()), 6)
			before := domain.At(d.mean[0])
			d.margin(0, domain, alpha)
			lo, hi := domain.Stretch(before)
			other := 0.0 // probability of all values but the one in the middle
			if lo > edge {
				other += tail((d.mean[0] - lo) / d.deviation(0))
			}
			if hi < 1-edge {
				other += tail((hi - d.mean[0]) / d.deviation(0))
			}
			if other < alpha*(1-1e-6) {
				t.Fatalf("%s: with mean %g and deviation %g the values beside %s have probability %g", name, d.mean[0], d.deviation(0), before, other)
			}
			if after := domain.At(d.mean[0]); !after.Equal(before) {
				t.Fatalf("%s: the mean went from %s to %s", name, before, after)
			}
		}
	}
}
