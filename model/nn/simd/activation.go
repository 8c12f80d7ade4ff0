package simd

// ReLU sets the negative values of x to zero; NaN stays.
func ReLU(x []float32) {
	if vector {
		reluAVX(x)
		return
	}
	reluGo(x)
}

// ReLUGrad sets dy to zero where y, the output of ReLU, is not positive.
func ReLUGrad(dy, y []float32) {
	need("y", len(y), len(dy))
	if vector {
		reluGradAVX(dy, y)
		return
	}
	reluGradGo(dy, y)
}

// LeakyReLU multiplies the negative values of x by slope.
func LeakyReLU(x []float32, slope float32) {
	if vector {
		leakyReLUAVX(x, slope)
		return
	}
	leakyReLUGo(x, slope)
}

// LeakyReLUGrad multiplies dy by slope where y is negative.
func LeakyReLUGrad(dy, y []float32, slope float32) {
	need("y", len(y), len(dy))
	if vector {
		leakyReLUGradAVX(dy, y, slope)
		return
	}
	leakyReLUGradGo(dy, y, slope)
}

// AddReLU sets dst to a+b with negative sums set to zero; NaN stays. The
// slice dst may be a or b.
func AddReLU(dst, a, b []float32) {
	need("a", len(a), len(dst))
	need("b", len(b), len(dst))
	if vector {
		addReLUAVX(dst, a, b)
		return
	}
	addReLUGo(dst, a, b)
}

// Exp sets dst to e to the power of x; dst may be x.
func Exp(dst, x []float32) {
	need("x", len(x), len(dst))
	if vector {
		expAVX(dst, x)
		return
	}
	expGo(dst, x)
}

// Sigmoid sets x to its logistic function.
func Sigmoid(x []float32) {
	if vector {
		sigmoidAVX(x)
		return
	}
	sigmoidGo(x)
}

// SigmoidGrad multiplies dy by y(1-y), where y is the output of Sigmoid.
func SigmoidGrad(dy, y []float32) {
	need("y", len(y), len(dy))
	if vector {
		sigmoidGradAVX(dy, y)
		return
	}
	sigmoidGradGo(dy, y)
}

// Tanh sets x to its hyperbolic tangent.
func Tanh(x []float32) {
	if vector {
		tanhAVX(x)
		return
	}
	tanhGo(x)
}

// TanhGrad multiplies dy by 1-y², where y is the output of Tanh.
func TanhGrad(dy, y []float32) {
	need("y", len(y), len(dy))
	if vector {
		tanhGradAVX(dy, y)
		return
	}
	tanhGradGo(dy, y)
}

// SiLU sets dst to x times its logistic function; dst may be x.
func SiLU(dst, x []float32) {
	need("x", len(x), len(dst))
	if vector {
		siluAVX(dst, x)
		return
	}
	siluGo(dst, x)
}

// SiLUGrad multiplies dy by the derivative of SiLU at x.
func SiLUGrad(dy, x []float32) {
	need("x", len(x), len(dy))
	if vector {
		siluGradAVX(dy, x)
		return
	}
	siluGradGo(dy, x)
}

// GELU sets dst to x times the normal distribution function of x, by the error
// function and not by its tanh approximation; dst may be x.
func GELU(dst, x []float32) {
	need("x", len(x), len(dst))
	if vector {
		geluAVX(dst, x)
		return
	}
	geluGo(dst, x)
}

// GELUGrad multiplies dy by the derivative of GELU at x.
func GELUGrad(dy, x []float32) {
	need("x", len(x), len(dy))
	if vector {
		geluGradAVX(dy, x)
		return
	}
	geluGradGo(dy, x)
}
