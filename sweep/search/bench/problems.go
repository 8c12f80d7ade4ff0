package main

import (
	"fmt"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// problem is a function to be made small, or several at a time.
type problem struct {
	name    string
	dims    []dim
	f       func(at sweep.Params) []float64
	optimum float64 // of a single loss

	// Of several: where the hypervolume is measured from, and that of the true front.
	reference []float64
	volume    float64
}

// one is a loss as those of a problem.
func one(f func(at sweep.Params) float64) func(at sweep.Params) []float64 {
	return func(at sweep.Params) []float64 { return []float64{f(at)} }
}

// objectives are the losses to be made small.
func (p problem) objectives() []sweep.Objective {
	var out []sweep.Objective
	for i := range max(len(p.reference), 1) {
		out = append(out, sweep.Objective{Name: fmt.Sprintf("loss%d", i), Goal: sweep.Minimize})
	}
	return out
}

// course is the best loss after each evaluation; of several losses, how much of the
// true front's hypervolume lacks after the last, as a share.
func (p problem) course(losses [][]float64) []float64 {
	if p.reference != nil {
		return []float64{1 - sweep.Hypervolume(front(losses), p.reference)/p.volume}
	}
	best, least := make([]float64, len(losses)), math.Inf(1)
	for i, l := range losses {
		least = min(least, l[0])
		best[i] = least
	}
	return best
}

// front is the rows that no other dominates.
func front(rows [][]float64) [][]float64 {
	var out [][]float64
	for i, f := range sweep.FirstFronts(rows, 1) {
		if f == 0 {
			out = append(out, rows[i])
		}
	}
	return out
}

// dim is a parameter, in words that both sides read.
type dim struct {
	Name    string     `json:"name"`
	Kind    string     `json:"kind"` // float, log, int, logint or choice
	Lo      float64    `json:"lo"`
	Hi      float64    `json:"hi"`
	Step    float64    `json:"step"` // of a float; 0: none
	Choices []any      `json:"choices,omitempty"`
	When    *condition `json:"when,omitempty"`
}

// condition is what another parameter has to be for one to exist.
type condition struct {
	Name string `json:"name"`
	In   []any  `json:"in"`
}

// space is the dims as a sweep file would have them.
func (p problem) space() sweep.Space {
	var s sweep.Space
	for _, d := range p.dims {
		domain := d.domain()
		axis := sweep.Axis{Names: []string{d.Name}, Domain: func(at sweep.Params) (sweep.Domain, error) {
			if d.When != nil && !d.When.holds(at) {
				return sweep.Domain{}, nil
			}
			return domain, nil
		}}
		if d.When != nil {
			axis.Needs = []string{d.When.Name}
		}
		s.Axes = append(s.Axes, axis)
	}
	return s
}

func (c condition) holds(at sweep.Params) bool {
	for _, v := range c.In {
		if value(v).Equal(at[c.Name]) {
			return true
		}
	}
	return false
}

func value(v any) sweep.Value {
	switch x := v.(type) {
	case string:
		return sweep.String(x)
	case int:
		return sweep.Int(int64(x))
	case float64:
		return sweep.Float(x)
	}
	panic(fmt.Sprintf("bench: a choice of type %T", v))
}

func (d dim) domain() sweep.Domain {
	out := sweep.Domain{Lo: d.Lo, Hi: d.Hi, Step: d.Step}
	switch d.Kind {
	case "float":
		out.Shape = sweep.Uniform
	case "log":
		out.Shape = sweep.LogUniform
	case "int":
		out.Shape = sweep.IntUniform
	case "logint":
		out.Shape = sweep.LogInt
	case "choice":
		out.Shape = sweep.Choice
		for _, c := range d.Choices {
			out.Choices = append(out.Choices, value(c))
		}
	default:
		panic("bench: a parameter of kind " + d.Kind)
	}
	return out
}

// problems are the functions, after the BBOB suite (Hansen et al. 2009), Dixon and
// Szegö (1978), and some of our own for what these lack.
func problems() []problem {
	var out []problem
	for _, n := range []int{5, 20} {
		out = append(out,
			vector(fmt.Sprintf("sphere-%d", n), n, -5, 5, func(x []float64) float64 { return sum(x, func(_ int, v float64) float64 { return sq(v - 1.3) }) }),
			vector(fmt.Sprintf("rosenbrock-%d", n), n, -2, 2, rosenbrock),
			vector(fmt.Sprintf("rastrigin-%d", n), n, -5, 5, func(x []float64) float64 {
				return sum(x, func(_ int, v float64) float64 { return 10 + sq(v-1.3) - 10*math.Cos(2*math.Pi*(v-1.3)) })
			}),
			vector(fmt.Sprintf("ackley-%d", n), n, -20, 30, ackley))
	}
	out = append(out, branin(), vector("hartmann-6", 6, 0, 1, hartmann))
	out[len(out)-1].optimum = -3.32236801141551
	return append(out, mixed(), conditional(), network())
}

func sq(v float64) float64 { return v * v }

func sum(x []float64, f func(i int, v float64) float64) float64 {
	s := 0.0
	for i, v := range x {
		s += f(i, v)
	}
	return s
}

func vector(name string, n int, lo, hi float64, f func(x []float64) float64) problem {
	return vectors(name, n, lo, hi, func(x []float64) []float64 { return []float64{f(x)} })
}

func vectors(name string, n int, lo, hi float64, f func(x []float64) []float64) problem {
	p := problem{name: name}
	for i := range n {
		p.dims = append(p.dims, dim{Name: fmt.Sprintf("x%d", i), Kind: "float", Lo: lo, Hi: hi})
	}
	p.f = func(at sweep.Params) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = number(at, p.dims[i].Name)
		}
		return f(x)
	}
	return p
}

