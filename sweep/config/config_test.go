package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
	"github.com/inflame-deeplearning/sweep/sweep/search/grid"
	"github.com/inflame-deeplearning/sweep/sweep/search/random"
)

// The plugins of these tests: small blocks that show each kind of attribute.

type pointsConfig struct {
	Count int    `hcl:"count" doc:"How many." default:"10" min:"1"`
	Kind  string `hcl:"kind" doc:"How hard." oneof:"easy,hard" default:"easy"`
}

type fileConfig struct {
	Path string `hcl:"path" doc:"The file." required:"true"`
}

type shapeConfig struct {
	Width  int `hcl:"width" doc:"Width." required:"true"`
	Height int `hcl:"height" doc:"Height." default:"1"`
}

type netConfig struct {
	_     struct{}     `doc:"A network."`
	Units int          `hcl:"units" doc:"Units." default:"3" min:"1" max:"100"`
	Sizes []int        `hcl:"sizes" doc:"Sizes." default:"[]" min:"1"`
	Shape *shapeConfig `hcl:"shape" doc:"Shape."`
	Drop  float64      `hcl:"drop" doc:"Dropout." default:"0" min:"0" below:"1"`
	Name  string       `hcl:"name" doc:"A name."`
}

type execConfig struct {
	Argv    []string       `hcl:"argv" doc:"Program." required:"true"`
	Metrics []metricFields `hcl:"metrics" doc:"Patterns." default:"[]"`
}

type metricFields struct {
	Name    string `hcl:"name" doc:"Name." required:"true"`
	Pattern string `hcl:"pattern" doc:"Pattern." required:"true"`
}

type localConfig struct {
	Parallel int `hcl:"parallel" doc:"Trials at once." default:"0" min:"0"`
}

type haltConfig struct {
	Metric string `hcl:"metric" doc:"What to watch." default:"score"`
	After  int    `hcl:"after" doc:"Reports to wait." default:"1" min:"1"`
}

// halt stops trials after so many reports.
type halt struct{ haltConfig }

func (h halt) Metrics() []string { return []string{h.Metric} }

func (h halt) Judge(t sweep.Trial, _ sweep.History) sweep.Verdict {
	if len(t.Reports) < h.After {
		return sweep.Verdict{}
	}
	return sweep.Verdict{Stop: true, Reason: fmt.Sprintf("halt: %s at %d", h.Metric, h.After)}
}

type trainConfig struct {
	Rate float64 `hcl:"rate" doc:"Learning rate." default:"0.1" above:"0"`
	Seed uint64  `hcl:"seed" doc:"Seed." default:"1"`
}

type fake struct{}

func (fake) Inputs() ([]string, error)                     { return nil, nil }
func (fake) Read(context.Context, *artifact.Builder) error { return nil }
func (fake) Metrics() []string                             { return []string{"score", "loss"} }
func (fake) Train(context.Context, *model.Run) (sweep.Result, error) {
	return sweep.Result{}, nil
}

func (fake) Run(context.Context, sweep.Job, func(sweep.Report)) (sweep.Result, error) {
	return sweep.Result{}, nil
}

func testPlugins() *Plugins {
	p := NewPlugins(schema.Of(trainConfig{}))
	Add(p.Search, "grid", grid.New)
	Add(p.Search, "random", random.New)
	Add(p.Stop, "halt", func(_ sweep.Spec, c haltConfig) (sweep.Stopper, error) { return halt{c}, nil })
	Add(p.Data, "points", func(sweep.Spec, pointsConfig) (artifact.Source, error) { return fake{}, nil })
	Add(p.Data, "file", func(_ sweep.Spec, c fileConfig) (artifact.Source, error) {
		if c.Path == "nowhere" {
			return nil, errors.New("the file is not there")
		}
		return fake{}, nil
	})
	Add(p.Models, "net", func(sweep.Spec, netConfig) (model.Trainer, error) { return fake{}, nil })
	Add(p.Models, "exec", func(sweep.Spec, execConfig) (model.Trainer, error) { return fake{}, nil })
	Add(p.Runners, "local", func(sweep.Spec, localConfig) (sweep.Runner, error) { return fake{}, nil })
	return p
}

