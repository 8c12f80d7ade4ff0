package nn

import (
	"github.com/inflame-deeplearning/sweep/model/nn/gemm"
	"github.com/inflame-deeplearning/sweep/model/nn/simd"
)

// winograd computes a 3x3 convolution of stride 1 by F(4x4, 3x3) (Lavin and
// Gray 2016): tiles of 4x4 outputs are 36 products instead of 144. With V the
// transformed 6x6 tiles of the input and U the transformed kernels, each of the
// 36 places is a matrix product over the channels, M = V*U, and M transformed
// back is the output. The gradients are the adjoints of the same transforms.
// Tiles are worked on a few lines at a time, so that V and M stay in the cache.
type winograd struct {
	*conv
	ty, tx int       // tiles of an image
	lines  int       // lines of tiles at a time
	width  int       // of a padded line of the input, in pixels
	u      []float32 // [36, c, out]
}

// winogradSpace is what all such layers of a network share.
type winogradSpace struct {
	v, m    []float32 // [36, tiles, c] and [36, tiles, out]
	dv      []float32 // as v
	strip   []float32 // [6, width, c]: lines of the image, padded
	half    []float32 // the same after the vertical transform
	out     []float32 // [4, 4*tx, out]
	du      []float32 // [36, c, out]
	kernels []float32 // [6, 3, c, out] or [6, 3, c, out]: between the two transforms of the weights
}

const (
	tile    = 4 // outputs of a tile, in each direction
	window6 = 6 // its inputs
	places  = window6 * window6
	// winogradBytes is about how much V and M may take at a time.
	winogradBytes = 2 << 20
	// winogradTiles is how many tiles share a read of U at least.
	winogradTiles = 64
)

// winogradPays reports whether the transforms cost less than they save.
func winogradPays(k *conv) bool {
	tiles := k.batch * ((k.oh + tile - 1) / tile) * ((k.ow + tile - 1) / tile)
	return k.Kernel == 3 && k.Stride == 1 && k.Padding <= 2 && k.c >= 16 && k.Channels >= 16 && tiles >= 24 && k.oh >= 3 && k.ow >= 3
}

func newWinograd(k *conv) *winograd {
	g := &winograd{conv: k, ty: (k.oh + tile - 1) / tile, tx: (k.ow + tile - 1) / tile}
	g.width = tile*g.tx + 2
	lines := max(winogradBytes/(4*places*(k.c+k.Channels)), winogradTiles) / g.tx
	g.lines = min(max(lines, 1), k.batch*g.ty)
	g.u = make([]float32, places*k.c*k.Channels)
	s := &k.work.wino
	tiles := g.lines * g.tx
	grow(&s.v, places*tiles*k.c)
	grow(&s.m, places*tiles*k.Channels)
	grow(&s.strip, window6*g.width*max(k.c, k.Channels))
	grow(&s.half, window6*g.width*max(k.c, k.Channels))
	grow(&s.out, tile*tile*g.tx*k.Channels)
	grow(&s.kernels, window6*3*k.c*k.Channels)
	if k.dx != nil {
		grow(&s.dv, places*tiles*k.c)
	}
	if k.weight.Trained() {
		grow(&s.du, places*k.c*k.Channels)
	}
	return g
}

// kernels transforms the weights.
func (k *winograd) kernels() {
	n, half := k.c*k.Channels, k.work.wino.kernels
	simd.KernelLines(half, 3*n, k.weight.Data, 3*n, 3*n)
	for i := range window6 {
		simd.KernelLines(k.u[i*window6*n:], n, half[i*3*n:], n, n)
	}
}

// each calls f with stretches of lines of tiles.
func (k *winograd) each(f func(line, lines int)) {
	total := k.batch * k.ty
	for line := 0; line < total; line += k.lines {
		f(line, min(k.lines, total-line))
	}
}

// inputs fills v from the image.
func (k *winograd) inputs(x []float32, line, lines int) {
	s := &k.work.wino
	row, stride := k.width*k.c, lines*k.tx*k.c
	used := min(k.w, k.width-k.Padding) * k.c
	for l := range lines {
		image, y0 := (line+l)/k.ty, (line+l)%k.ty*tile-k.Padding
		for i := range window6 {
			to := s.strip[i*row : (i+1)*row]
			y := y0 + i
			if y < 0 || y >= k.h {
				clear(to)
				continue
			}
			clear(to[:k.Padding*k.c])
			copy(to[k.Padding*k.c:], x[(image*k.h+y)*k.w*k.c:][:used])
			clear(to[k.Padding*k.c+used:])
		}
		simd.InputLines(s.half, row, s.strip, row, row)
		for t := range k.tx {
			for i := range window6 {
				simd.InputLines(s.v[i*window6*stride+(l*k.tx+t)*k.c:], stride, s.half[i*row+t*tile*k.c:], k.c, k.c)
			}
		}
	}
}

