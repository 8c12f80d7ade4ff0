package gemm

// factor is a block of a as tiles read it.
type factor struct {
	data   []float32
	rs, cs int // element (i, p) is at i*rs + p*cs
	panels bool
}

// tile is where the rows of the tile that begins at row i are.
func (f factor) tile(i, rows int) (a *float32, rs, cs int) {
	if f.panels {
		return &f.data[i*f.rs], 1, rows
	}
	return &f.data[i*f.rs], f.rs, f.cs
}

// How many panels of b a block of a is multiplied with before its copy pays.
const (
	copyFrom  = 3 // in rows, which come from memory once, in order
	panelFrom = 8 // in panels: one stream of memory for a tile instead of one a row
)

// block is the block of a at (i0, k0): in place, or copied where it is read often
// or its rows would fall on the same lines of the cache.
func (s *scratch) block(i0, mb, k0, kb, nb int) factor {
	from := s.a[i0*s.rs+k0*s.cs:]
	reads := nb / s.kern.nr()
	switch {
	case s.cs != 1 && nb <= 2*maxNR:
		return factor{data: from, rs: s.rs, cs: s.cs}
	case s.cs != 1:
		s.packedA = grow(s.packedA, kb*mb)
		for p := range kb {
			copy(s.packedA[p*mb:(p+1)*mb], from[p*s.cs:])
		}
		return factor{data: s.packedA, rs: 1, cs: mb}
	case reads >= panelFrom:
		s.packPanels(from, mb, kb)
		return factor{data: s.packedA, rs: kb, panels: true}
	case reads >= copyFrom || s.rs%512 == 0:
		ld := kb + 16 // not a power of two
		s.packedA = grow(s.packedA, mb*ld)
		for i := range mb {
			copy(s.packedA[i*ld:i*ld+kb], from[i*s.rs:])
		}
		return factor{data: s.packedA, rs: ld, cs: 1}
	}
	return factor{data: from, rs: s.rs, cs: 1}
}

// packPanels lays rows of a out as one panel [kb][rows] for each tile.
func (s *scratch) packPanels(from []float32, mb, kb int) {
	s.packedA = grow(s.packedA, mb*kb+8)
	whole := kb &^ 7
	for i, rows := range s.kern.heights(mb) {
		panel, src := s.packedA[i*kb:], from[i*s.rs:]
		columns := 0
		switch {
		case whole == 0:
		case rows >= 8: // the second eight overlaps the first
			s.kern.transpose(&panel[0], rows, &src[0], s.rs, whole)
			s.kern.transpose(&panel[rows-8], rows, &src[(rows-8)*s.rs], s.rs, whole)
			columns = whole
		case i+8 <= mb: // the rows too many fall where what comes next is written
			s.kern.transpose(&panel[0], rows, &src[0], s.rs, whole)
			columns = whole
		}
		for p := columns; p < kb; p++ {
			for r := range rows {
				panel[p*rows+r] = src[r*s.rs+p]
			}
		}
	}
}

// heights are the tiles of about equal height that mb rows fall into, by their
// first row.
func (k *kernel) heights(mb int) func(yield func(i, rows int) bool) {
	return func(yield func(i, rows int) bool) {
		count := (mb + k.mr - 1) / k.mr
		for i := 0; i < mb; count-- {
			rows := (mb - i) / count
			if !yield(i, rows) {
				return
			}
			i += rows
		}
	}
}