// flat is a message on one line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// Every wrong file says in its first line which line the mistake is on and what
// the message has to say. All are told without a panic.
func TestWrongFiles(t *testing.T) {
	count := 0
	err := filepath.WalkDir("testdata/wrong", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		count++
		t.Run(strings.TrimPrefix(path, "testdata/wrong/"), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			header, _, _ := strings.Cut(string(src), "\n")
			want, ok := strings.CutPrefix(header, "# want: ")
			line, text, ok2 := strings.Cut(want, " | ")
			if !ok || !ok2 {
				t.Fatalf("first line %q: want # want: LINE | TEXT", header)
			}
			_, err = Parse(src, path, nil, testPlugins())
			var diags Diagnostics
			if !errors.As(err, &diags) {
				t.Fatalf("Parse = %v, want diagnostics", err)
			}
			var all []string
			for _, d := range diags.List() {
				if strconv.Itoa(d.Line) == line && strings.Contains(flat(d.Summary+": "+d.Detail), strings.TrimSpace(text)) {
					return
				}
				all = append(all, fmt.Sprintf("line %d: %s: %s", d.Line, d.Summary, d.Detail))
			}
			t.Errorf("want line %s with %q, got\n%s", line, text, strings.Join(all, "\n"))
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 100 {
		t.Errorf("%d wrong files, want at least 100", count)
	}
}

// keys are a file's variants in grid order.
func keys(t *testing.T, src string) []string {
	t.Helper()
	f, err := Parse([]byte(src), "test.hcl", nil, testPlugins())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for p, err := range f.Spec.Space.Variants() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Key())
	}
	return out
}

func file(params string) string {
	return "maximize = \"score\"\nparams {\n" + params + "\n}\ndata \"points\" {}\nmodel \"net\" {}\n"
}

