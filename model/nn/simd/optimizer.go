package simd

// SGDStep holds the coefficients of one step of gradient descent with
// momentum.
type SGDStep struct {
	Rate     float32
	Momentum float32
	Decay    float32
	Nesterov bool
}

// Apply moves the weights w against the gradients g, which stay, and updates
// the velocities v. Without momentum v is left alone and may be nil.
func (s SGDStep) Apply(w, g, v []float32) {
	need("g", len(g), len(w))
	if s.Momentum == 0 {
		if vector {
			sgdAVX(w, g, s.Rate, s.Decay)
			return
		}
		sgdGo(w, g, s.Rate, s.Decay)
		return
	}
	need("v", len(v), len(w))
	switch {
	case vector && s.Nesterov:
		nesterovAVX(w, g, v, s.Rate, s.Momentum, s.Decay)
	case vector:
		momentumAVX(w, g, v, s.Rate, s.Momentum, s.Decay)
	case s.Nesterov:
		nesterovGo(w, g, v, s.Rate, s.Momentum, s.Decay)
	default:
		momentumGo(w, g, v, s.Rate, s.Momentum, s.Decay)
	}
}

// AdamStep holds the coefficients of one step of Adam or AdamW. Decay is added
// to the gradient, Shrink multiplies the weight, and Rate and Scale carry the
// bias corrections of the two moments.
type AdamStep struct {
	Beta1, Beta2  float32
	Decay, Shrink float32
	Rate, Scale   float32
	Epsilon       float32
}

// Apply moves the weights w against the gradients g, which stay, and updates
// the first moments m and the second moments v.
func (s AdamStep) Apply(w, g, m, v []float32) {
	need("g", len(g), len(w))
	need("m", len(m), len(w))
	need("v", len(v), len(w))
	if vector {
		adamAVX(w, g, m, v, s.Beta1, 1-s.Beta1, s.Beta2, 1-s.Beta2, s.Decay, s.Shrink, s.Rate, s.Scale, s.Epsilon)
		return
	}
	adamGo(w, g, m, v, s.Beta1, 1-s.Beta1, s.Beta2, 1-s.Beta2, s.Decay, s.Shrink, s.Rate, s.Scale, s.Epsilon)
}

// RMSPropStep holds the coefficients of one step of RMSProp with momentum.
type RMSPropStep struct {
	Alpha    float32
	Epsilon  float32
	Momentum float32
	Rate     float32
	Decay    float32
}

// Apply moves the weights w against the gradients g, which stay, and updates
// the velocities and the running squares.
func (s RMSPropStep) Apply(w, g, velocity, square []float32) {
	need("g", len(g), len(w))
	need("velocity", len(velocity), len(w))
	need("square", len(square), len(w))
	if vector {
		rmsPropAVX(w, g, velocity, square, s.Alpha, 1-s.Alpha, s.Epsilon, s.Momentum, s.Rate, s.Decay)
		return
	}
	rmsPropGo(w, g, velocity, square, s.Alpha, 1-s.Alpha, s.Epsilon, s.Momentum, s.Rate, s.Decay)
}
