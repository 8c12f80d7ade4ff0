package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

const signBit = 0x80000000

func activationKernels() {
	cheapActivations()
	flat("exp", "(dst, x []float32)", []string{"x"}, []string{"dst"}, 1, func() formula {
		return func(in []vec) []vec { return []vec{exp(in[0])} }
	})
	flat("sigmoid", "(x []float32)", []string{"x"}, []string{"x"}, 1, func() formula {
		return func(in []vec) []vec { return []vec{sigmoid(in[0])} }
	})
	gradient := []string{"dy", "y"}
	flat("sigmoidGrad", "(dy, y []float32)", gradient, []string{"dy"}, 2, func() formula {
		one := constant(1)
		return func(in []vec) []vec {
			dy, y := in[0], in[1]
			return []vec{mul(dy, mul(y, sub(one, y)))}
		}
	})
	flat("tanh", "(x []float32)", []string{"x"}, []string{"x"}, 1, func() formula {
		return func(in []vec) []vec { return []vec{tanh(in[0])} }
	})
	flat("tanhGrad", "(dy, y []float32)", gradient, []string{"dy"}, 2, func() formula {
		one := constant(1)
		return func(in []vec) []vec {
			dy, y := in[0], in[1]
			return []vec{mul(dy, subMul(clone(one), y, y))}
		}
	})
	flat("silu", "(dst, x []float32)", []string{"x"}, []string{"dst"}, 1, func() formula {
		return func(in []vec) []vec {
			x := maxOf(constant(-siluLimit), in[0])
			return []vec{mul(x, sigmoid(x))}
		}
	})
	gradient = []string{"dy", "x"}
	flat("siluGrad", "(dy, x []float32)", gradient, []string{"dy"}, 1, func() formula {
		return func(in []vec) []vec {
			one := constant(1)
			x := clamp(in[1], siluLimit)
			s := sigmoid(x)
			return []vec{mul(in[0], mul(s, mulAdd(sub(one, s), x, one)))}
		}
	})
	flat("gelu", "(dst, x []float32)", []string{"x"}, []string{"dst"}, 1, func() formula {
		return func(in []vec) []vec {
			x := maxOf(constant(-geluLimit), in[0])
			distribution, _ := normal(x)
			return []vec{mul(x, distribution)}
		}
	})
	flat("geluGrad", "(dy, x []float32)", gradient, []string{"dy"}, 1, func() formula {
		return func(in []vec) []vec {
			x := clamp(in[1], geluLimit)
			distribution, bell := normal(x)
			density := mul(bell, lanes(1/math.Sqrt(2*math.Pi)))
			return []vec{mul(in[0], addMul(distribution, x, density))}
		}
	})
}

// The limits are those of the portable functions.
const (
	siluLimit = 120
	geluLimit = 20
)

func cheapActivations() {
	flat("relu", "(x []float32)", []string{"x"}, []string{"x"}, 4, func() formula {
		none := zero()
		return func(in []vec) []vec { return []vec{maxOf(none, in[0])} }
	})
	flat("reluGrad", "(dy, y []float32)", []string{"dy", "y"}, []string{"dy"}, 4, func() formula {
		none := zero()
		return func(in []vec) []vec { return []vec{andNot(compare(in[1], lessEqual, none), in[0])} }
	})
	flat("leakyReLU", "(x []float32, slope float32)", []string{"x"}, []string{"x"}, 4, func() formula {
		slope := scalar("slope")
		// The sign of x chooses, so -0 and negative NaN are multiplied too,
		// which at most changes the sign of a zero.
		return func(in []vec) []vec { return []vec{choose(in[0], mul(in[0], slope), in[0])} }
	})
	flat("leakyReLUGrad", "(dy, y []float32, slope float32)", []string{"dy", "y"}, []string{"dy"}, 4, func() formula {
		slope, none := scalar("slope"), zero()
		return func(in []vec) []vec {
			return []vec{choose(compare(in[1], less, none), mul(in[0], slope), in[0])}
		}
	})
	flat("addReLU", "(dst, a, b []float32)", []string{"a", "b"}, []string{"dst"}, 4, func() formula {
		none := zero()
		return func(in []vec) []vec { return []vec{maxOf(none, add(in[0], in[1]))} }
	})
}

// clamp keeps NaN.
func clamp(x vec, limit float64) vec {
	return minOf(constant(limit), maxOf(constant(-limit), x))
}

// polynomial evaluates coefficients, highest power first, at x.
func polynomial(x vec, coefficients ...float64) vec {
	p := constant(coefficients[0])
	for _, c := range coefficients[1:] {
		p = mulAdd(p, x, lanes(c))
	}
	return p
}

// exp is expf of the Cephes library (S. Moshier, netlib.org/cephes,
// single/expf.c): e^x = 2^n e^r with n whole and |r| <= ln(2)/2. The power of
// two is applied in halves, so that results go gradually to zero and infinity.
// It keeps x.
func exp(x vec) vec {
	x = minOf(constant(89), maxOf(constant(-104), x))
	n := mul(x, lanes(math.Log2E))
	VROUNDPS(U8(8), n, n)
	// ln(2) in two parts, the first exact when multiplied by n.
	r := subMul(subMul(x, n, lanes(0.693359375)), n, lanes(-2.12194440e-4))
	p := polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
		4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	p = add(mulAdd(p, mul(r, r), r), lanes(1))

	whole, half := YMM(), YMM()
	VCVTPS2DQ(n, whole)
	VPSRAD(U8(1), whole, half)
	VPSUBD(half, whole, whole)
	for _, power := range []vec{half, whole} {
		VPADDD(bits(127), power, power)
		VPSLLD(U8(23), power, power)
		p = mul(p, power)
	}
	return p
}

// sigmoid keeps x.
func sigmoid(x vec) vec {
	one := constant(1)
	return div(one, add(exp(xor(x, bits(signBit))), one))
}

// tanh is tanhf of the Cephes library (single/tanhf.c): a polynomial near zero,
// where the exponential would cancel.
func tanh(x vec) vec {
	size := and(x, bits(^uint32(signBit)))
	far := div(constant(2), add(exp(add(size, size)), lanes(1)))
	far = sub(constant(1), far)
	far = or(far, and(x, bits(signBit)))
	square := mul(x, x)
	near := polynomial(square, -5.70498872745e-3, 2.06390887954e-2,
		-5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
	near = mulAdd(mul(near, square), x, x)
	return choose(compare(size, less, lanes(0.625)), near, far)
}

// normal returns the normal distribution function of x and the bell
// exp(-x²/2), with the error function by formula 7.1.26 of M. Abramowitz and
// I. Stegun, Handbook of Mathematical Functions, whose error is at most 1.5e-7.
// It keeps x.
func normal(x vec) (distribution, bell vec) {
	size := and(x, bits(^uint32(signBit)))
	bell = exp(mul(mul(x, x), lanes(-0.5)))
	one := constant(1)
	t := div(one, mulAdd(size, constant(0.3275911/math.Sqrt2), one))
	tail := polynomial(t, 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
	tail = mul(mul(mul(tail, t), bell), lanes(0.5))
	return choose(x, tail, sub(one, tail)), bell
}
