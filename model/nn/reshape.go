package nn

// Flatten makes one row of an example, channel by channel.
type Flatten struct{}

func (Flatten) String() string { return "flatten" }

func (Flatten) build(b *build) (kernel, error) { return b.flatten(), nil }

func (b *build) flatten() kernel {
	k := &flatten{base: b.base([]int{size(b.in)}), batch: b.batch, channels: b.in[0]}
	k.plane = size(b.in) / k.channels
	return k
}

type flatten struct {
	base
	batch, channels, plane int
}

func (k *flatten) forward(x []float32) { transposeAll(k.out, x, k.batch, k.plane, k.channels) }
func (k *flatten) backward(_, dy []float32) {
	if k.dx != nil {
		transposeAll(k.dx, dy, k.batch, k.channels, k.plane)
	}
}

// channelsLast is the first kernel of a network for images: examples come
// channel by channel, the layers work pixel by pixel.
type channelsLast struct {
	base
	batch, channels, plane int
}

func (k *channelsLast) forward(x []float32)     { transposeAll(k.out, x, k.batch, k.channels, k.plane) }
func (k *channelsLast) backward(_, _ []float32) {}

// transposeAll transposes count matrices of rows x cols.
func transposeAll(dst, src []float32, count, rows, cols int) {
	n := rows * cols
	for i := range count {
		from, to := src[i*n:(i+1)*n], dst[i*n:(i+1)*n]
		if rows == 1 || cols == 1 {
			copy(to, from)
			continue
		}
		for y := range rows {
			for x, v := range from[y*cols : (y+1)*cols] {
				to[x*rows+y] = v
			}
		}
	}
}
