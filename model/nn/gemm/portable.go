package gemm

import "unsafe"

// portableTile is a 4x8 tile.
func portableTile(k int, ap, bp, cp *float32, ldc int) {
	a, b := unsafe.Slice(ap, 4*k), unsafe.Slice(bp, 8*k)
	var acc [4][8]float32
	for p := range k {
		row := (*[8]float32)(b[p*8:])
		for y := range 4 {
			f := a[p*4+y]
			for x := range 8 {
				acc[y][x] += f * row[x]
			}
		}
	}
	c := unsafe.Slice(cp, 3*ldc+8)
	for y := range 4 {
		for x := range 8 {
			c[y*ldc+x] += acc[y][x]
		}
	}
}
