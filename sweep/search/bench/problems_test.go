package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// The optima are those of the literature, at its points, and no draw is better.
func TestOptima(t *testing.T) {
	at := func(x ...float64) sweep.Params {
		p := sweep.Params{}
		for i, v := range x {
			p[vectors("", len(x), 0, 1, nil).dims[i].Name] = sweep.Float(v)
		}
		return p
	}
	best := map[string]sweep.Params{
		"sphere-5": at(1.3, 1.3, 1.3, 1.3, 1.3), "rosenbrock-5": at(1, 1, 1, 1, 1), "rastrigin-5": at(1.3, 1.3, 1.3, 1.3, 1.3), "ackley-5": at(0, 0, 0, 0, 0),
		"branin":     {"x": sweep.Float(math.Pi), "y": sweep.Float(2.275)},
		"hartmann-6": at(0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573),
		"mixed": {
			"rate": sweep.Float(math.Pow(10, -3.5)), "width": sweep.Int(294), "depth": sweep.Int(5), "dropout": sweep.Float(0.3),
			"momentum": sweep.Float(0.9), "activation": sweep.String("gelu"), "batch": sweep.Int(64),
		},
		"conditional": {
			"optimizer": sweep.String("sgd"), "rate": sweep.Float(math.Pow(10, -1.2)), "momentum": sweep.Float(0.9),
			"nesterov": sweep.String("yes"), "decay": sweep.Float(1e-4),
		},
		"layers": {"layers": sweep.Int(3), "width1": sweep.Int(128), "width2": sweep.Int(64), "width3": sweep.Int(32)},
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range problems() {
		if where, ok := best[p.name]; ok {
			if got := p.f(where)[0]; math.Abs(got-p.optimum) > 1e-4 {
				t.Errorf("%s: %g where it is least, want %g", p.name, got, p.optimum)
			}
			delete(best, p.name)
		}
		for range 1000 {
			x, err := p.space().Sample(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.f(x)[0]; got < p.optimum {
				t.Errorf("%s: %g at %v, better than the best", p.name, got, x)
			}
		}
	}
	if len(best) > 0 {
		t.Errorf("no problem of the names of %v", best)
	}
}

// The true fronts dominate the volume that is stated, and no draw lies beyond them.
func TestFronts(t *testing.T) {
	const points = 5000
	// Of the ZDT functions the first parameter moves along the front, where the others
	// are 0; of DTLZ2 the first two, where the others are in the middle.
	line := func(p problem) (rows [][]float64) {
		for i := range points + 1 {
			at := sweep.Params{}
			for k, d := range p.dims {
				at[d.Name] = sweep.Float(0)
				if k == 0 {
					at[d.Name] = sweep.Float(float64(i) / points)
				}
			}
			rows = append(rows, p.f(at))
		}
		return rows
	}
	sheet := func(p problem) (rows [][]float64) {
		const side = 60
		for i := range side * side {
			at := sweep.Params{}
			for _, d := range p.dims {
				at[d.Name] = sweep.Float(0.5)
			}
			at["x0"], at["x1"] = sweep.Float(float64(i%side)/(side-1)), sweep.Float(float64(i/side)/(side-1))
			rows = append(rows, p.f(at))
		}
		return rows
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range tradeoffs() {
		along, most := line, 1e-3
		switch p.name {
		case "dtlz2":
			along, most = sheet, 0.05
		case "compression":
			along = func(p problem) [][]float64 { return compressed(p.f, points) }
		}
		rows := front(along(p))
		if lacks := p.course(rows)[0]; lacks < -1e-9 || lacks > most {
			t.Errorf("%s: of its volume its front lacks %g", p.name, lacks)
		}
		for range 1000 {
			at, err := p.space().Sample(r)
			if err != nil {
				t.Fatal(err)
			}
			row := p.f(at)
			for _, best := range rows {
				if sweep.Dominates(row, best) {
					t.Fatalf("%s: %v at %v, beyond the front", p.name, row, at)
				}
			}
		}
	}
}
