// Package gemm multiplies matrices of 32-bit floats on one core, as fast as the
// core allows: blocks that fit the caches are packed into panels (Goto and van
// de Geijn 2008), and a kernel in assembly keeps a tile of the result in
// registers. It knows nothing of networks.
package gemm

import "sync"

// kernel is a register tile: c[mr x nr] += a * b, for a packed as [k][mr], b as
// [k][nr] and c with rows ldc apart. k is at least 1.
type kernel struct {
	name   string
	mr, nr int
	run    func(k int, a, b, c *float32, ldc int)
}

// Block sizes: a packed block of a (blockM x blockK) stays in the second-level
// cache, a panel of b (blockK x nr) in the first. blockM is a multiple of every
// kernel's mr.
const (
	blockM = 168
	blockK = 256
	blockN = 4096
	maxMR  = 14
	maxNR  = 32
)

// best is the fastest kernel that this processor runs.
var best = choose()

// Name is the kernel in use, for reports.
func Name() string { return best.name }

// Mul is c = op(a)*op(b) + beta*c for row-major matrices, op being the
// transpose where asked for: op(a) is m x k, op(b) k x n, c m x n; lda, ldb and
// ldc are the lengths of the stored rows. beta is 0 (c need not hold numbers)
// or 1. Slices that are too short for these sizes panic.
func Mul(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	check(transA, m, k, len(a), lda)
	check(transB, k, n, len(b), ldb)
	check(false, m, n, len(c), ldc)
	if beta == 0 {
		for i := range m {
			clear(c[i*ldc : i*ldc+n])
		}
	}
	if k == 0 {
		return
	}
	s := pool.Get().(*scratch)
	defer pool.Put(s)
	s.mul(best, operand{a, lda, transA}, operand{b, ldb, transB}, m, n, k, c, ldc)
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

// operand is a matrix as it is stored.
type operand struct {
	data  []float32
	ld    int
	trans bool
}

// scratch is the packed panels, and a tile for the edges.
type scratch struct {
	a    [blockM * blockK]float32
	b    []float32
	tile [maxMR * maxNR]float32
}

var pool = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) mul(kern kernel, a, b operand, m, n, k int, c []float32, ldc int) {
	mr, nr := kern.mr, kern.nr
	for j0 := 0; j0 < n; j0 += blockN {
		nb := min(blockN, n-j0)
		panels := (nb + nr - 1) / nr
		for k0 := 0; k0 < k; k0 += blockK {
			kb := min(blockK, k-k0)
			if need := panels * nr * kb; cap(s.b) < need {
				s.b = make([]float32, need)
			}
			s.b = s.b[:panels*nr*kb]
			packB(b, s.b, k0, kb, j0, nb, nr)
			for i0 := 0; i0 < m; i0 += blockM {
				mb := min(blockM, m-i0)
				packA(a, s.a[:], i0, mb, k0, kb, mr)
				for p := range panels {
					s.column(kern, mb, kb, min(nr, nb-p*nr), s.b[p*nr*kb:], c[i0*ldc+j0+p*nr:], ldc)
				}
			}
		}
	}
}

// column multiplies the packed block of a with one panel of b.
func (s *scratch) column(kern kernel, mb, kb, width int, b, c []float32, ldc int) {
	mr, nr := kern.mr, kern.nr
	for i := 0; i < mb; i += mr {
		a := &s.a[i*kb]
		height := min(mr, mb-i)
		if height == mr && width == nr {
			kern.run(kb, a, &b[0], &c[i*ldc], ldc)
			continue
		}
		// An edge: the tile is computed whole, aside, and its part added.
		tile := s.tile[:mr*nr]
		clear(tile)
		kern.run(kb, a, &b[0], &tile[0], nr)
		for y := range height {
			row := c[(i+y)*ldc : (i+y)*ldc+width]
			for x := range row {
				row[x] += tile[y*nr+x]
			}
		}
	}
}

// packA lays rows i0.. of op(a) out in panels of mr rows, k by k; missing rows
// are 0.
func packA(a operand, dst []float32, i0, mb, k0, kb, mr int) {
	for i := 0; i < mb; i += mr {
		panel := dst[i*kb : i*kb+mr*kb]
		height := min(mr, mb-i)
		if height < mr {
			clear(panel)
		}
		if a.trans {
			for p := range kb {
				copy(panel[p*mr:p*mr+height], a.data[(k0+p)*a.ld+i0+i:])
			}
			continue
		}
		for y := range height {
			row := a.data[(i0+i+y)*a.ld+k0:][:kb]
			for p, v := range row {
				panel[p*mr+y] = v
			}
		}
	}
}

// packB lays columns j0.. of op(b) out in panels of nr columns, k by k; missing
// columns are 0.
func packB(b operand, dst []float32, k0, kb, j0, nb, nr int) {
	for j := 0; j < nb; j += nr {
		panel := dst[j*kb : j*kb+nr*kb]
		width := min(nr, nb-j)
		if width < nr {
			clear(panel)
		}
		if !b.trans {
			for p := range kb {
				copy(panel[p*nr:p*nr+width], b.data[(k0+p)*b.ld+j0+j:])
			}
			continue
		}
		for x := range width {
			row := b.data[(j0+j+x)*b.ld+k0:][:kb]
			for p, v := range row {
				panel[p*nr+x] = v
			}
		}
	}
}

// portable is the kernel in Go, for processors without one in assembly.
var portable = kernel{"go 4x8", 4, 8, func(k int, a, b, c *float32, ldc int) { portableTile(k, a, b, c, ldc) }}
