package simd

// The matrix functions go on as in portable.go.

func addRowGo(x, row []float32) {
	for n := len(row); len(x) > 0; x = x[n:] {
		for j, v := range row {
			x[j] += v
		}
	}
}

func addRowReLUGo(x, row []float32) {
	for n := len(row); len(x) > 0; x = x[n:] {
		for j, v := range row {
			x[j] = relu(x[j] + v)
		}
	}
}

func scaleShiftGo(dst, x, scale, shift []float32) {
	n := len(scale)
	shift = shift[:n]
	for ; len(dst) > 0; dst, x = dst[n:], x[n:] {
		for j, s := range scale {
			dst[j] = x[j]*s + shift[j]
		}
	}
}

func scaleShiftReLUGo(dst, x, scale, shift []float32) {
	n := len(scale)
	shift = shift[:n]
	for ; len(dst) > 0; dst, x = dst[n:], x[n:] {
		for j, s := range scale {
			dst[j] = relu(x[j]*s + shift[j])
		}
	}
}

func combineGo(dst, dy, a, x, b, c []float32) {
	n := len(a)
	b, c = b[:n], c[:n]
	for ; len(dst) > 0; dst, dy, x = dst[n:], dy[n:], x[n:] {
		for j, s := range a {
			dst[j] = dy[j]*s + (x[j]*b[j] + c[j])
		}
	}
}

func sumRowsGo(dst, x []float32) {
	for n := len(dst); len(x) > 0; x = x[n:] {
		for j := range dst {
			dst[j] += x[j]
		}
	}
}

func momentsGo(sum, squares, x, shift []float32) {
	n := len(sum)
	squares, shift = squares[:n], shift[:n]
	for ; len(x) > 0; x = x[n:] {
		for j := range sum {
			v := x[j] - shift[j]
			sum[j] += v
			squares[j] += v * v
		}
	}
}

func sumProductsGo(sum, dot, dy, x, mean []float32) {
	n := len(sum)
	dot, mean = dot[:n], mean[:n]
	for ; len(dy) > 0; dy, x = dy[n:], x[n:] {
		for j := range sum {
			sum[j] += dy[j]
			dot[j] += dy[j] * (x[j] - mean[j])
		}
	}
}