func number(at sweep.Params, name string) float64 {
	f, _ := at[name].AsFloat()
	return f
}

func text(at sweep.Params, name string) string {
	s, _ := at[name].AsString()
	return s
}

func rosenbrock(x []float64) float64 {
	return sum(x[1:], func(i int, v float64) float64 { return 100*sq(v-sq(x[i])) + sq(1-x[i]) })
}

func ackley(x []float64) float64 {
	n := float64(len(x))
	return 20 + math.E - 20*math.Exp(-0.2*math.Sqrt(sum(x, func(_ int, v float64) float64 { return v * v })/n)) -
		math.Exp(sum(x, func(_ int, v float64) float64 { return math.Cos(2 * math.Pi * v) })/n)
}

func branin() problem {
	p := problem{name: "branin", optimum: 0.397887357729739, dims: []dim{
		{Name: "x", Kind: "float", Lo: -5, Hi: 10}, {Name: "y", Kind: "float", Lo: 0, Hi: 15},
	}}
	p.f = one(func(at sweep.Params) float64 {
		x, y := number(at, "x"), number(at, "y")
		return sq(y-5.1/(4*sq(math.Pi))*x*x+5/math.Pi*x-6) + 10*(1-1/(8*math.Pi))*math.Cos(x) + 10
	})
	return p
}

func hartmann(x []float64) float64 {
	alpha := []float64{1, 1.2, 3, 3.2}
	a := [][]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
	c := [][]float64{{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991}, {2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381}}
	return -sum(alpha, func(i int, w float64) float64 {
		return w * math.Exp(-sum(x, func(j int, v float64) float64 { return a[i][j] * sq(v-c[i][j]*1e-4) }))
	})
}

