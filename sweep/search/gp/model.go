package gp

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// model is a Gaussian process that has seen points with values, and points whose
// values are still to come. These are taken to come out as the model expects (a
// kriging believer: Ginsbourger et al. 2010), which changes the variance around
// them and, exactly, nothing of the mean.
type model struct {
	kernel kernel
	noise  float64
	warp   warp // what bends features before the model sees them
	xs     [][]float64
	factor factor    // of the covariance of the values at xs
	alpha  []float64 // of the first points, those with values: the mean's coefficients
}

// see makes xs the model's points, ys being the values of the first of them. The
// rows of points that it has seen before in the same order are kept.
func (m *model) see(xs [][]float64, ys []float64) {
	same := 0
	for same < len(xs) && same < len(m.factor.rows) && floats.Equal(xs[same], m.xs[same]) {
		same++
	}
	m.factor.rows = m.factor.rows[:same]
	m.xs = append(m.xs[:same], xs[same:]...)
	for i := same; i < len(xs); i++ {
		row := make([]float64, i+1)
		for j := range i {
			row[j] = m.kernel.at(xs[i], xs[j])
		}
		row[i] = m.kernel.scale + m.noise
		m.factor.extend(row)
	}
	m.alpha = append(m.alpha[:0], ys...)
	m.factor.forward(m.alpha)
	m.factor.backward(m.alpha)
}

// predict is the mean and deviation of the function at x, without noise
// (Rasmussen and Williams 2006, equations 2.25 and 2.26).
func (m *model) predict(x []float64) (mean, sd float64) {
	p := m.begin(x)
	m.factor.forward(p.k)
	return p.mean, m.deviation(p.k)
}

// part is a prediction by the first points alone, but for its mean.
type part struct {
	mean   float64
	k      []float64 // the covariances with the points,
	solved int       // of which so many went into the deviation
}

// begin is a prediction at x by none of the points.
func (m *model) begin(x []float64) part {
	k := make([]float64, len(m.xs))
	for i, p := range m.xs {
		k[i] = m.kernel.at(x, p)
	}
	return part{mean: floats.Dot(k[:len(m.alpha)], m.alpha), k: k}
}

// goOn takes in more points, as many as cost as much as all before; false: none
// are left.
func (m *model) goOn(p *part) bool {
	if p.solved == len(p.k) {
		return false
	}
	to := min(max(firstPart, p.solved*3/2), len(p.k))
	m.factor.onward(p.k[:to], p.solved)
	p.solved = to
	return true
}

// firstPart is how many points a prediction begins with.
const firstPart = 16

// mean is predict's mean alone, which costs little.
func (m *model) mean(x []float64) float64 {
	sum := 0.0
	for i, a := range m.alpha {
		sum += a * m.kernel.at(x, m.xs[i])
	}
	return sum
}

func (m *model) deviation(solved []float64) float64 {
	return math.Sqrt(max(m.kernel.scale-floats.Dot(solved, solved), 1e-12*m.kernel.scale))
}

// slopes is predict with the derivatives by the features that are numbers.
func (m *model) slopes(x, byMean, bySD []float64) (mean, sd float64) {
	k, slope := make([]float64, len(m.xs)), make([]float64, len(m.xs))
	for i, p := range m.xs {
		value, s := matern(m.kernel.distance(x, p))
		k[i], slope[i] = m.kernel.scale*value, m.kernel.scale*s
	}
	mean = floats.Dot(k[:len(m.alpha)], m.alpha)
	m.factor.forward(k)
	sd = m.deviation(k)
	m.factor.backward(k)
	clear(byMean)
	clear(bySD)
	for i, p := range m.xs {
		a := 0.0
		if i < len(m.alpha) {
			a = m.alpha[i]
		}
		toMean, toSD := 2*slope[i]*a, -2*slope[i]*k[i]/sd
		for j := range m.kernel.numbers {
			d := m.kernel.weights[j] * (x[j] - p[j])
			byMean[j] += toMean * d
			bySD[j] += toSD * d
		}
	}
	return mean, sd
}
