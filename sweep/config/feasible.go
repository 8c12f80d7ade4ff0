package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// feasible reads the attribute of that name, the one that speaks of metrics.
func (r *reader) feasible(attr *hclsyntax.Attribute) *sweep.Constraint {
	if attr == nil || !r.check(attr.Expr, "metric", "var", "local") {
		return nil
	}
	before := len(r.diags)
	named := map[string]cty.Value{}
	for _, ref := range attr.Expr.Variables() {
		if ref.RootName() != "metric" {
			continue
		}
		name, ok := member(ref)
		if !ok {
			r.add(fault(ref.SourceRange(), "Which metric", "Name it: metric.latency, or metric[\"top 5\"]."))
			continue
		}
		named[name] = cty.UnknownVal(cty.Number)
		r.watched = append(r.watched, watch{[]string{name}, ref.SourceRange()})
	}
	if len(r.diags) == before && len(named) == 0 {
		r.add(fault(attr.Expr.Range(), "No metric", "The condition is on what a trial measures, and names no metric: write one such as metric.latency < 20."))
	}
	if len(r.diags) > before {
		return nil
	}
	ctx := r.ctx.NewChild()
	ctx.Variables = map[string]cty.Value{"metric": cty.ObjectVal(named)}
	v, diags := attr.Expr.Value(ctx) // whatever the numbers are
	switch {
	case diags.HasErrors():
		r.add(diags...)
	case v.Type() != cty.Bool && v.Type() != cty.DynamicPseudoType || v.IsKnown() && v.IsNull():
		r.add(fault(attr.Expr.Range(), "Wrong type", "The condition must be true or false, as in metric.latency < 20; this is a %s.", v.Type().FriendlyName()))
	}
	text, diags := onMetrics(attr.Expr, r.src, r.ctx)
	if r.add(diags...); len(r.diags) > before {
		return nil
	}
	c, err := ParseConstraint(text)
	if err != nil {
		r.addErr(err, attr.Expr.Range())
	}
	return c
}

// onMetrics is the source of e with values in the place of variables and locals: it
// then says the same without the file.
func onMetrics(e hclsyntax.Expression, src []byte, ctx *hcl.EvalContext) (string, hcl.Diagnostics) {
	refs := slices.DeleteFunc(e.Variables(), func(ref hcl.Traversal) bool { return ref.RootName() == "metric" })
	slices.SortFunc(refs, func(a, b hcl.Traversal) int { return a.SourceRange().Start.Byte - b.SourceRange().Start.Byte })
	var b strings.Builder
	at := e.Range().Start.Byte
	for _, ref := range refs {
		v, diags := ref.TraverseAbs(ctx)
		if diags.HasErrors() {
			return "", diags
		}
		text := string(hclwrite.TokensForValue(v).Bytes())
		if strings.HasPrefix(text, "-") {
			text = "(" + text + ")"
		}
		b.Write(src[at:ref.SourceRange().Start.Byte])
		b.WriteString(text)
		at = ref.SourceRange().End.Byte
	}
	b.Write(src[at:e.Range().End.Byte])
	return b.String(), nil
}

// ParseConstraint reads the text of a constraint: metric.latency < 20 && metric.size <= 5.
//
// What violates it does so by how far a comparison is from being true, as a share of
// its bound where one side is a number other than 0; sides of && add up, of || the
// least counts, anything else is true or violated by 1. Where a metric is missing or
// NaN, what needs it cannot be told.
func ParseConstraint(text string) (*sweep.Constraint, error) {
	e, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("read constraint %q: %s", text, diags[0].Detail)
	}
	known := functions()
	return &sweep.Constraint{Text: text, Measure: func(m sweep.Metrics) float64 {
		numbers := make(map[string]cty.Value, len(m))
		for name, f := range m {
			if f == f {
				numbers[name] = cty.NumberFloatVal(f)
			}
		}
		c := conditions{&hcl.EvalContext{Functions: known, Variables: map[string]cty.Value{"metric": cty.ObjectVal(numbers)}}}
		return c.violation(e, true)
	}}, nil
}

// conditions measures conditions on the metrics of a context.
type conditions struct{ ctx *hcl.EvalContext }