// mixed is a bowl over numbers of every kind, deeper or flatter by two choices.
func mixed() problem {
	return problem{name: "mixed", dims: []dim{
		{Name: "rate", Kind: "log", Lo: 1e-5, Hi: 1},
		{Name: "width", Kind: "logint", Lo: 8, Hi: 1024},
		{Name: "depth", Kind: "int", Lo: 1, Hi: 8},
		{Name: "dropout", Kind: "float", Lo: 0, Hi: 0.8, Step: 0.1},
		{Name: "momentum", Kind: "float", Lo: 0, Hi: 1},
		{Name: "activation", Kind: "choice", Choices: []any{"relu", "tanh", "gelu", "silu"}},
		{Name: "batch", Kind: "choice", Choices: []any{16, 32, 64, 128, 256}},
	}, f: one(func(at sweep.Params) float64 {
		batch := math.Log2(number(at, "batch"))
		act := map[string]float64{"relu": 0.3, "tanh": 1, "gelu": 0, "silu": 0.1}[text(at, "activation")]
		// The best rate grows with the batch, as it does in training.
		return sq(math.Log10(number(at, "rate"))+3.5-0.3*(batch-6)) + 0.5*sq(math.Log2(number(at, "width"))-8.2-0.3*act) +
			0.1*sq(number(at, "depth")-5) + 4*sq(number(at, "dropout")-0.3) + 2*sq(number(at, "momentum")-0.9) + act + 0.1*math.Abs(batch-6)
	})}
}

// conditional has parameters that two of three optimizers have for themselves.
func conditional() problem {
	only := func(names ...any) *condition { return &condition{Name: "optimizer", In: names} }
	return problem{name: "conditional", dims: []dim{
		{Name: "optimizer", Kind: "choice", Choices: []any{"sgd", "adam", "rmsprop"}},
		{Name: "rate", Kind: "log", Lo: 1e-5, Hi: 1},
		{Name: "momentum", Kind: "float", Lo: 0, Hi: 1, When: only("sgd", "rmsprop")},
		{Name: "nesterov", Kind: "choice", Choices: []any{"no", "yes"}, When: only("sgd")},
		{Name: "beta1", Kind: "float", Lo: 0.5, Hi: 1, When: only("adam")},
		{Name: "beta2", Kind: "log", Lo: 1e-4, Hi: 1e-1, When: only("adam")},
		{Name: "alpha", Kind: "float", Lo: 0.5, Hi: 1, When: only("rmsprop")},
		{Name: "decay", Kind: "log", Lo: 1e-6, Hi: 1e-1},
	}, f: one(func(at sweep.Params) float64 {
		rate, decay := math.Log10(number(at, "rate")), sq(math.Log10(number(at, "decay"))+4)
		switch text(at, "optimizer") {
		case "sgd":
			loss := sq(rate+1.2) + 8*sq(number(at, "momentum")-0.9) + 0.2*decay
			if text(at, "nesterov") == "no" {
				loss += 0.2
			}
			return loss
		case "adam":
			return 0.3 + sq(rate+3) + 10*sq(number(at, "beta1")-0.85) + 0.3*sq(math.Log10(number(at, "beta2"))+3) + 0.1*decay
		}
		return 0.6 + sq(rate+3.3) + 4*sq(number(at, "alpha")-0.95) + sq(number(at, "momentum")-0.5) + 0.2*decay
	})}
}

// network is a layered net: how many layers there are decides which widths exist.
func network() problem {
	p := problem{name: "layers", dims: []dim{{Name: "layers", Kind: "int", Lo: 1, Hi: 4}}}
	for i := range 4 {
		in := []any{}
		for n := i + 1; n <= 4; n++ {
			in = append(in, n)
		}
		p.dims = append(p.dims, dim{Name: fmt.Sprintf("width%d", i+1), Kind: "logint", Lo: 4, Hi: 512, When: &condition{"layers", in}})
	}
	p.f = one(func(at sweep.Params) float64 {
		layers := int(number(at, "layers"))
		loss := 0.3 * sq(float64(layers)-3)
		for i := range layers {
			loss += 0.3 * sq(math.Log2(number(at, fmt.Sprintf("width%d", i+1)))-7+float64(i))
		}
		return loss
	})
	return p
}
