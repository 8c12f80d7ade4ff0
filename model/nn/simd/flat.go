package simd

// Add adds a to dst.
func Add(dst, a []float32) {
	need("a", len(a), len(dst))
	if vector {
		addAVX(dst, a)
		return
	}
	addGo(dst, a)
}

// Mul sets dst to the products of a and b; dst may be either.
func Mul(dst, a, b []float32) {
	need("a", len(a), len(dst))
	need("b", len(b), len(dst))
	if vector {
		mulAVX(dst, a, b)
		return
	}
	mulGo(dst, a, b)
}

// AXPY adds s times a to dst.
func AXPY(dst, a []float32, s float32) {
	need("a", len(a), len(dst))
	if vector {
		axpyAVX(dst, a, s)
		return
	}
	axpyGo(dst, a, s)
}

// Scale multiplies dst by s.
func Scale(dst []float32, s float32) {
	if vector {
		scaleAVX(dst, s)
		return
	}
	scaleGo(dst, s)
}

// squaresBlock bounds how many squares are summed in float32 before the
// float64 total takes them over.
const squaresBlock = 4096

// SumSquares returns the sum of the squares of x.
func SumSquares(x []float32) float64 {
	var total float64
	for len(x) > 0 {
		block := x[:min(len(x), squaresBlock)]
		x = x[len(block):]
		if vector {
			total += float64(sumSquaresAVX(block))
		} else {
			total += float64(sumSquaresGo(block))
		}
	}
	return total
}

// MaxIndex takes over the values of x that are greater than best or are NaN,
// and writes index to from where it did: one step of a max pooling window.
func MaxIndex(best, from, x []float32, index float32) {
	need("from", len(from), len(best))
	need("x", len(x), len(best))
	if vector {
		maxIndexAVX(best, from, x, index)
		return
	}
	maxIndexGo(best, from, x, index)
}

// AddWhere adds dy to dx where from equals index: the gradient of MaxIndex.
func AddWhere(dx, dy, from []float32, index float32) {
	need("dy", len(dy), len(dx))
	need("from", len(from), len(dx))
	if vector {
		addWhereAVX(dx, dy, from, index)
		return
	}
	addWhereGo(dx, dy, from, index)
}
