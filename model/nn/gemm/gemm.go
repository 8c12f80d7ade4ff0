// Package gemm multiplies matrices of 32-bit floats on one core, as fast as the
// core allows. Blocks that fit the caches are packed into panels (Goto and van
// de Geijn 2008), and a tile in assembly keeps its part of the result in
// registers. It knows nothing of networks.
package gemm

import (
	"sync"
)

// tile computes a part of c, as many rows and vectors of columns as it is made
// for: the product of a (rows rs, columns cs apart) and b (rows ldb apart), k of
// them, at least 1. flags say what becomes of it. mask has a bit for each column
// that there is, where the kernel has masks.
type tile func(k int, a *float32, rs, cs int, b *float32, ldb int, c *float32, ldc int, bias *float32, flags, mask int)

// What becomes of a tile.
const (
	accumulate = 1 << iota // what is in c is added
	addBias
	rectify // values below 0 become 0
)

// kernel is the tiles of an instruction set.
type kernel struct {
	name      string
	mr, lanes int      // rows of the largest tile, columns of a vector
	tiles     [][]tile // [vectors-1][rows-1]
	depth     int      // the most products that a tile sums
	masks     bool     // columns that are no multiple of lanes need no copy
	transpose func(dst *float32, dstStride int, src *float32, srcStride, n int)
}

func (k *kernel) nr() int { return len(k.tiles) * k.lanes }

// Block sizes: a panel of b (depth x nr) stays near the first-level cache, a
// block of a (blockM x depth) in the second, a block of b in the third.
const (
	blockM = 168
	blockN = 2048
	maxNR  = 32
	maxMR  = 14
)

// best is the fastest kernel that this processor runs.
var best = func() kernel {
	all := available()
	return all[len(all)-1]
}()

// Name is the kernel in use, for reports.
func Name() string { return best.name }

// Epilogue is what happens to a product while it is still in registers.
type Epilogue struct {
	Bias []float32 // one value a column, added; nil: none
	ReLU bool      // values below 0 become 0
}

// Mul is c = op(a)*op(b) + beta*c for row-major matrices, op being the
// transpose where asked for: op(a) is m x k, op(b) k x n, c m x n; lda, ldb and
// ldc are the lengths of the stored rows. beta is 0 (c need not hold numbers)
// or 1. Slices that are too short for these sizes panic.
func Mul(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	MulThen(transA, transB, m, n, k, a, lda, b, ldb, beta, c, ldc, Epilogue{})
}

// MulThen is Mul followed by e.
func MulThen(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int, e Epilogue) {
	if m == 0 || n == 0 {
		return
	}
	check(transA, m, k, len(a), lda)
	check(transB, k, n, len(b), ldb)
	check(false, m, n, len(c), ldc)
	if e.Bias != nil && len(e.Bias) < n {
		panic("gemm: the bias is shorter than a row")
	}
	if k == 0 {
		nothing(m, n, beta, c, ldc, e)
		return
	}
	s := pool.Get().(*scratch)
	defer pool.Put(s)
	s.product = product{kern: &best, m: m, n: n, k: k, b: b, ldb: ldb, transB: transB, c: c, ldc: ldc, beta: beta, Epilogue: e}
	s.a, s.rs, s.cs = a, lda, 1
	if transA {
		s.rs, s.cs = 1, lda
	}
	s.mul()
	s.product = product{}
}

// nothing is the product of matrices without a column and a row in common.
func nothing(m, n int, beta float32, c []float32, ldc int, e Epilogue) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
		}
		for j := range row {
			if e.Bias != nil {
				row[j] += e.Bias[j]
			}
			if e.ReLU {
				row[j] = max(row[j], 0)
			}
		}
	}
}

// check panics where a matrix of rows x cols does not lie in its slice.
func check(trans bool, rows, cols, length, ld int) {
	if trans {
		rows, cols = cols, rows
	}
	if rows < 0 || cols < 0 || ld < cols || rows > 0 && cols > 0 && (rows-1)*ld+cols > length {
		panic("gemm: a matrix does not fit its slice")
	}
}

// product is what is to be computed.
type product struct {
	kern    *kernel
	m, n, k int
	a       []float32 // element (i, p) at i*rs + p*cs
	rs, cs  int
	b       []float32
	ldb     int
	transB  bool
	c       []float32
	ldc     int
	beta    float32
	Epilogue
}

// scratch is packed blocks, and a tile for the edges.
type scratch struct {
	product
	packedA []float32
	packedB []float32
	edge    [maxMR * maxNR]float32
	row     [maxNR]float32 // of the bias, at an edge
}

var pool = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) mul() {
	nr := s.kern.nr()
	mBlock, kBlock, nBlock := even(s.m, blockM, s.kern.mr), even(s.k, s.kern.depth, 8), even(s.n, blockN, nr)
	for j0 := 0; j0 < s.n; j0 += nBlock {
		nb := min(nBlock, s.n-j0)
		for k0 := 0; k0 < s.k; k0 += kBlock {
			kb := min(kBlock, s.k-k0)
			flags := 0
			if k0 > 0 || s.beta == 1 {
				flags = accumulate
			}
			if k0+kb == s.k {
				if s.Bias != nil {
					flags |= addBias
				}
				if s.ReLU {
					flags |= rectify
				}
			}
			panels := s.panels(k0, kb, j0, nb)
			for i0 := 0; i0 < s.m; i0 += mBlock {
				mb := min(mBlock, s.m-i0)
				block := s.block(i0, mb, k0, kb, nb)
				for j := 0; j < nb; j += nr {
					s.column(block, i0, mb, kb, panels.at(j), j0+j, min(nr, nb-j), flags)
				}
			}
		}
	}
}

