package simd

import "math"

// choice is a for a condition, else b.
func choice(condition bool, a, b float64) float64 {
	if condition {
		return a
	}
	return b
}

// rectified keeps NaN.
func rectified(v float64) float64 { return choice(v < 0, 0, v) }

// windows makes the second or third slice of a pooling step hold positions.
func windows(arg int) func(a [][]float32) {
	return func(a [][]float32) {
		for i := range a[arg] {
			a[arg][i] = float32(i % 3)
		}
	}
}

// positive makes second moments of the slice arg.
func positive(arg int) func(a [][]float32) {
	return func(a [][]float32) {
		for i, v := range a[arg] {
			a[arg][i] = v * v
		}
	}
}

// f64 is the value a float32 coefficient really has.
func f64(v float32) float64 { return float64(v) }

var (
	momentum = SGDStep{Rate: 0.1, Momentum: 0.9, Decay: 0.01}
	nesterov = SGDStep{Rate: 0.1, Momentum: 0.9, Decay: 0.01, Nesterov: true}
	plain    = SGDStep{Rate: 0.1, Decay: 0.01}
	adam     = AdamStep{Beta1: 0.9, Beta2: 0.999, Decay: 0.01, Shrink: 0.99, Rate: 0.1, Scale: 1.2, Epsilon: 0.5}
	rmsProp  = RMSPropStep{Alpha: 0.9, Epsilon: 0.5, Momentum: 0.8, Rate: 0.1, Decay: 0.01}
)

func sgdWant(s SGDStep) func([][]float64, int) {
	return each(func(a [][]float64, i int) {
		d := a[len(a)-1][i] + f64(s.Decay)*a[0][i]
		step := d
		if s.Momentum != 0 {
			a[1][i] = f64(s.Momentum)*a[1][i] + d
			step = a[1][i]
			if s.Nesterov {
				step = d + f64(s.Momentum)*a[1][i]
			}
		}
		a[0][i] -= f64(s.Rate) * step
	})
}

