package config

import (
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// blockNames are the blocks of a file, in the order of the reference.
var blockNames = []string{
	"variable", "locals", "params", "objective", "search", "stop", "limits",
	"data", "model", "train", "command", "metric", "runner", "champion", "regression", "schedule", "notify", "keep",
}

// topConfig are the attributes that stand outside any block.
type topConfig struct {
	Name     string `hcl:"name" doc:"The sweep's name; the file's, without its ending, where not given."`
	Maximize string `hcl:"maximize" doc:"The metric that decides, the larger the better."`
	Minimize string `hcl:"minimize" doc:"The metric that decides, the smaller the better."`
	Feasible bool   `hcl:"feasible" doc:"Which trials count: a condition over metric.NAME, such as metric.latency < 20 && metric.size <= 5. Those that do not meet it rank after those that do, by how far they are from it, and searches are led back to where it is met. A trial that lacks a metric does not meet it. A trial's step is the best that meets it, if one does."`
	Repeat   int    `hcl:"repeat" doc:"Seeds that each variant is trained with; the leaderboard ranks the mean." default:"1" min:"1" max:"1000"`
}

type objectiveConfig struct {
	_    struct{} `doc:"One of several objectives, labelled with its metric. The first ranks the leaderboard."`
	Goal string   `hcl:"goal" doc:"Which direction is better." oneof:"minimize,maximize" required:"true"`
}

type limitsConfig struct {
	_        struct{}      `doc:"When to end the sweep before its space is used up."`
	Trials   int           `hcl:"trials" doc:"Trials to run at most." min:"1"`
	Duration time.Duration `hcl:"duration" doc:"Wall clock to spend; running trials then keep a checkpoint."`
	Failures int           `hcl:"failures" doc:"Failed trials after which to give up." min:"1"`
	Target   *float64      `hcl:"target" doc:"Value of the first objective that is good enough."`

	Alike int `hcl:"alike" doc:"Trials that all fail in the same way, the first ones of a run, after which to give up: what they ran into, the others will run into too. 0: never." default:"5" min:"0"`

	Confirm      int `hcl:"confirm" doc:"Variants, the best ones, that are trained again with fresh seeds, to the end, when the search is over. They lead the leaderboard, by the mean over these seeds alone: the best of many is so in part by luck. 0: none." default:"0" min:"0"`
	ConfirmSeeds int `hcl:"confirm_seeds" doc:"Fresh seeds that each of them is trained with." default:"3" min:"1" max:"1000"`
}

// searchConfig are attributes of every search that learns.
type searchConfig struct {
	WarmStart []string `hcl:"warm_start" doc:"Runs, or sweeps, whose newest run is meant, from whose results a method that learns sets out: those of their trials that fit the space and have the objectives. A sweep's own name is its run before."`
}

type variableConfig struct {
	_           struct{}    `doc:"A value that -var NAME=VALUE sets, used as var.NAME. Its default decides its type; without one it must be set."`
	Default     sweep.Value `hcl:"default" doc:"The value where none is set."`
	Description string      `hcl:"description" doc:"For the reader."`
}

type metricConfig struct {
	_       struct{} `doc:"A metric, labelled with its name, found in what a command prints."`
	Pattern string   `hcl:"pattern" doc:"Regular expression with one group, which holds the number." required:"true"`
}

var (
	topSchema       = schema.Of(topConfig{})
	objectiveSchema = schema.Of(objectiveConfig{})
	searchSchema    = schema.Of(searchConfig{})
	limitsSchema    = schema.Of(limitsConfig{})
	variableSchema  = schema.Of(variableConfig{})
	metricSchema    = schema.Of(metricConfig{})
	scheduleSchema  = schema.Of(schedule.Config{})
)

// fixed reads a block whose expressions belong to the whole sweep.
func (r *reader) fixed(body *hclsyntax.Body, s *schema.Schema) sweep.Value {
	good := true
	for _, attr := range inOrder(body.Attributes) {
		if _, known := s.Attr(attr.Name); known {
			good = r.check(attr.Expr, "var", "local") && good
		}
	}
	for _, block := range body.Blocks {
		r.unknownBlock(block, nil)
	}
	if !good {
		return sweep.Value{}
	}
	v, diags := complete(body, s, r.ctx)
	r.add(diags...)
	return v
}

// complete evaluates a body's attributes and checks them against s.
func complete(body *hclsyntax.Body, s *schema.Schema, ctx *hcl.EvalContext) (sweep.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	fields := make(map[string]sweep.Value, len(body.Attributes))
	for _, attr := range inOrder(body.Attributes) {
		v, faults := value(attr.Expr, ctx)
		diags = append(diags, faults...)
		if faults.HasErrors() {
			// A required attribute that has a mistake of its own is not missing too.
			if a, ok := s.Attr(attr.Name); ok && a.Required {
				return sweep.Value{}, diags
			}
			continue
		}
		fields[attr.Name] = v
	}
	v, problems := s.Complete(sweep.Object(fields))
	for _, p := range problems {
		diags = append(diags, fault(place(body, p.Path), title(p.Summary), "%s", sentence(p.Detail)))
	}
	return v, diags
}

// place is where in the source a problem of that path lies, as near as the
// expression shows it.
func place(body *hclsyntax.Body, path []string) hcl.Range {
	if len(path) == 0 {
		return body.MissingItemRange()
	}
	attr, ok := body.Attributes[path[0]]
	if !ok {
		return body.MissingItemRange()
	}
	if len(path) == 1 {
		if _, isObject := attr.Expr.(*hclsyntax.ObjectConsExpr); !isObject {
			return attr.SrcRange
		}
	}
	e := attr.Expr
	for _, step := range path[1:] {
		next := child(e, step)
		if next == nil {
			break
		}
		e = next
	}
	if e == attr.Expr {
		return attr.NameRange
	}
	return e.Range()
}

func child(e hclsyntax.Expression, step string) hclsyntax.Expression {
	switch x := e.(type) {
	case *hclsyntax.TupleConsExpr:
		if i, err := strconv.Atoi(step); err == nil && i < len(x.Exprs) {
			return x.Exprs[i]
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range x.Items {
			if hcl.ExprAsKeyword(item.KeyExpr) == step {
				return item.ValueExpr
			}
		}
	}
	return nil
}

func title(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func (r *reader) limits(block *hclsyntax.Block) sweep.Limits {
	var c limitsConfig
	if block == nil {
		v, _ := limitsSchema.Complete(sweep.Object(nil))
		r.decode(v, &c)
	} else {
		r.noLabels(block)
		r.decode(r.fixed(block.Body, limitsSchema), &c)
	}
	return sweep.Limits{Trials: c.Trials, Duration: c.Duration, Failures: c.Failures, Alike: c.Alike, Target: c.Target, Confirm: c.Confirm, ConfirmSeeds: c.ConfirmSeeds}
}

// decode fills a struct from a value that is complete, or from none where a
// mistake was found already.
func (r *reader) decode(v sweep.Value, into any) {
	if len(r.diags) > 0 || v.IsNull() {
		return
	}
	if err := schema.Decode(v, into); err != nil {
		panic(err) // Complete lets nothing through that does not fit
	}
}

// variables sets up var and the functions.
func (r *reader) variables(blocks []*hclsyntax.Block, given map[string]string, body *hclsyntax.Body) {
	r.ctx = &hcl.EvalContext{Functions: functions(), Variables: map[string]cty.Value{}}
	values := map[string]cty.Value{}
	for _, block := range blocks {
		name, ok := r.label(block, "the variable's name", nil)
		if !ok {
			continue
		}
		if slices.Contains(r.vars, name) {
			r.add(fault(block.TypeRange, "Duplicate variable", "%q is declared already: give each variable once.", name))
			continue
		}
		r.vars = append(r.vars, name)
		values[name] = r.variable(block, name, given)
	}
	for _, name := range sortedKeys(given) {
		if !slices.Contains(r.vars, name) {
			r.add(fault(body.MissingItemRange(), "Unknown variable", "-var %s: %s", name, sentence(schema.Unknown(name, r.vars))))
		}
	}
	r.ctx.Variables["var"] = cty.ObjectVal(values)
}

// variable is a variable's value: the one given on the command line, else its
// default.
func (r *reader) variable(block *hclsyntax.Block, name string, given map[string]string) cty.Value {
	before := len(r.diags)
	r.fixed(block.Body, variableSchema)
	attr, hasDefault := block.Body.Attributes["default"]
	byDefault := cty.DynamicVal
	if hasDefault && len(r.diags) == before {
		v, diags := attr.Expr.Value(r.ctx)
		r.add(diags...)
		byDefault = v
	}
	text, ok := given[name]
	switch {
	case !ok && !hasDefault:
		r.add(fault(block.DefRange(), "Variable without a value", "%q has no default: set it with -var %s=VALUE.", name, name))
		return cty.DynamicVal
	case !ok:
		return byDefault
	case !hasDefault || !byDefault.IsKnown() || byDefault.IsNull() || byDefault.Type() == cty.String:
		return cty.StringVal(text)
	case byDefault.Type().IsPrimitiveType():
		v, err := convert.Convert(cty.StringVal(text), byDefault.Type())
		if err != nil {
			r.add(fault(block.DefRange(), "Wrong type", "-var %s=%s: %s is a %s.", name, text, name, byDefault.Type().FriendlyName()))
			return byDefault
		}
		return v
	}
	e, diags := hclsyntax.ParseExpression([]byte(text), "-var "+name, hcl.InitialPos)
	if diags.HasErrors() {
		r.add(fault(block.DefRange(), "Wrong type", "-var %s=%s: write a value like the default, as HCL has it: %s.", name, text, diags[0].Detail))
		return byDefault
	}
	v, diags := e.Value(r.ctx)
	if diags.HasErrors() {
		r.add(fault(block.DefRange(), "Wrong type", "-var %s=%s: %s", name, text, diags[0].Detail))
		return byDefault
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readLocals evaluates locals in whatever order they need each other.
func (r *reader) readLocals(blocks []*hclsyntax.Block) {
	var left []*hclsyntax.Attribute
	for _, block := range blocks {
		r.noLabels(block)
		for _, inner := range block.Body.Blocks {
			r.unknownBlock(inner, nil)
		}
		for _, attr := range inOrder(block.Body.Attributes) {
			if slices.Contains(r.locals, attr.Name) {
				r.add(fault(attr.NameRange, "Duplicate local", "%q is given already.", attr.Name))
				continue
			}
			r.locals = append(r.locals, attr.Name)
			left = append(left, attr)
		}
	}
	left = slices.DeleteFunc(left, func(a *hclsyntax.Attribute) bool { return !r.check(a.Expr, "var", "local") })
	values := map[string]cty.Value{}
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(a *hclsyntax.Attribute) bool {
			return !slices.ContainsFunc(references(a.Expr, "local", r.locals), func(n string) bool { _, ok := values[n]; return !ok })
		})
		if i < 0 {
			names := make([]string, len(left))
			for k, a := range left {
				names[k] = a.Name
			}
			if len(r.diags) == 0 {
				r.add(fault(left[0].NameRange, "Locals in a circle", "These depend on each other: %s. Give one of them a value of its own.", joined(names)))
			}
			break
		}
		a := left[i]
		left = slices.Delete(left, i, i+1)
		r.ctx.Variables["local"] = cty.ObjectVal(values)
		v, diags := evaluate(a.Expr, r.ctx)
		r.add(diags...)
		if diags.HasErrors() {
			v = cty.DynamicVal
		}
		values[a.Name] = v
	}
	r.ctx.Variables["local"] = cty.ObjectVal(values)
}
