package report

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/inflame-deeplearning/sweep/results"
	"github.com/inflame-deeplearning/sweep/sweep"
)

// input is a run of n trials with a few parameters of all sorts.
func input(n int) Input {
	run := results.Run{
		ID: "grid-3", Sweep: "grid", File: "grid.hcl", Objectives: []sweep.Objective{{Name: "loss", Goal: sweep.Minimize}},
		Params: []string{"rate", "units", "kind", "momentum", "same"}, Search: "random", Status: results.Finished, Reason: "complete",
		Started: time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC), Finished: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC), Repeat: 1,
		Counts: map[sweep.Outcome]int{sweep.Succeeded: n, sweep.OutOfMemory: 2}, Cached: 1,
	}
	in := Input{Run: run, Variants: n, Version: "1.2.3"}
	best := math.Inf(1)
	for i := range n {
		loss := 0.1 + float64(i)/float64(n)
		t := sweep.Trial{Run: run.ID, Number: i, Variant: i, Outcome: sweep.Succeeded, Steps: 3, Seconds: 61.5, Params: sweep.Params{
			"rate": sweep.Float(math.Pow(10, -float64(i%40)/10)), "units": sweep.Int(int64(32 << (i % 3))),
			"kind": sweep.String([]string{"sgd", "adam"}[i%2]), "same": sweep.Bool(true),
		}}
		if i%2 == 0 {
			t.Params["momentum"] = sweep.Float(float64(i%7) / 10)
		}
		t.Best = sweep.Report{Step: 3, Metrics: sweep.Metrics{"loss": loss}}
		for step := range 3 {
			t.Reports = append(t.Reports, sweep.Report{Step: step + 1, Metrics: sweep.Metrics{"loss": loss + 1/float64(step+1)}})
		}
		if len(in.Board) < maxLines {
			in.Board = append(in.Board, results.Row{Number: i, Mean: loss, Seeds: 1, Trial: t})
		}
		if i < maxCurves {
			in.Curves = append(in.Curves, t)
		}
		ended := 0.1 + float64((i*7919)%n)/float64(n)
		in.Points = append(in.Points, results.Point{Trial: t.Name(), Ended: i + 1, Value: ended, Best: min(best, ended), Improved: ended < best})
		best = min(best, ended)
	}
	for i, name := range run.Params {
		in.Importance = append(in.Importance, Weight{name, 0.5 / float64(i+1), 0.1})
	}
	return in
}

// write is the page, parsed, once it is seen to stand alone.
func write(t *testing.T, in Input) (*html.Node, string) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "link", "iframe", "img", "image", "object", "embed", "form", "base", "a", "use", "foreignobject":
			t.Errorf("there is a %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" || strings.Contains(a.Val, "url(") {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("two elements are %s", a.Val)
				}
				ids[a.Val] = true
			}
		}
	}
	if css := text(find(doc, "style")[0]); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads something")
	}
	for _, svg := range find(doc, "svg") { // it speaks to those who cannot see it
		if named := strings.Fields(attr(svg, "aria-labelledby")); attr(svg, "role") != "img" || len(named) != 2 || !ids[named[0]] || !ids[named[1]] {
			t.Errorf("a plot has no description: %v", svg.Attr)
		}
	}
	if strings.Contains(b.String(), "ZgotmplZ") || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "C0DE") || strings.Contains(b.String(), "+Inf") {
		t.Error("something could not be written")
	}
	return doc, b.String()
}

func find(doc *html.Node, element string) []*html.Node {
	var out []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == element {
			out = append(out, n)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// The page has all that there is to say, and is allowed to load nothing.
func TestPage(t *testing.T) {
	in := input(40)
	in.Failures = []Failure{{"grid-3/41", sweep.OutOfMemory, "line one\nline two"}}
	in.Since = &Since{"grid-2", []Fact{{"Best loss", "0.2 → 0.1, better"}}}
	in.Facts = []Fact{{"Data", "abcdef"}}
	in.Champion = &results.Judgement{Verdict: "better by 0.1", Took: true, Challenger: results.Contender{Trial: "grid-3/0", Objective: in.Run.Objectives[0], Value: 0.1}}
	in.Board[1].SD, in.Board[1].Seeds = 0.01, 3
	doc, _ := write(t, in)
	all := text(doc)
	for _, want := range []string{
		"grid-3: loss 0.1", "finished: complete", "new champion", "2026-11-26 03:00 UTC, after 1h0m0s", "random over rate, units", "Data abcdef",
		"Since grid-2", "Best loss 0.2 → 0.1, better", "The best 25 of 40 variants", "0.125 ± 0.025", "better by 0.1",
		"Best so far", "Learning curves", "Parallel coordinates", "Importance", "42 trials", "2 out of memory", "1 from earlier runs",
		"grid-3/41 out_of_memory", "line one line two", "Written by sweep 1.2.3",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if rows := find(find(doc, "tbody")[0], "tr"); len(rows) != maxRows || text(rows[0]) != "1 grid-3/0 0.1 1 32 sgd 0 true 3 1m2s" {
		t.Errorf("%d rows, the first %q", len(rows), text(rows[0]))
	}
	policy := ""
	for _, m := range find(doc, "meta") {
		if attr(m, "http-equiv") == "Content-Security-Policy" {
			policy = attr(m, "content")
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'unsafe-inline'") {
		t.Errorf("policy %q", policy)
	}
	if n := len(find(doc, "svg")); n != 4 {
		t.Errorf("%d plots, want 4", n)
	}
}

// Names and values are text, whatever is in them.
func TestHostile(t *testing.T) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>&lt;` + "\x00\u202e" + `style="fill:url(http://example.org)"]]></title></svg>`
	in := input(20)
	in.Run.Params[0], in.Run.Objectives[0].Name, in.Run.File, in.Run.Reason, in.Run.Feasible = evil, evil, evil, evil, evil
	in.Run.ID, in.Version, in.Importance[0].Param, in.Unknown = evil, evil, evil, evil
	for i := range in.Board {
		in.Board[i].Trial.Params[evil] = sweep.String(evil + fmt.Sprint(i%5))
		in.Board[i].Trial.Run = evil
	}
	for i := range in.Curves {
		in.Curves[i].Run = evil
		for k := range in.Curves[i].Reports {
			in.Curves[i].Reports[k].Metrics = sweep.Metrics{evil: float64(k + i)}
		}
	}
	in.Failures = []Failure{{evil, sweep.Failed, evil}}
	in.Since = &Since{evil, []Fact{{evil, evil}}}
	doc, _ := write(t, in)
	if n := strings.Count(text(doc), "<script>alert(1)</script>"); n < 20 {
		t.Errorf("shown %d times", n)
	}
	if n := len(find(doc, "svg")); n != 4 {
		t.Errorf("%d plots, want 4", n)
	}
}

// A run of any size and state has a page, with the plots that its results allow.
func TestStates(t *testing.T) {
	for name, test := range map[string]struct {
		change func(in *Input)
		plots  []string
		want   string
	}{
		"no trial yet": {func(in *Input) {
			*in = Input{Run: in.Run, Unknown: "It cannot be told: there are 0 variants."}
			in.Run.Status, in.Run.Counts, in.Run.Finished = results.Running, nil, time.Time{}
		}, nil, "no trial has a value of loss"},
		"one trial": {func(in *Input) {
			in.Board, in.Points, in.Curves, in.Importance = in.Board[:1], in.Points[:1], in.Curves[:1], nil
		}, []string{"best", "curves"}, "of the best trial"},
		"equal values": {func(in *Input) {
			for i := range in.Board {
				in.Board[i].Mean, in.Points[i].Value, in.Points[i].Best = 0, 0, 0
			}
		}, []string{"best", "curves", "parallel", "importance"}, "0"},
		"huge and infinite values": {func(in *Input) {
			in.Points[3].Value, in.Points[4].Value = math.MaxFloat64, math.Inf(-1)
			in.Points[5].Value = 1e200
			in.Board[20].Mean = math.MaxFloat64
			in.Curves[1].Reports[0].Metrics["loss"] = math.NaN()
			in.Curves[2].Reports[0].Metrics["loss"] = math.Inf(1)
		}, []string{"best", "curves", "parallel", "importance"}, "too bad for the scale"},
		"one report a trial": {func(in *Input) {
			for i := range in.Curves {
				in.Curves[i].Reports = in.Curves[i].Reports[:1]
			}
		}, []string{"best", "parallel", "importance"}, ""},
		"maximize": {func(in *Input) { in.Run.Objectives[0].Goal = sweep.Maximize }, []string{"best", "curves", "parallel", "importance"}, "maximize loss"},
		"several objectives": {func(in *Input) {
			in.Run.Objectives = append(in.Run.Objectives, sweep.Objective{Name: "size", Goal: sweep.Minimize})
		}, []string{"best", "curves", "parallel", "importance"}, "minimize loss, minimize size"},
		"infeasible": {func(in *Input) { in.Board[0].Violation = 1 }, []string{"best", "curves", "parallel", "importance"}, "which is not feasible"},
		"many parameters": {func(in *Input) {
			for i := range 30 {
				name := fmt.Sprintf("p%d", i)
				in.Run.Params = append(in.Run.Params, name)
				for k := range in.Board {
					in.Board[k].Trial.Params[name] = sweep.List(sweep.Int(int64(k%30)), sweep.String("ü"))
				}
			}
		}, []string{"best", "curves", "parallel", "importance"}, "22 more parameters do not fit"},
		"nothing varies": {func(in *Input) { in.Run.Params = []string{"same"} }, []string{"best", "curves", "importance"}, ""},
		"given up":       {func(in *Input) { in.Run.Reason = "too many failed trials" }, []string{"best", "curves", "parallel", "importance"}, "finished: too many failed trials"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(40)
			test.change(&in)
			doc, _ := write(t, in)
			var plots []string
			for _, svg := range find(doc, "svg") {
				plots = append(plots, strings.TrimSuffix(strings.Fields(attr(svg, "aria-labelledby"))[0], "-t"))
			}
			if fmt.Sprint(plots) != fmt.Sprint(test.plots) {
				t.Errorf("plots %v, want %v", plots, test.plots)
			}
			if !strings.Contains(text(doc), test.want) {
				t.Errorf("the page lacks %q", test.want)
			}
		})
	}
}

// Ten thousand trials make a page that still opens at once, and says what it leaves out.
func TestLarge(t *testing.T) {
	in := input(10_000)
	for i := range in.Curves {
		r := in.Curves[i].Reports[0]
		for step := range 10_000 {
			r.Step = step + 1
			in.Curves[i].Reports = append(in.Curves[i].Reports, r)
		}
	}
	begun := time.Now()
	doc, page := write(t, in)
	t.Logf("%d bytes in %v", len(page), time.Since(begun))
	if len(page) > 1<<19 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, want := range []string{"The best 300 of 10000 are drawn", "Every 13th trial is drawn", "The best 25 of 10000 variants"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Every colour that a plot uses is one of the page's, in the light and in the dark.
func TestColours(t *testing.T) {
	doc, page := write(t, input(40))
	css := text(find(doc, "style")[0])
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`var\((--c[0-9A-F]{2})\)`).FindAllStringSubmatch(page, -1) {
		used[m[1]] = true
	}
	for name := range used {
		if strings.Count(css, name+":") != 2 {
			t.Errorf("%s has no colour in one of the schemes", name)
		}
	}
	if len(used) < 3+maxCurves+shades-1 || regexp.MustCompile(`(fill|stroke):#`).MatchString(page) {
		t.Errorf("%d colours are used, and others than the page's: %v", len(used), regexp.MustCompile(`(fill|stroke):#[^;"]*`).FindAllString(page, 3))
	}
}

func TestScales(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   string // the labels of the ticks
	}{
		"logarithmic":     {[]float64{0.001, 0.002, 0.004, 0.008, 0.01, 0.02, 0.04, 0.1, 0.2, 0.5, 1}, "0.001 1 0.01 0.1"},
		"linear":          {[]float64{0.01, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "0.01 10 2 6"},
		"few values":      {[]float64{256, 32, 128, 64, 32, 64, 128, 256}, "32 64 128 256"},
		"each value once": {[]float64{3, 1, 2}, "1 3 2"},
	} {
		var rows []results.Row
		for _, v := range test.values {
			rows = append(rows, results.Row{Trial: sweep.Trial{Params: sweep.Params{"x": sweep.Float(v)}}})
		}
		a, varies := paramAxis("x", rows)
		var labels []string
		for _, tick := range a.ticks {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != test.want || !varies {
			t.Errorf("%s: ticks %s, want %s", name, got, test.want)
		}
		for _, row := range rows {
			if at := a.place(row); at < 0 || at > 1 {
				t.Errorf("%s: %v is at %v", name, row.Trial.Params["x"], at)
			}
		}
	}
}
