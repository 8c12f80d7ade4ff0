package simd

// chunkValues is about how many values of a matrix are reduced at a time. The
// assembly walks a chunk once per group of columns, so it should stay in the
// cache, and short float32 sums lose less than one long one.
const chunkValues = 8192

// chunk returns how many values the next whole rows of n take.
func chunk(size, n int) int {
	return min(size, max(chunkValues/n, 16)*n)
}

// SumRows adds the sum of column j of x to dst[j].
func SumRows(dst, x []float32) {
	n := len(dst)
	whole("x", len(x), n)
	for len(x) > 0 {
		k := chunk(len(x), n)
		if vector {
			sumRowsAVX(dst, x[:k])
		} else {
			sumRowsGo(dst, x[:k])
		}
		x = x[k:]
	}
}

// Moments adds to sum[j] the sum of column j of x less shift[j], and to
// squares[j] the sum of its squares.
func Moments(sum, squares, x, shift []float32) {
	n := len(sum)
	whole("x", len(x), n)
	need("squares", len(squares), n)
	need("shift", len(shift), n)
	for len(x) > 0 {
		k := chunk(len(x), n)
		if vector {
			momentsAVX(sum, squares, x[:k], shift)
		} else {
			momentsGo(sum, squares, x[:k], shift)
		}
		x = x[k:]
	}
}

// SumProducts adds to sum[j] the sum of column j of dy, and to dot[j] the sum
// of its products with column j of x less mean[j].
func SumProducts(sum, dot, dy, x, mean []float32) {
	n := len(sum)
	whole("dy", len(dy), n)
	need("dot", len(dot), n)
	need("x", len(x), len(dy))
	need("mean", len(mean), n)
	for len(dy) > 0 {
		k := chunk(len(dy), n)
		if vector {
			sumProductsAVX(sum, dot, dy[:k], x[:k], mean)
		} else {
			sumProductsGo(sum, dot, dy[:k], x[:k], mean)
		}
		dy, x = dy[k:], x[k:]
	}
}
