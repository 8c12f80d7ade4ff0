package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkKernels counts the bytes of every slice once, written or read.
func BenchmarkKernels(b *testing.B) {
	const columns, size = 64, 16 << 10
	defer func() { vector = available }()
	run := func(name string, bytes int, f func()) {
		for _, way := range []string{"assembly", "portable"} {
			vector = way == "assembly"
			if vector && !available {
				continue
			}
			b.Run(fmt.Sprintf("%s/%s", name, way), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(bytes)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			})
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, k := range kernels {
		var args [][]float32
		total := 0
		for _, shape := range k.shapes {
			n := columns
			if shape == 'm' {
				n = size
			}
			args = append(args, values(r, n))
			total += 4 * n
		}
		// What is added to or scaled over and over must stay a normal number.
		for i := range args[0] {
			args[0][i] *= 1e-3
		}
		run(k.name, total, func() { k.apply(args) })
	}
	x := values(r, size)
	run("SumSquares", 4*size, func() { SumSquares(x) })
	for _, l := range transforms {
		n := size / 6
		src, dst := values(r, l.inputs()*n), make([]float32, l.outputs()*n)
		run(l.name, 4*(len(src)+len(dst)), func() { l.apply(dst, n, src, n, n) })
	}
}
