package simd

// AddRow adds row to every row of x.
func AddRow(x, row []float32) {
	whole("x", len(x), len(row))
	if vector {
		addRowAVX(x, row)
		return
	}
	addRowGo(x, row)
}

// AddRowReLU adds row to every row of x and sets negative sums to zero; NaN
// stays.
func AddRowReLU(x, row []float32) {
	whole("x", len(x), len(row))
	if vector {
		addRowReLUAVX(x, row)
		return
	}
	addRowReLUGo(x, row)
}

// ScaleShift sets dst to x with column j multiplied by scale[j] and shift[j]
// added; dst may be x.
func ScaleShift(dst, x, scale, shift []float32) {
	whole("dst", len(dst), len(scale))
	need("x", len(x), len(dst))
	need("shift", len(shift), len(scale))
	if vector {
		scaleShiftAVX(dst, x, scale, shift)
		return
	}
	scaleShiftGo(dst, x, scale, shift)
}

// ScaleShiftReLU is ScaleShift with negative results set to zero; NaN stays.
func ScaleShiftReLU(dst, x, scale, shift []float32) {
	whole("dst", len(dst), len(scale))
	need("x", len(x), len(dst))
	need("shift", len(shift), len(scale))
	if vector {
		scaleShiftReLUAVX(dst, x, scale, shift)
		return
	}
	scaleShiftReLUGo(dst, x, scale, shift)
}

// Combine sets dst to dy*a + x*b + c, where a, b and c hold a value per
// column; dst may be dy or x.
func Combine(dst, dy, a, x, b, c []float32) {
	whole("dst", len(dst), len(a))
	need("dy", len(dy), len(dst))
	need("x", len(x), len(dst))
	need("b", len(b), len(a))
	need("c", len(c), len(a))
	if vector {
		combineAVX(dst, dy, a, x, b, c)
		return
	}
	combineGo(dst, dy, a, x, b, c)
}