func TestSpaces(t *testing.T) {
	for _, test := range []struct {
		name, params string
		want         []string
	}{
		{"lists", "a = [1, 2]\nb = [\"x\"]", []string{`{"a":1,"b":"x"}`, `{"a":2,"b":"x"}`}},
		{"single value", "a = 5\nb = [1, 2]", []string{`{"a":5,"b":1}`, `{"a":5,"b":2}`}},
		{"a fraction makes all floats", "a = [1, 2.5]", []string{`{"a":1.0}`, `{"a":2.5}`}},
		{"objects", "a = [{ w = 1 }, { w = 2.5 }]", []string{`{"a":{"w":1.0}}`, `{"a":{"w":2.5}}`}},
		{"conditional has no doubles", "o = [\"sgd\", \"adam\"]\nm = param.o == \"sgd\" ? [0, 0.9] : null", []string{
			`{"m":0.0,"o":"sgd"}`, `{"m":0.9,"o":"sgd"}`, `{"o":"adam"}`,
		}},
		{"conditional before what it needs", "m = param.o == \"sgd\" ? [1] : null\no = [\"sgd\", \"adam\"]", []string{`{"m":1,"o":"sgd"}`, `{"o":"adam"}`}},
		{"branches of different types", "o = [1, 2]\nm = param.o == 1 ? [\"a\"] : [{ x = 1 }, { x = 2 }]", []string{`{"m":"a","o":1}`, `{"m":{"x":1},"o":2}`, `{"m":{"x":2},"o":2}`}},
		{"zip", "zip {\na = [1, 2]\nb = [3, 4]\n}", []string{`{"a":1,"b":3}`, `{"a":2,"b":4}`}},
		{"zip with a value twice", "zip {\na = [1, 1]\nb = [3, 4]\n}", []string{`{"a":1,"b":3}`, `{"a":1,"b":4}`}},
		{"zip of a conditional", "o = [1, 2]\nzip {\na = [1, 2]\nb = param.o == 1 ? [3, 4] : null\n}", []string{
			`{"a":1,"b":3,"o":1}`, `{"a":2,"b":4,"o":1}`, `{"a":1,"o":2}`, `{"a":2,"o":2}`,
		}},
		{"skip", "a = [1, 2]\nb = [1, 2]\nskip { when = param.a * param.b > 3 }\nskip { when = param.a < param.b }", []string{`{"a":1,"b":1}`, `{"a":2,"b":1}`}},
		{"linspace", "a = linspace(0, 0.3, 4)", []string{`{"a":0.0}`, `{"a":0.1}`, `{"a":0.2}`, `{"a":0.3}`}},
		{"logspace", "a = logspace(0.01, 1, 3)", []string{`{"a":0.01}`, `{"a":0.1}`, `{"a":1.0}`}},
		{"step", "a = step(uniform(0, 1), 0.5)", []string{`{"a":0.0}`, `{"a":0.5}`, `{"a":1.0}`}},
		{"int", "a = int(2, 4)", []string{`{"a":2}`, `{"a":3}`, `{"a":4}`}},
		{"functions", "a = [for i in range(2) : pow(10, i)]\nb = concat([1], [max(2, 3)])", []string{`{"a":1,"b":1}`, `{"a":1,"b":3}`, `{"a":10,"b":1}`, `{"a":10,"b":3}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := keys(t, file(test.params)); !slices.Equal(got, test.want) {
				t.Errorf("variants\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestResolveEvaluatesBlocksPerVariant(t *testing.T) {
	f, err := Parse([]byte(`
name     = "demo"
minimize = "loss"
repeat   = 3
variable "scale" {
  default = 2
}
locals {
  twice = var.scale * 2
}
params {
  x    = [1, 2]
  drop = param.x == 1 ? [0.5] : null
  try {
    x = 2
  }
}
data "points" {
  count = local.twice
}
model "net" {
  units = param.x * var.scale
  sizes = [param.x, 7]
  drop  = param.drop
}
train {
  seed = 5
}
limits {
  duration = "90s"
  target   = 0.5
}
schedule {
  cron = "0 2 * * *"
}
`), "test.hcl", map[string]string{"scale": "10"}, testPlugins())
	if err != nil {
		t.Fatal(err)
	}
	if f.Spec.Name != "demo" || f.Spec.Repeat != 3 || f.Spec.Limits.Duration.Seconds() != 90 || *f.Spec.Limits.Target != 0.5 || f.Schedule.Cron != "0 2 * * *" {
		t.Errorf("spec %+v, schedule %+v", f.Spec, f.Schedule)
	}
	first, err := f.Searcher.Next(0, nil)
	if err != nil || first.Key() != `{"x":2}` {
		t.Errorf("the baseline comes first: %v, %v", first, err)
	}
	second, err := f.Searcher.Next(1, nil)
	if err != nil || second.Key() != `{"drop":0.5,"x":1}` {
		t.Errorf("then the others: %v, %v", second, err)
	}
	if _, err := f.Searcher.Next(2, nil); !errors.Is(err, sweep.ErrExhausted) {
		t.Errorf("a third variant: %v", err)
	}
	task, seed, err := f.Spec.Resolve(first)
	if err != nil || seed != 5 {
		t.Fatalf("Resolve: seed %d, %v", seed, err)
	}
	want := `{"drop":0.0,"sizes":[2,7],"units":20}`
	if got := task.Model.Config.String(); got != want {
		t.Errorf("model %s, want %s", got, want)
	}
	if got := task.Data.Config.String(); got != `{"count":20,"kind":"easy"}` {
		t.Errorf("data %s", got)
	}
}

func TestStopBlocksCombine(t *testing.T) {
	for _, test := range []struct{ name, blocks, first, second string }{
		{"none", "", "", ""},
		{"one", "stop \"halt\" {\n}", "halt: score at 1", "halt: score at 1"},
		{"two", "stop \"halt\" {\nafter = 2\n}\nstop \"halt\" {\nmetric = \"loss\"\n}", "halt: loss at 1", "halt: score at 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse([]byte(file("x = [1]")+test.blocks), "test.hcl", nil, testPlugins())
			if err != nil {
				t.Fatal(err)
			}
			if (f.Stopper == nil) != (test.blocks == "") {
				t.Fatalf("Stopper = %v", f.Stopper)
			}
			for n, want := range []string{test.first, test.second} {
				if f.Stopper == nil {
					continue
				}
				if v := f.Stopper.Judge(sweep.Trial{Reports: make([]sweep.Report, n+1)}, nil); v.Reason != want {
					t.Errorf("after %d reports: %q, want %q", n+1, v.Reason, want)
				}
			}
		})
	}
}

func TestHashFollowsSourceAndVariables(t *testing.T) {
	parse := func(src string, vars map[string]string) string {
		f, err := Parse([]byte(src), "test.hcl", vars, testPlugins())
		if err != nil {
			t.Fatal(err)
		}
		return f.Hash
	}
	src := "variable \"v\" {\n  default = 1\n}\n" + file("x = [1]")
	hashes := []string{parse(src, nil), parse(src, map[string]string{"v": "2"}), parse(src+"\n", nil)}
	if slices.Sort(hashes); len(slices.Compact(hashes)) != 3 {
		t.Errorf("hashes %v, want three different ones", hashes)
	}
}

func TestFilter(t *testing.T) {
	trial := sweep.Trial{
		Number: 3, Outcome: sweep.Succeeded, Params: sweep.Params{"lr": sweep.Float(0.01), "opt": sweep.String("sgd")},
		Best: sweep.Report{Metrics: sweep.Metrics{"val_loss": 0.5}},
	}
	for _, test := range []struct {
		filter string
		want   bool
	}{
		{"param.lr < 0.1 && metric.val_loss < 1", true},
		{"param.lr > 0.1", false},
		{"param.opt == \"sgd\" || false", true},
		{"param.momentum > 0", false},
		{"outcome == \"succeeded\" && number == 3", true},
		{"!cached", true},
		{"feasible", true},
	} {
		f, err := ParseFilter(test.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f(trial); err != nil || got != test.want {
			t.Errorf("%s is %v (%v), want %v", test.filter, got, err, test.want)
		}
	}
	for filter, want := range map[string]string{"parm.lr < 1": `did you mean "param"`, "param.lr <": "", "1 +": ""} {
		if _, err := ParseFilter(filter); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFilter(%q) = %v, want %q", filter, err, want)
		}
	}
	if f, err := ParseFilter("param.lr"); err != nil {
		t.Error(err)
	} else if _, err := f(trial); err == nil || !strings.Contains(err.Error(), "must be true or false") {
		t.Errorf("a number as condition: %v", err)
	}
}

func TestReferenceHasEveryAttribute(t *testing.T) {
	page := Reference(testPlugins())
	for _, want := range []string{"`units` | whole number, at least 1 and at most 100 | `3` | Units. |", "`shape.width`", "`rate` | number, above 0", "### search \"random\"", "`linspace`"} {
		if !strings.Contains(page, want) {
			t.Errorf("the reference lacks %q", want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file("x = [1, 2]\ny = param.x == 1 ? uniform(0, 1) : null\nzip {\na = [1]\nb = [2]\n}\nskip { when = param.x > 1 }\ntry {\nx = 1\n}") + "search \"random\" { trials = 3 }")
	wrong, err := filepath.Glob("testdata/wrong/*/*.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range wrong {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	plugins := testPlugins()
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse([]byte(src), "fuzz.hcl", nil, plugins)
		if err != nil {
			var diags Diagnostics
			if !errors.As(err, &diags) || len(diags.List()) == 0 {
				t.Fatalf("an error that is no diagnostic: %v", err)
			}
			return
		}
		if _, err := file.Searcher.Next(0, nil); err != nil && !errors.Is(err, sweep.ErrExhausted) {
			t.Logf("valid, and yet: %v", err)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add("param.lr < 0.1 && metric.val_loss < 1")
	f.Fuzz(func(_ *testing.T, text string) {
		if filter, err := ParseFilter(text); err == nil {
			_, _ = filter(sweep.Trial{Params: sweep.Params{"lr": sweep.Int(1)}}) // any error is fine, a panic is not
		}
	})
}

func BenchmarkMillionVariants(b *testing.B) {
	f, err := Parse([]byte(file("a = range(0, 100)\nb = range(0, 100)\no = [\"x\", \"y\"]\nc = param.o == \"x\" ? range(0, 100) : null\nskip { when = param.a == 99 && param.o == \"x\" }")), "test.hcl", nil, testPlugins())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		for _, err := range f.Spec.Space.Variants() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(n), "variants")
	}
}