// kernels lists the functions with the slices they write first, whatever the
// order of their own parameters.
var kernels = []kernel{
	{
		name: "Add", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { Add(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] += a[1][i] }),
	},
	{
		name: "Mul", shapes: "mmm", changed: 1,
		apply: func(a [][]float32) { Mul(a[0], a[1], a[2]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = a[1][i] * a[2][i] }),
	},
	{
		name: "Mul in place", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { Mul(a[0], a[1], a[0]) },
		want:  each(func(a [][]float64, i int) { a[0][i] *= a[1][i] }),
	},
	{
		name: "AXPY", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { AXPY(a[0], a[1], -1.5) },
		want:  each(func(a [][]float64, i int) { a[0][i] += -1.5 * a[1][i] }),
	},
	{
		name: "Scale", shapes: "m", changed: 1,
		apply: func(a [][]float32) { Scale(a[0], -1) },
		want:  each(func(a [][]float64, i int) { a[0][i] *= -1 }),
	},
	{
		name: "MaxIndex", shapes: "mmm", changed: 2, prepare: windows(1),
		apply: func(a [][]float32) { MaxIndex(a[0], a[1], a[2], 7) },
		want: each(func(a [][]float64, i int) {
			if a[2][i] > a[0][i] || math.IsNaN(a[2][i]) {
				a[0][i], a[1][i] = a[2][i], 7
			}
		}),
	},
	{
		name: "AddWhere", shapes: "mmm", changed: 1, prepare: windows(2),
		apply: func(a [][]float32) { AddWhere(a[0], a[1], a[2], 1) },
		want: each(func(a [][]float64, i int) {
			if a[2][i] == 1 {
				a[0][i] += a[1][i]
			}
		}),
	},

	{
		name: "ReLU", shapes: "m", changed: 1,
		apply: func(a [][]float32) { ReLU(a[0]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = rectified(a[0][i]) }),
	},
	{
		name: "ReLUGrad", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { ReLUGrad(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = choice(a[1][i] <= 0, 0, a[0][i]) }),
	},
	{
		name: "LeakyReLU", shapes: "m", changed: 1,
		apply: func(a [][]float32) { LeakyReLU(a[0], 0.25) },
		want:  each(func(a [][]float64, i int) { a[0][i] = choice(a[0][i] < 0, a[0][i]*0.25, a[0][i]) }),
	},
	{
		name: "LeakyReLUGrad", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { LeakyReLUGrad(a[0], a[1], 0.25) },
		want:  each(func(a [][]float64, i int) { a[0][i] = choice(a[1][i] < 0, a[0][i]*0.25, a[0][i]) }),
	},
	{
		name: "AddReLU", shapes: "mmm", changed: 1,
		apply: func(a [][]float32) { AddReLU(a[0], a[1], a[2]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = rectified(a[1][i] + a[2][i]) }),
	},
	{
		name: "AddReLU in place", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { AddReLU(a[0], a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = rectified(a[0][i] + a[1][i]) }),
	},
	{
		name: "Exp", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { Exp(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = math.Exp(a[1][i]) }),
	},
	{
		name: "Sigmoid", shapes: "m", changed: 1,
		apply: func(a [][]float32) { Sigmoid(a[0]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = 1 / (1 + math.Exp(-a[0][i])) }),
	},
	{
		name: "SigmoidGrad", shapes: "mm", changed: 1, tolerance: 4e-6,
		apply: func(a [][]float32) { SigmoidGrad(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] *= a[1][i] * (1 - a[1][i]) }),
	},
	{
		name: "Tanh", shapes: "m", changed: 1,
		apply: func(a [][]float32) { Tanh(a[0]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = math.Tanh(a[0][i]) }),
	},
	{
		name: "TanhGrad", shapes: "mm", changed: 1, tolerance: 4e-6,
		apply: func(a [][]float32) { TanhGrad(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] *= 1 - a[1][i]*a[1][i] }),
	},
	{
		name: "SiLU", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { SiLU(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = a[1][i] / (1 + math.Exp(-a[1][i])) }),
	},
	{
		name: "SiLUGrad", shapes: "mm", changed: 1, tolerance: 4e-6,
		apply: func(a [][]float32) { SiLUGrad(a[0], a[1]) },
		want: each(func(a [][]float64, i int) {
			s := 1 / (1 + math.Exp(-a[1][i]))
			a[0][i] *= s + a[1][i]*s*(1-s)
		}),
	},
	{
		name: "GELU", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { GELU(a[0], a[1]) },
		want:  each(func(a [][]float64, i int) { a[0][i] = a[1][i] * (1 + math.Erf(a[1][i]/math.Sqrt2)) / 2 }),
	},
	{
		name: "GELUGrad", shapes: "mm", changed: 1, tolerance: 4e-6,
		apply: func(a [][]float32) { GELUGrad(a[0], a[1]) },
		want: each(func(a [][]float64, i int) {
			x := a[1][i]
			a[0][i] *= (1+math.Erf(x/math.Sqrt2))/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
		}),
	},

	{
		name: "AddRow", shapes: "mv", changed: 1,
		apply: func(a [][]float32) { AddRow(a[0], a[1]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] += a[1][i%n]
			}
		},
	},
	{
		name: "AddRowReLU", shapes: "mv", changed: 1,
		apply: func(a [][]float32) { AddRowReLU(a[0], a[1]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] = rectified(a[0][i] + a[1][i%n])
			}
		},
	},
	{
		name: "ScaleShift", shapes: "mmvv", changed: 1,
		apply: func(a [][]float32) { ScaleShift(a[0], a[1], a[2], a[3]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] = a[1][i]*a[2][i%n] + a[3][i%n]
			}
		}, tolerance: 4e-6,
	},
	{
		name: "ScaleShiftReLU in place", shapes: "mvv", changed: 1,
		apply: func(a [][]float32) { ScaleShiftReLU(a[0], a[0], a[1], a[2]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] = rectified(a[0][i]*a[1][i%n] + a[2][i%n])
			}
		}, tolerance: 4e-6,
	},
	{
		name: "Combine", shapes: "mmmvvv", changed: 1,
		apply: func(a [][]float32) { Combine(a[0], a[1], a[3], a[2], a[4], a[5]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] = a[1][i]*a[3][i%n] + a[2][i]*a[4][i%n] + a[5][i%n]
			}
		}, tolerance: 4e-6,
	},
	{
		name: "Combine in place", shapes: "mmvvv", changed: 1,
		apply: func(a [][]float32) { Combine(a[0], a[0], a[2], a[1], a[3], a[4]) },
		want: func(a [][]float64, n int) {
			for i := range a[0] {
				a[0][i] = a[0][i]*a[2][i%n] + a[1][i]*a[3][i%n] + a[4][i%n]
			}
		}, tolerance: 4e-6,
	},
	{
		name: "SumRows", shapes: "vm", changed: 1,
		apply: func(a [][]float32) { SumRows(a[0], a[1]) },
		want: func(a [][]float64, n int) {
			for i, v := range a[1] {
				a[0][i%n] += v
			}
		},
	},
	{
		name: "Moments", shapes: "vvmv", changed: 2,
		apply: func(a [][]float32) { Moments(a[0], a[1], a[2], a[3]) },
		want: func(a [][]float64, n int) {
			for i, v := range a[2] {
				d := v - a[3][i%n]
				a[0][i%n] += d
				a[1][i%n] += d * d
			}
		}, tolerance: 2e-6,
	},
	{
		name: "SumProducts", shapes: "vvmmv", changed: 2,
		apply: func(a [][]float32) { SumProducts(a[0], a[1], a[2], a[3], a[4]) },
		want: func(a [][]float64, n int) {
			for i, v := range a[2] {
				a[0][i%n] += v
				a[1][i%n] += v * (a[3][i] - a[4][i%n])
			}
		}, tolerance: 4e-6,
	},

	{
		name: "SGD", shapes: "mm", changed: 1,
		apply: func(a [][]float32) { plain.Apply(a[0], a[1], nil) }, want: sgdWant(plain),
	},
	{
		name: "SGD with momentum", shapes: "mmm", changed: 2,
		apply: func(a [][]float32) { momentum.Apply(a[0], a[2], a[1]) }, want: sgdWant(momentum),
	},
	{
		name: "SGD by Nesterov", shapes: "mmm", changed: 2,
		apply: func(a [][]float32) { nesterov.Apply(a[0], a[2], a[1]) }, want: sgdWant(nesterov),
	},
	{
		name: "Adam", shapes: "mmmm", changed: 3, prepare: positive(2),
		apply: func(a [][]float32) { adam.Apply(a[0], a[3], a[1], a[2]) },
		want: each(func(a [][]float64, i int) {
			d := a[3][i] + f64(adam.Decay)*a[0][i]
			a[1][i] = f64(adam.Beta1)*a[1][i] + f64(1-adam.Beta1)*d
			a[2][i] = f64(adam.Beta2)*a[2][i] + f64(1-adam.Beta2)*d*d
			a[0][i] = a[0][i]*f64(adam.Shrink) - f64(adam.Rate)*a[1][i]/(math.Sqrt(a[2][i])*f64(adam.Scale)+f64(adam.Epsilon))
		}),
	},
	{
		name: "RMSProp", shapes: "mmmm", changed: 3, prepare: positive(2),
		apply: func(a [][]float32) { rmsProp.Apply(a[0], a[3], a[1], a[2]) },
		want: each(func(a [][]float64, i int) {
			d := a[3][i] + f64(rmsProp.Decay)*a[0][i]
			a[2][i] = f64(rmsProp.Alpha)*a[2][i] + f64(1-rmsProp.Alpha)*d*d
			a[1][i] = f64(rmsProp.Momentum)*a[1][i] + d/(math.Sqrt(a[2][i])+f64(rmsProp.Epsilon))
			a[0][i] -= f64(rmsProp.Rate) * a[1][i]
		}),
	},
}
