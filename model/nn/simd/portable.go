package simd

import "math"

// Each function here is the reference for the assembly of the same name, with
// the same arguments: the exported functions have checked the lengths.

func addGo(dst, a []float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += a[i]
	}
}

func mulGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func axpyGo(dst, a []float32, s float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += s * a[i]
	}
}

func scaleGo(dst []float32, s float32) {
	for i := range dst {
		dst[i] *= s
	}
}

func sumSquaresGo(x []float32) float32 {
	var sum float32
	for _, v := range x {
		sum += v * v
	}
	return sum
}

func maxIndexGo(best, from, x []float32, index float32) {
	from, x = from[:len(best)], x[:len(best)]
	for i, v := range x {
		if v > best[i] || v != v {
			best[i], from[i] = v, index
		}
	}
}

func addWhereGo(dx, dy, from []float32, index float32) {
	dy, from = dy[:len(dx)], from[:len(dx)]
	for i := range dx {
		if from[i] == index {
			dx[i] += dy[i]
		}
	}
}

// relu keeps NaN, as the comparison is then false.
func relu(v float32) float32 {
	if v < 0 {
		return 0
	}
	return v
}

func reluGo(x []float32) {
	for i, v := range x {
		x[i] = relu(v)
	}
}

func reluGradGo(dy, y []float32) {
	y = y[:len(dy)]
	for i := range dy {
		if y[i] <= 0 {
			dy[i] = 0
		}
	}
}

func leakyReLUGo(x []float32, slope float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = v * slope
		}
	}
}

func leakyReLUGradGo(dy, y []float32, slope float32) {
	y = y[:len(dy)]
	for i := range dy {
		if y[i] < 0 {
			dy[i] *= slope
		}
	}
}

func addReLUGo(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = relu(a[i] + b[i])
	}
}

func expGo(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = float32(math.Exp(float64(v)))
	}
}

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

func sigmoidGo(x []float32) {
	for i, v := range x {
		x[i] = float32(sigmoid(float64(v)))
	}
}

func sigmoidGradGo(dy, y []float32) {
	y = y[:len(dy)]
	for i, v := range y {
		dy[i] *= v * (1 - v)
	}
}

func tanhGo(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Tanh(float64(v)))
	}
}

func tanhGradGo(dy, y []float32) {
	y = y[:len(dy)]
	for i, v := range y {
		dy[i] *= 1 - v*v
	}
}

// siluLimit and geluLimit are where the functions have become 0 or x to
// float32; going no further keeps infinity times zero away.
const (
	siluLimit = 120
	geluLimit = 20
)

func siluGo(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		z := max(float64(v), -siluLimit)
		dst[i] = float32(z * sigmoid(z))
	}
}

func siluGradGo(dy, x []float32) {
	x = x[:len(dy)]
	for i, v := range x {
		z := min(max(float64(v), -siluLimit), siluLimit)
		s := sigmoid(z)
		dy[i] *= float32(s * (1 + z*(1-s)))
	}
}

func normal(v float64) float64 { return 0.5 * math.Erfc(-v/math.Sqrt2) }

func geluGo(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		z := max(float64(v), -geluLimit)
		dst[i] = float32(z * normal(z))
	}
}

func geluGradGo(dy, x []float32) {
	const density = 0.3989422804014327 // 1/√(2π)
	x = x[:len(dy)]
	for i, v := range x {
		z := min(max(float64(v), -geluLimit), geluLimit)
		dy[i] *= float32(normal(z) + z*density*math.Exp(-z*z/2))
	}
}

func sgdGo(w, g []float32, rate, decay float32) {
	g = g[:len(w)]
	for i := range w {
		w[i] -= rate * (g[i] + decay*w[i])
	}
}

func momentumGo(w, g, v []float32, rate, momentum, decay float32) {
	g, v = g[:len(w)], v[:len(w)]
	for i := range w {
		v[i] = momentum*v[i] + (g[i] + decay*w[i])
		w[i] -= rate * v[i]
	}
}

func nesterovGo(w, g, v []float32, rate, momentum, decay float32) {
	g, v = g[:len(w)], v[:len(w)]
	for i := range w {
		d := g[i] + decay*w[i]
		v[i] = momentum*v[i] + d
		w[i] -= rate * (d + momentum*v[i])
	}
}

func adamGo(w, g, m, v []float32, beta1, rest1, beta2, rest2, decay, shrink, rate, scale, epsilon float32) {
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i := range w {
		d := g[i] + decay*w[i]
		m[i] = beta1*m[i] + rest1*d
		v[i] = beta2*v[i] + rest2*(d*d)
		w[i] = w[i]*shrink - rate*m[i]/(sqrt(v[i])*scale+epsilon)
	}
}

func rmsPropGo(w, g, velocity, square []float32, alpha, rest, epsilon, momentum, rate, decay float32) {
	g, velocity, square = g[:len(w)], velocity[:len(w)], square[:len(w)]
	for i := range w {
		d := g[i] + decay*w[i]
		square[i] = alpha*square[i] + rest*(d*d)
		velocity[i] = momentum*velocity[i] + d/(sqrt(square[i])+epsilon)
		w[i] -= rate * velocity[i]
	}
}

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }
