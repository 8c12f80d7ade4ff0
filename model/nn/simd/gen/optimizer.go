package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func sqrt(a vec) vec {
	d := YMM()
	VSQRTPS(a, d)
	return d
}

func optimizerKernels() {
	flat("sgd", "(w, g []float32, rate, decay float32)", []string{"w", "g"}, []string{"w"}, 2, func() formula {
		rate, decay := scalar("rate"), scalar("decay")
		return func(in []vec) []vec {
			w, g := in[0], in[1]
			return []vec{subMul(w, rate, addMul(g, decay, w))}
		}
	})
	inputs, outputs := []string{"w", "g", "v"}, []string{"w", "v"}
	flat("momentum", "(w, g, v []float32, rate, momentum, decay float32)", inputs, outputs, 2, func() formula {
		rate, momentum, decay := scalar("rate"), scalar("momentum"), scalar("decay")
		return func(in []vec) []vec {
			w, g, v := in[0], in[1], in[2]
			v = mulAdd(v, momentum, addMul(g, decay, w))
			return []vec{subMul(w, rate, v), v}
		}
	})
	flat("nesterov", "(w, g, v []float32, rate, momentum, decay float32)", inputs, outputs, 2, func() formula {
		rate, momentum, decay := scalar("rate"), scalar("momentum"), scalar("decay")
		return func(in []vec) []vec {
			w, g, v := in[0], in[1], in[2]
			g = addMul(g, decay, w)
			v = mulAdd(v, momentum, g)
			return []vec{subMul(w, rate, addMul(g, momentum, v)), v}
		}
	})
	flat("adam", "(w, g, m, v []float32, beta1, rest1, beta2, rest2, decay, shrink, rate, scale, epsilon float32)",
		[]string{"w", "g", "m", "v"}, []string{"w", "m", "v"}, 1, func() formula {
			beta1, rest1, beta2, rest2 := scalar("beta1"), scalar("rest1"), scalar("beta2"), scalar("rest2")
			decay, shrink, rate := scalar("decay"), scalar("shrink"), scalar("rate")
			scale, epsilon := scalar("scale"), scalar("epsilon")
			return func(in []vec) []vec {
				w, g, m, v := in[0], in[1], in[2], in[3]
				g = addMul(g, decay, w)
				m = addMul(mul(m, beta1), rest1, g)
				v = addMul(mul(v, beta2), rest2, mul(g, g))
				step := div(mul(m, rate), mulAdd(sqrt(v), scale, epsilon))
				return []vec{sub(mul(w, shrink), step), m, v}
			}
		})
	flat("rmsProp", "(w, g, velocity, square []float32, alpha, rest, epsilon, momentum, rate, decay float32)",
		[]string{"w", "g", "velocity", "square"}, []string{"w", "velocity", "square"}, 1, func() formula {
			alpha, rest, epsilon := scalar("alpha"), scalar("rest"), scalar("epsilon")
			momentum, rate, decay := scalar("momentum"), scalar("rate"), scalar("decay")
			return func(in []vec) []vec {
				w, g, velocity, square := in[0], in[1], in[2], in[3]
				g = addMul(g, decay, w)
				square = addMul(mul(square, alpha), rest, mul(g, g))
				velocity = mulAdd(velocity, momentum, div(g, add(sqrt(square), epsilon)))
				return []vec{subMul(w, rate, velocity), velocity, square}
			}
		})
}
