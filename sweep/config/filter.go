package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Filter decides whether a trial is one of those asked for.
type Filter func(sweep.Trial) (bool, error)

// filterRoots are what a filter may refer to.
var filterRoots = []string{"param", "metric", "outcome", "number", "variant", "repeat", "seconds", "steps", "seed", "cached", "feasible"}

// ParseFilter reads a condition on trials, an expression of the sweep file's
// language: param.lr < 0.1 && metric.val_loss < 1. A trial that lacks a
// parameter or metric that the condition names does not match.
func ParseFilter(text string) (Filter, error) {
	e, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("read condition %q: %s", text, diags[0].Detail)
	}
	for _, ref := range e.Variables() {
		if root := ref.RootName(); !slices.Contains(filterRoots, root) {
			return nil, fmt.Errorf("read condition %q: %s", text, schema.Unknown(root, filterRoots))
		}
	}
	params, metrics := references(e, "param", nil), references(e, "metric", nil)
	known := functions()
	return func(t sweep.Trial) (bool, error) {
		param := make(map[string]cty.Value, len(params))
		for _, name := range params {
			v, ok := t.Params[name]
			if !ok {
				return false, nil
			}
			param[name] = toCty(v)
		}
		metric := make(map[string]cty.Value, len(metrics))
		for _, name := range metrics {
			f, ok := t.Best.Metrics[name]
			if !ok || f != f {
				return false, nil
			}
			metric[name] = cty.NumberFloatVal(f)
		}
		outcome := string(t.Outcome)
		if t.Outcome == sweep.Running {
			outcome = "running"
		}
		v, diags := e.Value(&hcl.EvalContext{Functions: known, Variables: map[string]cty.Value{
			"param": cty.ObjectVal(param), "metric": cty.ObjectVal(metric),
			"outcome": cty.StringVal(outcome), "cached": cty.BoolVal(t.CachedAs != ""),
			"number": cty.NumberIntVal(int64(t.Number)), "variant": cty.NumberIntVal(int64(t.Variant)),
			"repeat": cty.NumberIntVal(int64(t.Repeat)), "steps": cty.NumberIntVal(int64(t.Steps)),
			"seconds": cty.NumberFloatVal(t.Seconds), "seed": cty.NumberUIntVal(t.Seed),
			"feasible": cty.BoolVal(t.Outcome.Ranked() && t.Violation == 0),
		}})
		if diags.HasErrors() {
			return false, fmt.Errorf("evaluate condition %q for trial %s: %s", text, t.Name(), diags[0].Detail)
		}
		if v.IsNull() || v.Type() != cty.Bool {
			return false, fmt.Errorf("evaluate condition %q: it must be true or false, as in metric.val_loss < 1", text)
		}
		return v.True(), nil
	}, nil
}
