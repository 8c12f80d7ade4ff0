package nn

// Param is a named tensor of a network: a trained parameter with its gradient,
// or one that is not trained (a running statistic, a frozen weight), without.
// Data and Grad are in the order in which the layer computes, which is not that
// of Shape: Values, SetValues and Gradients translate.
type Param struct {
	Name  string // PART.weight, .bias, .running_mean, .running_var
	Shape []int  // dense weights [out, in], convolutions [out, in, height, width]
	Data  []float32
	Grad  []float32 // nil where it is not trained

	order []int // axes of Shape as Data has them, slowest first; nil: as they are
}

// Trained reports whether p is learned by gradient.
func (p *Param) Trained() bool { return p.Grad != nil }

// storedShape is Shape in the order of Data.
func (p *Param) storedShape() []int {
	if p.order == nil {
		return p.Shape
	}
	out := make([]int, len(p.order))
	for i, axis := range p.order {
		out[i] = p.Shape[axis]
	}
	return out
}

// Values is a copy of Data in the order of Shape, row-major.
func (p *Param) Values() []float32 { return p.translate(p.Data) }

// Gradients is a copy of Grad in the order of Shape, row-major.
func (p *Param) Gradients() []float32 { return p.translate(p.Grad) }

// SetValues sets Data from values in the order of Shape, as many as it has.
func (p *Param) SetValues(values []float32) {
	p.visit(func(stored, shaped int) { p.Data[stored] = values[shaped] })
}

func (p *Param) translate(data []float32) []float32 {
	out := make([]float32, len(data))
	p.visit(func(stored, shaped int) { out[shaped] = data[stored] })
	return out
}

// visit calls f with every element's place in Data and in the order of Shape.
func (p *Param) visit(f func(stored, shaped int)) {
	if p.order == nil {
		for i := range p.Data {
			f(i, i)
		}
		return
	}
	strides := make([]int, len(p.Shape))
	for axis, step := len(p.Shape)-1, 1; axis >= 0; axis-- {
		strides[axis] = step
		step *= p.Shape[axis]
	}
	stored := 0
	var walk func(depth, shaped int)
	walk = func(depth, shaped int) {
		if depth == len(p.order) {
			f(stored, shaped)
			stored++
			return
		}
		axis := p.order[depth]
		for i := range p.Shape[axis] {
			walk(depth+1, shaped+i*strides[axis])
		}
	}
	walk(0, 0)
}
