package sobol

import (
	_ "embed"
	"encoding/binary"
	"math/bits"
)

//go:generate go run ./gen scipy/stats/_sobol_direction_numbers.npz

// table is for each dimension but the first its primitive polynomial over GF(2),
// a bit a coefficient, and as many direction integers m as its degree; all as
// varints. They are published facts: S. Joe and F. Kuo, "Constructing Sobol
// sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
// (2008), new-joe-kuo-6.
//
//go:embed directions.bin
var table []byte

const (
	// dimensions is how many the table has.
	dimensions = 1024
	// digits is how many binary digits a coordinate has before scrambling adds
	// more: the sequence has 2^digits points.
	digits = 32
)

// directions are the direction numbers of one dimension: v[k] is what the k-th
// bit of a point's Gray code adds, as a binary fraction.
type directions [digits]uint32

// sequence is a Sobol sequence of some dimensions.
type sequence []directions

// newSequence has the first dims dimensions of the table.
func newSequence(dims int) sequence {
	s := make(sequence, dims)
	rest := table
	next := func() uint32 {
		n, size := binary.Uvarint(rest)
		rest = rest[size:]
		return uint32(n)
	}
	for dim := range s {
		v := &s[dim]
		if dim == 0 {
			for k := range v {
				v[k] = 1 << (digits - 1 - k)
			}
			continue
		}
		polynomial := next()
		degree := bits.Len32(polynomial) - 1
		for k := range degree {
			v[k] = next() << (digits - 1 - k)
		}
		// The recurrence (2) of Joe and Kuo's notes, on numbers shifted to the top.
		for k := degree; k < digits; k++ {
			v[k] = v[k-degree] ^ v[k-degree]>>degree
			for j := 1; j < degree; j++ {
				if polynomial>>(degree-j)&1 == 1 {
					v[k] ^= v[k-j]
				}
			}
		}
	}
	return s
}

// at is a coordinate of the n-th point, in the order of Antonov and Saleev
// (1979), which goes by n's Gray code.
func (s sequence) at(n uint32, dim int) uint32 {
	var x uint32
	for gray := n ^ n>>1; gray != 0; gray &= gray - 1 {
		x ^= s[dim][bits.TrailingZeros32(gray)]
	}
	return x
}
