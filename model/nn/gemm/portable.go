package gemm

import "unsafe"

// portable is the kernel in Go, for processors without one in assembly.
var portable = kernel{
	name: "go 4x8", mr: 4, lanes: 8, depth: 384,
	tiles:     [][]tile{{portableTile(1), portableTile(2), portableTile(3), portableTile(4)}},
	transpose: portableTranspose,
}

// portableTile is a tile of 8 columns.
func portableTile(rows int) tile {
	return func(k int, ap *float32, rs, cs int, bp *float32, ldb int, cp *float32, ldc int, biasp *float32, flags, _ int) {
		a, b := unsafe.Slice(ap, (rows-1)*rs+(k-1)*cs+1), unsafe.Slice(bp, (k-1)*ldb+8)
		c := unsafe.Slice(cp, (rows-1)*ldc+8)
		var acc [4][8]float32
		for p := range k {
			row := (*[8]float32)(b[p*ldb:])
			for y := range rows {
				f := a[y*rs+p*cs]
				for x := range 8 {
					acc[y][x] += f * row[x]
				}
			}
		}
		for y := range rows {
			out := (*[8]float32)(c[y*ldc:])
			for x := range 8 {
				v := acc[y][x]
				if flags&accumulate != 0 {
					v += out[x]
				}
				if flags&addBias != 0 {
					v += unsafe.Slice(biasp, 8)[x]
				}
				if flags&rectify != 0 {
					v = max(v, 0)
				}
				out[x] = v
			}
		}
	}
}

// portableTranspose is eight rows of n values as n rows of eight, written in order.
func portableTranspose(dst *float32, dstStride int, src *float32, srcStride, n int) {
	from, to := unsafe.Slice(src, 7*srcStride+n), unsafe.Slice(dst, (n-1)*dstStride+8)
	for x := range n {
		for y := range 8 {
			to[x*dstStride+y] = from[y*srcStride+x]
		}
	}
}