// even is the size of blocks, a multiple of unit and at most limit, into which n
// falls without a small one at the end: such a block would wait for memory.
func even(n, limit, unit int) int {
	limit -= limit % unit
	count := (n + limit - 1) / limit
	return ((n+count-1)/count + unit - 1) / unit * unit
}

// stored is a block of b: panels of nr columns, packed or in place.
type stored struct {
	data  []float32
	ld    int // of a panel's rows
	panel int // from a column to the next, in values
}

// at is the panel that begins at column j.
func (p stored) at(j int) stored { return stored{p.data[j*p.panel:], p.ld, p.panel} }

// few is the number of rows of a up to which packing b costs more than it saves.
const few = 160

// panels is the block of b at (k0, j0).
func (s *scratch) panels(k0, kb, j0, nb int) stored {
	nr := s.kern.nr()
	if !s.transB && s.m <= few && (s.kern.masks || nb%nr == 0) {
		return stored{s.b[k0*s.ldb+j0:], s.ldb, 1}
	}
	all := (nb + nr - 1) / nr
	s.packedB = grow(s.packedB, all*nr*kb)
	if s.transB {
		s.packTransposed(k0, kb, j0, nb)
	} else {
		s.pack(k0, kb, j0, nb)
	}
	return stored{s.packedB, nr, kb}
}

func grow(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

// pack lays a block of b out in panels [kb][nr]; missing columns are 0. It reads
// a few rows at a time along their length, as the processor fetches ahead.
func (s *scratch) pack(k0, kb, j0, nb int) {
	const rows = 8
	nr := s.kern.nr()
	for p0 := 0; p0 < kb; p0 += rows {
		p1 := min(p0+rows, kb)
		for j := 0; j < nb; j += nr {
			panel := s.packedB[j*kb : (j+nr)*kb]
			from := s.b[k0*s.ldb+j0+j:]
			switch width := nb - j; {
			case width >= nr && nr == 32: // of a known size, a copy is a few instructions
				for p := p0; p < p1; p++ {
					*(*[32]float32)(panel[p*32:]) = *(*[32]float32)(from[p*s.ldb:])
				}
			case width >= nr && nr == 16:
				for p := p0; p < p1; p++ {
					*(*[16]float32)(panel[p*16:]) = *(*[16]float32)(from[p*s.ldb:])
				}
			default:
				width = min(width, nr)
				for p := p0; p < p1; p++ {
					row := panel[p*nr : (p+1)*nr]
					copy(row, from[p*s.ldb:][:width])
					clear(row[width:])
				}
			}
		}
	}
}

// packTransposed is pack where b is stored transposed.
func (s *scratch) packTransposed(k0, kb, j0, nb int) {
	nr := s.kern.nr()
	whole := kb &^ 7
	for j := 0; j < nb; j += nr {
		panel := s.packedB[j*kb : (j+nr)*kb]
		width := min(nr, nb-j)
		if width < nr {
			clear(panel)
		}
		x := 0
		for ; x+8 <= width && whole > 0; x += 8 {
			from := s.b[(j0+j+x)*s.ldb+k0:]
			s.kern.transpose(&panel[x], nr, &from[0], s.ldb, whole)
			for p := whole; p < kb; p++ {
				for i := range 8 {
					panel[p*nr+x+i] = from[i*s.ldb+p]
				}
			}
		}
		for ; x < width; x++ {
			for p, v := range s.b[(j0+j+x)*s.ldb+k0:][:kb] {
				panel[p*nr+x] = v
			}
		}
	}
}

// column multiplies a block of a with one panel of b.
func (s *scratch) column(a factor, i0, mb, kb int, b stored, j, width, flags int) {
	kern := s.kern
	vectors := (width + kern.lanes - 1) / kern.lanes
	tiles := kern.tiles[vectors-1]
	bias := &s.row[0]
	edge := !kern.masks && width < vectors*kern.lanes
	if flags&addBias != 0 {
		bias = &s.Bias[j]
		if edge {
			copy(s.row[:], s.Bias[j:j+width])
			bias = &s.row[0]
		}
	}
	mask := 1<<width - 1
	for i, rows := range kern.heights(mb) {
		from, rs, cs := a.tile(i, rows)
		c := s.c[(i0+i)*s.ldc+j:]
		if !edge {
			tiles[rows-1](kb, from, rs, cs, &b.data[0], b.ld, &c[0], s.ldc, bias, flags, mask)
			continue
		}
		// A tile at an edge of c is computed whole, aside.
		if flags&accumulate != 0 {
			for y := range rows {
				copy(s.edge[y*maxNR:y*maxNR+width], c[y*s.ldc:])
			}
		}
		tiles[rows-1](kb, from, rs, cs, &b.data[0], b.ld, &s.edge[0], maxNR, bias, flags, mask)
		for y := range rows {
			copy(c[y*s.ldc:y*s.ldc+width], s.edge[y*maxNR:])
		}
	}
}
