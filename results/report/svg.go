package report

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours stand for what they are used for: the page's style sheet says what they look
// like, in the light and in the dark.
var (
	ink    = role(1) // text and axes
	muted  = role(2) // what is in the background
	accent = role(3) // what the eye is to find
)

const (
	series = 10 // the first of as many colours as there are curves
	ramp   = 40 // the first of the colours from the best to the worst
	shades = 7
)

func role(n uint8) color.RGBA { return color.RGBA{R: n, G: 0xc0, B: 0xde, A: 0xff} }

const (
	wide   vg.Length = 860
	tall   vg.Length = 300
	letter vg.Length = 11
)

var sans = font.Font{Typeface: "Liberation", Variant: "Sans", Size: letter}

// newPlot has axes in the style of the page.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = x, label(y)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle = draw.LineStyle{Color: muted, Width: 0.75}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 4
		a.Tick.Label.Font, a.Label.TextStyle.Font = sans, sans
		a.Tick.Label.Color, a.Label.TextStyle.Color = ink, ink
		a.Tick.Marker = labelled{a.Tick.Marker}
	}
	return p
}

// labelled leaves out the ticks between those with a number.
type labelled struct{ plot.Ticker }

func (l labelled) Ticks(low, high float64) []plot.Tick {
	var out []plot.Tick
	for _, t := range l.Ticker.Ticks(low, high) {
		if t.Label != "" {
			out = append(out, t)
		}
	}
	return out
}

var (
	styles = regexp.MustCompile(`style="[^"]*"`)
	roles  = regexp.MustCompile(`#([0-9A-F]{2})C0DE`)
	open   = regexp.MustCompile(`<svg [^>]*>`)
)

// inline is a plot as part of a page: it has a title and a description for those who
// cannot see it, takes the width there is, and its colours are the page's.
func inline(p *plot.Plot, height vg.Length, id, title, description string) (template.HTML, error) {
	canvas := vgsvg.NewWith(vgsvg.UseWH(wide, height))
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	text := b.String()
	head := fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		wide.Points(), height.Points(), id, id, id, html.EscapeString(title), id, html.EscapeString(description))
	at := open.FindStringIndex(text)
	text = head + text[at[1]:]
	text = styles.ReplaceAllStringFunc(text, func(s string) string {
		s = roles.ReplaceAllStringFunc(s, func(c string) string { return "var(--c" + c[1:3] + ")" })
		return strings.ReplaceAll(strings.ReplaceAll(s, "font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", ""), "stroke-linejoin:miter;", "")
	})
	return template.HTML(text), nil //nolint:gosec // the library and the lines above escape what is in it
}
