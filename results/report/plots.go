package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// bestSoFar shows every trial's value and the best up to then.
func bestSoFar(in Input) (*figure, error) {
	o := in.Run.Objectives[0]
	var values []float64
	for _, p := range in.Points {
		if finite(p.Value) {
			values = append(values, p.Value)
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	low, high := span(values, o)
	p := newPlot("trials that ended", o.Name)
	var dots, steps plotter.XYs
	outside, every := 0, (len(in.Points)+maxDots-1)/maxDots
	for i, pt := range in.Points {
		if !finite(pt.Value) {
			continue
		}
		x := float64(i + 1)
		if pt.Improved && pt.Best >= low && pt.Best <= high {
			if len(steps) > 0 {
				steps = append(steps, plotter.XY{X: x, Y: steps[len(steps)-1].Y})
			}
			steps = append(steps, plotter.XY{X: x, Y: pt.Best})
		}
		switch inside := pt.Value >= low && pt.Value <= high; {
		case !inside:
			outside++
		case i%every == 0 || pt.Improved:
			dots = append(dots, plotter.XY{X: x, Y: pt.Value})
		}
	}
	if len(steps) > 0 {
		steps = append(steps, plotter.XY{X: float64(len(in.Points)), Y: steps[len(steps)-1].Y})
	}
	scatter := &plotter.Scatter{XYs: dots, GlyphStyle: draw.GlyphStyle{Color: muted, Radius: 2, Shape: draw.CircleGlyph{}}}
	line := &plotter.Line{XYs: steps, LineStyle: draw.LineStyle{Color: accent, Width: 2.5}}
	p.Add(scatter, line)
	p.Y.Min, p.Y.Max = low, high
	p.X.Min, p.X.Max = 1, math.Max(float64(len(in.Points)), 2)
	caption := "A dot is a trial, the line the best value so far."
	if every > 1 {
		caption += fmt.Sprintf(" Every %s trial is drawn, and all that improved the best.", ordinal(every))
	}
	if outside > 0 {
		caption += fmt.Sprintf(" %d are too bad for the scale.", outside)
	}
	last := in.Points[len(in.Points)-1]
	return draws(p, tall, "best", "Best so far", caption, fmt.Sprintf("After %d trials the best %s is %s.", len(in.Points), o.Name, number(last.Best)))
}

func draws(p *plot.Plot, height vg.Length, id, title, caption, description string) (*figure, error) {
	svg, err := inline(p, height, id, title, description)
	return &figure{ID: id, Title: title, Caption: caption, SVG: svg}, err
}

func ordinal(n int) string {
	switch n {
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return strconv.Itoa(n) + "th"
}

// span is the range of an axis: of all values, but for those that are so bad that the
// others would lie on one line.
func span(values []float64, o sweep.Objective) (low, high float64) {
	losses := make([]float64, len(values))
	for i, v := range values {
		losses[i] = o.Loss(v)
	}
	slices.Sort(losses)
	best, worst := losses[0], losses[len(losses)-1]
	if usual := losses[len(losses)*3/4] - best; usual > 0 {
		worst = min(worst, best+5*usual)
	}
	margin := (worst - best) * 0.04
	if margin == 0 {
		margin = max(math.Abs(best)*0.05, 1e-9)
	}
	low, high = o.Loss(best-margin), o.Loss(worst+margin) // Loss is its own inverse
	return min(low, high), max(low, high)
}

// learningCurves shows the objective of the best trials, report by report.
func learningCurves(in Input) (*figure, error) {
	o := in.Run.Objectives[0]
	p := newPlot("step", o.Name)
	n, longest := 0, 0
	var all []float64
	var keys []key
	for _, t := range in.Curves {
		var xy plotter.XYs
		every := (len(t.Reports) + maxSteps - 1) / maxSteps
		for i, r := range t.Reports {
			if v, ok := r.Metrics[o.Name]; ok && finite(v) && (i%every == 0 || i == len(t.Reports)-1) {
				xy = append(xy, plotter.XY{X: float64(r.Step), Y: v})
				all = append(all, v)
			}
		}
		if len(xy) < 2 || n == maxCurves {
			continue
		}
		longest = max(longest, len(xy))
		style := draw.LineStyle{Color: role(uint8(series + n)), Width: 1.5}
		if n == 0 {
			style.Width = 2.5
		}
		p.Add(&plotter.Line{XYs: xy, LineStyle: style})
		value, _ := in.Run.Value(t)
		keys = append(keys, key{series + n, t.Name() + " " + number(value)})
		n++
	}
	if n == 0 {
		return nil, nil
	}
	p.Y.Min, p.Y.Max = span(all, o)
	caption := fmt.Sprintf("%s step by step, of the best trials: the thick line is the best.", o.Name)
	if n == 1 {
		caption = fmt.Sprintf("%s step by step, of the best trial.", o.Name)
	}
	f, err := draws(p, tall, "curves", "Learning curves", caption, fmt.Sprintf("%s of %d trials over up to %d reports.", o.Name, n, longest))
	f.Keys = keys
	return f, err
}

// importances shows how much each parameter matters.
func importances(in Input) (*figure, error) {
	weights := in.Importance[:min(len(in.Importance), 20)]
	if len(weights) == 0 {
		return nil, nil
	}
	p := newPlot("share of the variance that it explains", "")
	var values plotter.Values
	var ticks []plot.Tick
	for i, w := range slices.Backward(weights) {
		ticks = append(ticks, plot.Tick{Value: float64(len(weights) - 1 - i), Label: label(w.Param)})
		values = append(values, w.Share)
	}
	bars, err := plotter.NewBarChart(values, 14)
	if err != nil {
		return nil, err
	}
	bars.Horizontal, bars.Color, bars.LineStyle.Width = true, accent, 0
	var spread plotter.XYs
	for i, w := range slices.Backward(weights) {
		y := float64(len(weights) - 1 - i)
		spread = append(spread, plotter.XY{X: max(w.Share-w.SD, 0), Y: y}, plotter.XY{X: min(w.Share+w.SD, 1), Y: y})
	}
	p.Add(bars)
	for i := 0; i < len(spread); i += 2 {
		p.Add(&plotter.Line{XYs: spread[i : i+2], LineStyle: draw.LineStyle{Color: ink, Width: 1}})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Length, p.Y.Width = 0, 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(weights))-0.4
	p.X.Min, p.X.Max = 0, 1
	return draws(p, vg.Length(60+24*len(weights)), "importance", "Importance",
		"How much of the differences between variants each parameter explains by itself; the thin line is the uncertainty. What is missing to 1 is interaction.",
		fmt.Sprintf("The most important parameter is %s, with %s.", weights[0].Param, number(weights[0].Share)))
}