// violation is by how much e is not what it should be.
func (c conditions) violation(e hclsyntax.Expression, should bool) float64 {
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return c.violation(x.Expression, should)
	case *hclsyntax.UnaryOpExpr:
		if x.Op == hclsyntax.OpLogicalNot {
			return c.violation(x.Val, !should)
		}
	case *hclsyntax.BinaryOpExpr:
		switch both := (x.Op == hclsyntax.OpLogicalAnd) == should; {
		case x.Op != hclsyntax.OpLogicalAnd && x.Op != hclsyntax.OpLogicalOr:
			if v, ok := c.comparison(x, should); ok {
				return v
			}
		case both: // De Morgan: !(a || b) is !a && !b
			return c.violation(x.LHS, should) + c.violation(x.RHS, should)
		default:
			return min(c.violation(x.LHS, should), c.violation(x.RHS, should))
		}
	}
	v, diags := e.Value(c.ctx)
	switch {
	case diags.HasErrors() || !v.IsWhollyKnown() || v.IsNull() || v.Type() != cty.Bool:
		return math.Inf(1)
	case v.True() == should:
		return 0
	}
	return 1
}

// opposite is the comparison that is true where another is not.
var opposite = map[*hclsyntax.Operation]*hclsyntax.Operation{
	hclsyntax.OpLessThan: hclsyntax.OpGreaterThanOrEqual, hclsyntax.OpGreaterThanOrEqual: hclsyntax.OpLessThan,
	hclsyntax.OpGreaterThan: hclsyntax.OpLessThanOrEqual, hclsyntax.OpLessThanOrEqual: hclsyntax.OpGreaterThan,
	hclsyntax.OpEqual: hclsyntax.OpNotEqual, hclsyntax.OpNotEqual: hclsyntax.OpEqual,
}

// comparison is by how much two numbers do not compare as they should; false: it
// compares no numbers. They are compared as metrics are measured, in 64 bits: HCL's
// 0.1 is a little less than a metric's.
func (c conditions) comparison(e *hclsyntax.BinaryOpExpr, should bool) (float64, bool) {
	op := e.Op
	if _, ok := opposite[op]; !ok {
		return 0, false
	}
	if !should {
		op = opposite[op]
	}
	a, okA := c.number(e.LHS)
	b, okB := c.number(e.RHS)
	if !okA || !okB {
		return 0, false
	}
	over := 0.0
	switch op {
	case hclsyntax.OpLessThan, hclsyntax.OpLessThanOrEqual:
		over = a - b
	case hclsyntax.OpGreaterThan, hclsyntax.OpGreaterThanOrEqual:
		over = b - a
	case hclsyntax.OpEqual:
		over = math.Abs(a - b)
	default:
		if a == b {
			return 1, true
		}
		return 0, true
	}
	if a == b { // also where both are infinite
		over = 0
	}
	strict := op == hclsyntax.OpLessThan || op == hclsyntax.OpGreaterThan
	switch {
	case over < 0 || over == 0 && !strict:
		return 0, true
	case over == 0:
		return math.SmallestNonzeroFloat64, true
	}
	return max(over/c.bound(e.LHS, e.RHS), math.SmallestNonzeroFloat64), true
}

// number is the value of an expression that is a number.
func (c conditions) number(e hclsyntax.Expression) (float64, bool) {
	v, diags := e.Value(c.ctx)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return 0, false
	}
	return float(v), true
}

// bound is the size of the side that is the same for all trials, so that metrics of
// unlike units can be added up; 1 where there is no such side, or it is 0.
func (c conditions) bound(sides ...hclsyntax.Expression) float64 {
	for _, side := range sides {
		if v, ok := c.number(side); ok && len(side.Variables()) == 0 && v != 0 {
			return math.Abs(v)
		}
	}
	return 1
}

// withoutFeasible is a body's attributes but the one that the whole sweep's
// expressions cannot stand for.
func withoutFeasible(attrs hclsyntax.Attributes) hclsyntax.Attributes {
	rest := maps.Clone(attrs)
	delete(rest, "feasible")
	return rest
}
