package main

import (
	"maps"
	"math"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// tradeoffs are the problems of several losses: of Zitzler, Deb and Thiele 2000
// ("Comparison of Multiobjective Evolutionary Algorithms") the first three in 30
// dimensions, of Deb, Thiele, Laumanns and Zitzler 2005 ("Scalable Test Problems") the
// second with three losses in 12, and one of our own with conditional parameters.
// References and volumes of theirs are BoTorch's (Balandat et al. 2020, its
// test_functions/multi_objective.py).
func tradeoffs() []problem {
	zdt := func(name string, volume float64, second func(f, g float64) float64) problem {
		p := vectors(name, 30, 0, 1, func(x []float64) []float64 {
			g := 1 + 9*mean(x[1:])
			return []float64{x[0], g * second(x[0], g)}
		})
		p.reference, p.volume = []float64{11, 11}, volume
		return p
	}
	return []problem{
		zdt("zdt1", 120+2.0/3, func(f, g float64) float64 { return 1 - math.Sqrt(f/g) }),
		zdt("zdt2", 120+1.0/3, func(f, g float64) float64 { return 1 - sq(f/g) }),
		zdt("zdt3", 128.77811613069076, func(f, g float64) float64 { return 1 - math.Sqrt(f/g) - f/g*math.Sin(10*math.Pi*f) }),
		dtlz2(), compression(),
	}
}

func dtlz2() problem {
	p := vectors("dtlz2", 12, 0, 1, func(x []float64) []float64 {
		g := 1 + sum(x[2:], func(_ int, v float64) float64 { return sq(v - 0.5) })
		a, b := x[0]*math.Pi/2, x[1]*math.Pi/2
		return []float64{g * math.Cos(a) * math.Cos(b), g * math.Cos(a) * math.Sin(b), g * math.Sin(a)}
	})
	p.reference, p.volume = []float64{1.1, 1.1, 1.1}, 1.1*1.1*1.1-math.Pi/6
	return p
}

// compression makes a network smaller in one of three ways, each with parameters of
// its own: error against the logarithm of the size. Each way is the best of them
// somewhere.
func compression() problem {
	only := func(way string) *condition { return &condition{Name: "method", In: []any{way}} }
	p := problem{name: "compression", reference: []float64{1, 0}, dims: []dim{
		{Name: "method", Kind: "choice", Choices: []any{"prune", "quantise", "distil"}},
		{Name: "rate", Kind: "log", Lo: 1e-5, Hi: 1},
		{Name: "sparsity", Kind: "float", Lo: 0, Hi: 0.99, When: only("prune")},
		{Name: "schedule", Kind: "choice", Choices: []any{"oneshot", "gradual"}, When: only("prune")},
		{Name: "bits", Kind: "int", Lo: 2, Hi: 16, When: only("quantise")},
		{Name: "calibration", Kind: "log", Lo: 1e-4, Hi: 1, When: only("quantise")},
		{Name: "depth", Kind: "int", Lo: 1, Hi: 12, When: only("distil")},
		{Name: "width", Kind: "logint", Lo: 16, Hi: 1024, When: only("distil")},
		{Name: "temperature", Kind: "float", Lo: 1, Hi: 20, When: only("distil")},
	}}
	p.f = func(at sweep.Params) []float64 {
		loss := 0.05 * sq(math.Log10(number(at, "rate"))+3)
		switch text(at, "method") {
		case "prune":
			sparsity := number(at, "sparsity")
			if text(at, "schedule") == "oneshot" {
				loss += 0.1 * sparsity
			}
			return []float64{loss + 0.05 + 0.35*math.Pow(sparsity, 6), math.Log10(1 - sparsity)}
		case "quantise":
			bits := number(at, "bits")
			loss += 0.02 * sq(math.Log10(number(at, "calibration"))+1.5)
			return []float64{loss + 0.06 + 1.2*math.Exp2(-bits), math.Log10(bits / 32)}
		}
		depth, width := number(at, "depth"), number(at, "width")
		loss += 0.002 * sq(number(at, "temperature")-4)
		return []float64{loss + 0.09 + 0.25*(1-math.Log2(width)/10) + 0.1/depth, math.Log10(depth / 12 * sq(width/1024))}
	}
	p.volume = sweep.Hypervolume(front(compressed(p.f, 100_000)), p.reference)
	return p
}

// compressed is the losses of compression where all that does not trade one for the
// other is at its best, at so many sparsities.
func compressed(f func(sweep.Params) []float64, sparsities int) [][]float64 {
	var rows [][]float64
	try := func(way string, more sweep.Params) {
		at := sweep.Params{
			"method": sweep.String(way), "rate": sweep.Float(1e-3), "schedule": sweep.String("gradual"),
			"calibration": sweep.Float(math.Pow(10, -1.5)), "temperature": sweep.Float(4),
		}
		maps.Copy(at, more)
		rows = append(rows, f(at))
	}
	for i := range sparsities {
		try("prune", sweep.Params{"sparsity": sweep.Float(0.99 * float64(i) / float64(sparsities-1))})
	}
	for bits := range int64(15) {
		try("quantise", sweep.Params{"bits": sweep.Int(bits + 2)})
	}
	for depth := range int64(12) {
		for width := range int64(1024 - 15) {
			try("distil", sweep.Params{"depth": sweep.Int(depth + 1), "width": sweep.Int(width + 16)})
		}
	}
	return rows
}