func (k *winograd) forward(x []float32) {
	k.kernels()
	s := &k.work.wino
	k.each(func(line, lines int) {
		k.inputs(x, line, lines)
		tiles := lines * k.tx
		for p := range places {
			gemm.Mul(false, false, tiles, k.Channels, k.c, s.v[p*tiles*k.c:], k.c, k.u[p*k.c*k.Channels:], k.Channels,
				0, s.m[p*tiles*k.Channels:], k.Channels)
		}
		k.outputs(line, lines)
	})
}

// outputs turns m into lines of the output.
func (k *winograd) outputs(line, lines int) {
	s, o := &k.work.wino, k.Channels
	row, stride := tile*k.tx*o, lines*k.tx*o
	for l := range lines {
		for t := range k.tx {
			for i := range window6 {
				simd.OutputLines(s.half[i*row+t*tile*o:], o, s.m[i*window6*stride+(l*k.tx+t)*o:], stride, o)
			}
		}
		image, y0 := (line+l)/k.ty, (line+l)%k.ty*tile
		simd.OutputLines(s.out, row, s.half, row, row)
		for i := range min(tile, k.oh-y0) {
			to := k.out[(image*k.oh+y0+i)*k.ow*o:][:k.ow*o]
			copy(to, s.out[i*row:])
			switch e := k.epilogue(); {
			case e.Bias != nil && e.ReLU:
				simd.AddRowReLU(to, e.Bias)
			case e.Bias != nil:
				simd.AddRow(to, e.Bias)
			case e.ReLU:
				simd.ReLU(to)
			}
		}
	}
}

func (k *winograd) backward(x, dy []float32) {
	s, o := &k.work.wino, k.Channels
	clear(k.dx)
	beta := float32(0)
	k.each(func(line, lines int) {
		tiles := lines * k.tx
		k.outputsAdjoint(dy, line, lines)
		if k.weight.Trained() {
			k.inputs(x, line, lines)
			for p := range places {
				gemm.Mul(true, false, k.c, o, tiles, s.v[p*tiles*k.c:], k.c, s.m[p*tiles*o:], o, beta, s.du[p*k.c*o:], o)
			}
			beta = 1
		}
		if k.dx == nil {
			return
		}
		for p := range places {
			gemm.Mul(false, true, tiles, k.c, o, s.m[p*tiles*o:], o, k.u[p*k.c*o:], o, 0, s.dv[p*tiles*k.c:], k.c)
		}
		k.inputsAdjoint(line, lines)
	})
	if k.weight.Trained() {
		n, half := k.c*o, s.kernels
		for i := range window6 {
			simd.KernelAdjointLines(half[i*3*n:], n, s.du[i*window6*n:], n, n)
		}
		simd.KernelAdjointLines(k.weight.Grad, 3*n, half, 3*n, 3*n)
	}
}

// outputsAdjoint fills m with the gradient of the products.
func (k *winograd) outputsAdjoint(dy []float32, line, lines int) {
	s, o := &k.work.wino, k.Channels
	row, stride := tile*k.tx*o, lines*k.tx*o
	for l := range lines {
		image, y0 := (line+l)/k.ty, (line+l)%k.ty*tile
		for i := range tile {
			to := s.out[i*row : (i+1)*row]
			if y0+i >= k.oh {
				clear(to)
				continue
			}
			copy(to, dy[(image*k.oh+y0+i)*k.ow*o:][:k.ow*o])
			clear(to[k.ow*o:])
		}
		simd.OutputAdjointLines(s.half, row, s.out, row, row)
		for t := range k.tx {
			for i := range window6 {
				simd.OutputAdjointLines(s.m[i*window6*stride+(l*k.tx+t)*o:], stride, s.half[i*row+t*tile*o:], o, o)
			}
		}
	}
}

// inputsAdjoint adds dv to the gradient of the input.
func (k *winograd) inputsAdjoint(line, lines int) {
	s := &k.work.wino
	row, stride := k.width*k.c, lines*k.tx*k.c
	used := min(k.w, k.width-k.Padding) * k.c
	for l := range lines {
		clear(s.half[:window6*row])
		for t := range k.tx {
			for i := range window6 {
				simd.InputAdjointLines(s.half[i*row+t*tile*k.c:], k.c, s.dv[i*window6*stride+(l*k.tx+t)*k.c:], stride, k.c)
			}
		}
		clear(s.strip[:window6*row])
		simd.InputAdjointLines(s.strip, row, s.half, row, row)
		image, y0 := (line+l)/k.ty, (line+l)%k.ty*tile-k.Padding
		for i := range window6 {
			if y := y0 + i; y >= 0 && y < k.h {
				simd.Add(k.dx[(image*k.h+y)*k.w*k.c:][:used], s.strip[i*row+k.Padding*k.c:][:used])
			}
		}
	}
}
