package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// scope is what expressions at some place of a file may refer to.
type scope map[string][]string // names below param, var and local; metric has none; a missing root is not allowed

// check finds the references of e that lead nowhere, before anything is evaluated.
func (s scope) check(e hcl.Expression) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, ref := range e.Variables() {
		root := ref.RootName()
		names, ok := s[root]
		if !ok {
			known := []string{}
			for name := range s {
				known = append(known, name+".")
			}
			detail := "Nothing can be referred to here: write a value."
			switch {
			case slices.Contains([]string{"param", "var", "local"}, root):
				detail = "A " + root + " cannot be used here: its values belong to single trials, and this block is for the whole sweep."
				if root != "param" {
					detail = root + " cannot be used here."
				}
			case len(known) > 0:
				slices.Sort(known)
				detail = schema.Unknown(root+".", known) + " Texts stand in double quotes."
			}
			diags = append(diags, fault(ref.SourceRange(), "Unknown reference", "%s", detail))
			continue
		}
		name, ok := member(ref)
		if !ok || root == "metric" {
			continue // the whole object, as in keys(var); or what trials measure, which they know
		}
		if !slices.Contains(names, name) {
			what := map[string]string{"param": "parameter", "var": "variable", "local": "local"}[root]
			diags = append(diags, fault(ref.SourceRange(), "Unknown "+what, "There is no %s of that name: %s", what, sentence(schema.Unknown(name, names))))
		}
	}
	return diags
}

// checkCalls finds calls of functions that do not exist at some place of a file.
func checkCalls(e hcl.Expression, known map[string]function.Function) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, call := range calls(e) {
		_, exists := known[call.Name]
		switch {
		case exists:
		case call.Name == env:
			diags = append(diags, fault(call.NameRange, "Secrets are for notify blocks", "What env gives would be kept with the results here, so it stands in notify blocks alone. A variable block and -var set what is no secret; a command finds the environment in its own."))
		default:
			diags = append(diags, fault(call.NameRange, "Unknown function", "%s", sentence(schema.Unknown(call.Name, sortedKeys(known)))))
		}
	}
	return diags
}

// calls are the calls of functions in e, in templates and conditions too.
func calls(e hcl.Expression) []*hclsyntax.FunctionCallExpr {
	node, ok := e.(hclsyntax.Expression)
	if !ok {
		return nil
	}
	var out []*hclsyntax.FunctionCallExpr
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics { // it finds nothing wrong
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok {
			out = append(out, call)
		}
		return nil
	})
	return out
}

// member is the name that a reference has behind its root.
func member(ref hcl.Traversal) (string, bool) {
	if len(ref) < 2 {
		return "", false
	}
	switch step := ref[1].(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

// references are the names below root that e refers to; all is true where it
// takes the object as a whole.
func references(e hcl.Expression, root string, all []string) []string {
	var names []string
	for _, ref := range e.Variables() {
		if ref.RootName() != root {
			continue
		}
		name := ""
		if len(ref) > 1 {
			if step, ok := ref[1].(hcl.TraverseAttr); ok {
				name = step.Name
			}
		}
		if name == "" {
			return slices.Clone(all)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// evaluate is e's value. Unlike HCL's own, a conditional's branches need not
// have one type: a list may stand beside a distribution.
func evaluate(e hcl.Expression, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return evaluate(x.Expression, ctx)
	case *hclsyntax.ConditionalExpr:
		cond, diags := x.Condition.Value(ctx)
		if diags.HasErrors() {
			return cty.NilVal, diags
		}
		if cond.IsNull() || !cond.IsKnown() || cond.Type() != cty.Bool {
			return x.Value(ctx) // for HCL's own message
		}
		if cond.True() {
			return evaluate(x.TrueResult, ctx)
		}
		return evaluate(x.FalseResult, ctx)
	}
	return e.Value(ctx)
}

// value is e as a sweep.Value.
func value(e hcl.Expression, ctx *hcl.EvalContext) (sweep.Value, hcl.Diagnostics) {
	raw, diags := evaluate(e, ctx)
	if diags.HasErrors() {
		return sweep.Value{}, diags
	}
	v, err := fromCty(raw)
	if err != nil {
		return sweep.Value{}, hcl.Diagnostics{fault(e.Range(), "Not a plain value", "Here %s.", err)}
	}
	return v, nil
}

// paramContext is a context in which param has the values that p gives to
// names, null where p has none.
func paramContext(base *hcl.EvalContext, names []string, p sweep.Params) *hcl.EvalContext {
	fields := make(map[string]cty.Value, len(names))
	for _, name := range names {
		fields[name] = toCty(p[name])
	}
	ctx := base.NewChild()
	ctx.Variables = map[string]cty.Value{"param": cty.ObjectVal(fields)}
	return ctx
}
