package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/inflame-deeplearning/sweep/results"
)

// maxAxes is how many parameters fit beside each other.
const maxAxes = 12

// axis places values from 0, below, to 1.
type axis struct {
	name  string
	ticks []plot.Tick
	place func(results.Row) float64
}

// fewValues of a number, each tried more than once, have places as choices have.
const fewValues = 8

// below is where a variant is that does not have the parameter.
const below = -0.12

// parallelCoordinates shows variants as lines across their parameters to the objective.
func parallelCoordinates(in Input) (*figure, error) {
	o := in.Run.Objectives[0]
	var rows []results.Row
	for _, row := range in.Board {
		if finite(row.Mean) && len(rows) < maxLines {
			rows = append(rows, row)
		}
	}
	if len(rows) < 2 || len(in.Run.Params) == 0 {
		return nil, nil
	}
	var axes []axis
	dropped := 0
	for _, name := range in.Run.Params {
		a, varies := paramAxis(name, rows)
		switch {
		case !varies:
		case len(axes) == maxAxes:
			dropped++
		default:
			axes = append(axes, a)
		}
	}
	if len(axes) == 0 {
		return nil, nil
	}
	means := make([]float64, len(rows))
	for i, row := range rows {
		means[i] = row.Mean
	}
	low, high := slices.Min(means), slices.Max(means)
	axes = append(axes, axis{o.Name, numbers(low, high, false), func(r results.Row) float64 { return between(r.Mean, low, high) }})

	p := newPlot("", "")
	p.HideY()
	p.X.Width = 0
	p.X.Tick.Length = 0
	var titles []plot.Tick
	absent := false
	for i, row := range slices.Backward(rows) { // the best on top
		shade := i * shades / len(rows)
		style := draw.LineStyle{Color: role(uint8(ramp + shade)), Width: 0.8}
		if i == 0 {
			style.Width = 3
			style.Color = accent
		}
		xy := make(plotter.XYs, len(axes))
		for k, a := range axes {
			xy[k] = plotter.XY{X: float64(k), Y: a.place(row)}
			absent = absent || xy[k].Y == below
		}
		p.Add(&plotter.Line{XYs: xy, LineStyle: style})
	}
	for k, a := range axes {
		titles = append(titles, plot.Tick{Value: float64(k), Label: label(a.name)})
		bottom := 0.0
		if absent {
			bottom = below
		}
		p.Add(&plotter.Line{XYs: plotter.XYs{{X: float64(k), Y: bottom}, {X: float64(k), Y: 1}}, LineStyle: draw.LineStyle{Color: ink, Width: 1}})
		if err := tickLabels(p, float64(k), a.ticks); err != nil {
			return nil, err
		}
	}
	if absent {
		if err := tickLabels(p, 0, []plot.Tick{{Value: below, Label: "not there"}}); err != nil {
			return nil, err
		}
	}
	p.X.Tick.Marker = plot.ConstantTicks(titles)
	p.X.Min, p.X.Max = -0.25, float64(len(axes)-1)+0.5
	p.Y.Min, p.Y.Max = below-0.03, 1.03
	if !absent {
		p.Y.Min = -0.03
	}
	caption := fmt.Sprintf("A line is a variant, from its parameters to %s; the better, the darker, and the best is the thick one.", o.Name)
	if in.Variants > len(rows) {
		caption += fmt.Sprintf(" The best %d of %d are drawn.", len(rows), in.Variants)
	}
	if dropped > 0 {
		caption += fmt.Sprintf(" %d more parameters do not fit.", dropped)
	}
	return draws(p, tall+vg.Length(60), "parallel", "Parallel coordinates", caption,
		fmt.Sprintf("%d variants across %d parameters and %s.", len(rows), len(axes)-1, o.Name))
}

// tickLabels writes an axis's values beside it.
func tickLabels(p *plot.Plot, x float64, ticks []plot.Tick) error {
	var xy plotter.XYLabels
	for _, t := range ticks {
		xy.XYs = append(xy.XYs, plotter.XY{X: x, Y: t.Value})
		xy.Labels = append(xy.Labels, label(t.Label))
	}
	labels, err := plotter.NewLabels(xy)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font, labels.TextStyle[i].Color = sans, ink
		labels.TextStyle[i].YAlign = draw.YCenter
	}
	labels.Offset.X = 5
	p.Add(labels)
	return nil
}

// paramAxis is a parameter's axis: of numbers, on the scale that spreads them, or of
// choices. It is false where all rows have the same value.
func paramAxis(name string, rows []results.Row) (axis, bool) {
	var values []float64
	var choices []string
	numeric, missing := true, false
	for _, row := range rows {
		v, ok := row.Trial.Params[name]
		if !ok {
			missing = true
			continue
		}
		f, isNumber := v.AsFloat()
		numeric = numeric && isNumber && finite(f)
		values = append(values, f)
		if !slices.Contains(choices, v.String()) {
			choices = append(choices, v.String())
		}
	}
	varies := len(choices) > 1 || missing && len(choices) == 1
	if numeric && (len(choices) > fewValues || 2*len(choices) > len(values)) && len(choices) > 1 {
		slices.Sort(values)
		low, high, middle := values[0], values[len(values)-1], values[len(values)/2]
		// Values that were drawn on a logarithmic scale have their middle near the geometric mean.
		logarithmic := low > 0 && high/low >= 20 && middle < math.Sqrt(math.Sqrt(low)*math.Sqrt(high)*(low+high)/2)
		return axis{name, numbers(low, high, logarithmic), func(r results.Row) float64 {
			f, ok := r.Trial.Params[name].AsFloat()
			switch {
			case !ok:
				return below
			case logarithmic:
				return between(math.Log(f), math.Log(low), math.Log(high))
			}
			return between(f, low, high)
		}}, varies
	}
	slices.SortFunc(choices, func(a, b string) int {
		if !numeric {
			return strings.Compare(a, b)
		}
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	})
	places := map[string]float64{}
	a := axis{name: name}
	for i, c := range choices {
		places[c] = between(float64(i), 0, math.Max(float64(len(choices)-1), 1))
		if len(choices) <= 12 || i%((len(choices)+11)/12) == 0 {
			a.ticks = append(a.ticks, plot.Tick{Value: places[c], Label: c})
		}
	}
	a.place = func(r results.Row) float64 {
		v, ok := r.Trial.Params[name]
		if !ok {
			return below
		}
		return places[v.String()]
	}
	return a, varies
}

func between(v, low, high float64) float64 {
	if low == high {
		return 0.5
	}
	return (v - low) / (high - low)
}

// numbers are the ticks of an axis: both ends, and round ones between.
func numbers(low, high float64, logarithmic bool) []plot.Tick {
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	ends := []plot.Tick{{Value: 0, Label: text(low)}, {Value: 1, Label: text(high)}}
	if low == high {
		return []plot.Tick{{Value: 0.5, Label: text(low)}}
	}
	var marks []plot.Tick
	if logarithmic {
		for e := math.Ceil(math.Log10(low)); e <= math.Log10(high); e++ {
			v := math.Pow(10, e)
			marks = append(marks, plot.Tick{Value: between(math.Log(v), math.Log(low), math.Log(high)), Label: text(v)})
		}
	} else {
		for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
			if t.Label != "" {
				marks = append(marks, plot.Tick{Value: between(t.Value, low, high), Label: text(t.Value)})
			}
		}
	}
	for _, t := range marks {
		if t.Value > 0.09 && t.Value < 0.91 {
			ends = append(ends, t)
		}
	}
	return ends
}
