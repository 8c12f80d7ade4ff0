package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/inflame-deeplearning/sweep/sweep"
)

// maxMemo bounds how many evaluations a conditional parameter or a constraint
// remembers.
const maxMemo = 1 << 16

// axis is a parameter, or a zip of them, as it stands in the file.
type axis struct {
	names  []string
	exprs  []hcl.Expression // one a name
	needs  []string
	at     hcl.Range
	base   *hcl.EvalContext
	zipped bool
}

// space reads the params block.
func (r *reader) space(body *hclsyntax.Body) sweep.Space {
	var axes []axis
	declared := map[string]hcl.Range{}
	declare := func(attr *hclsyntax.Attribute) bool {
		if first, ok := declared[attr.Name]; ok {
			r.add(fault(attr.NameRange, "Duplicate parameter", "%q is declared already on line %d: give each parameter once.", attr.Name, first.Start.Line))
			return false
		}
		declared[attr.Name] = attr.NameRange
		return true
	}
	for _, attr := range inOrder(body.Attributes) {
		if declare(attr) {
			axes = append(axes, axis{names: []string{attr.Name}, exprs: []hcl.Expression{attr.Expr}, at: attr.NameRange})
		}
	}
	var skips, tries []*hclsyntax.Body
	for _, block := range body.Blocks {
		switch block.Type {
		case "zip":
			z := axis{at: block.TypeRange, zipped: true}
			for _, attr := range inOrder(block.Body.Attributes) {
				if declare(attr) {
					z.names = append(z.names, attr.Name)
					z.exprs = append(z.exprs, attr.Expr)
				}
			}
			if len(z.names) < 2 {
				r.add(fault(block.TypeRange, "Nothing to zip", "A zip advances two or more parameters together: list them in it, or move a single one out of it."))
				continue
			}
			axes = append(axes, z)
		case "skip":
			skips = append(skips, block.Body)
		case "try":
			tries = append(tries, block.Body)
		default:
			r.unknownBlock(block, []string{"zip", "skip", "try"})
		}
		r.noLabels(block)
	}
	slices.SortStableFunc(axes, func(a, b axis) int { return a.at.Start.Byte - b.at.Start.Byte })
	for _, a := range axes {
		r.params = append(r.params, a.names...)
	}
	if len(axes) == 0 {
		r.add(fault(body.Range(), "No parameters", "Write at least one, such as learning_rate = [0.1, 0.01]."))
	}
	good := true
	for i := range axes {
		axes[i].base = r.ctx
		for _, e := range axes[i].exprs {
			good = r.check(e, "param", "var", "local") && good
			for _, need := range references(e, "param", r.params) {
				if !slices.Contains(axes[i].needs, need) {
					axes[i].needs = append(axes[i].needs, need)
				}
			}
		}
	}
	var space sweep.Space
	if good {
		space.Axes = r.ordered(axes)
	}
	space.Skip = r.skip(skips)
	r.tries = tries
	return space
}

// ordered brings the axes into an order in which each needs only earlier ones.
func (r *reader) ordered(axes []axis) []sweep.Axis {
	var out []sweep.Axis
	known := map[string]bool{}
	left := slices.Clone(axes)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(a axis) bool {
			return !slices.ContainsFunc(a.needs, func(n string) bool { return !known[n] })
		})
		if i < 0 {
			members := cycle(left)
			r.add(fault(left[slices.IndexFunc(left, func(a axis) bool { return slices.Contains(a.names, members[0]) })].at,
				"Parameters in a circle", "Each of these depends on the next: %s. Give one of them values of its own.", strings.Join(members, " -> ")))
			return nil
		}
		a := left[i]
		left = slices.Delete(left, i, i+1)
		for _, name := range a.names {
			known[name] = true
		}
		domain := a.memo()
		if len(a.needs) == 0 {
			if _, err := domain(nil); err != nil {
				r.addErr(err, a.at)
				continue
			}
		}
		out = append(out, sweep.Axis{Names: a.names, Needs: a.needs, Domain: domain})
	}
	return out
}

// cycle is a way from a parameter of axes back to itself; there is one.
func cycle(axes []axis) []string {
	owner := map[string]axis{}
	for _, a := range axes {
		for _, name := range a.names {
			owner[name] = a
		}
	}
	path := []string{axes[0].names[0]}
	for {
		a := owner[path[len(path)-1]]
		for _, need := range a.needs {
			if _, ok := owner[need]; !ok {
				continue
			}
			if i := slices.Index(path, need); i >= 0 {
				return append(path[i:], need)
			}
			path = append(path, need)
			break
		}
	}
}

// memo is a's domain as a function of the parameters it needs. A file is
// evaluated once for each combination of those.
func (a axis) memo() func(sweep.Params) (sweep.Domain, error) {
	var mu sync.Mutex
	known := map[string]sweep.Domain{}
	return func(p sweep.Params) (sweep.Domain, error) {
		key := keyOf(p, a.needs)
		mu.Lock()
		d, ok := known[key]
		mu.Unlock()
		if ok {
			return d, nil
		}
		d, err := a.domain(paramContext(a.base, a.needs, p))
		if err != nil {
			return d, err
		}
		mu.Lock()
		defer mu.Unlock()
		if len(known) >= maxMemo {
			clear(known)
		}
		known[key] = d
		return d, nil
	}
}

// keyOf is a text that is equal for equal values of names in p.
func keyOf(p sweep.Params, names []string) string {
	if len(names) == 0 {
		return ""
	}
	part := make(sweep.Params, len(names))
	for _, name := range names {
		if v, ok := p[name]; ok {
			part[name] = v
		}
	}
	return part.Key()
}

// exprError is a mistake that shows only when an expression is evaluated.
type exprError struct{ diags hcl.Diagnostics }

func (e exprError) Error() string {
	d := e.diags[0]
	line := 0
	if d.Subject != nil {
		line = d.Subject.Start.Line
	}
	return fmt.Sprintf("line %d: %s: %s", line, d.Summary, d.Detail)
}

func (a axis) domain(ctx *hcl.EvalContext) (sweep.Domain, error) {
	domains := make([]sweep.Domain, len(a.exprs))
	for i, e := range a.exprs {
		d, err := domainOf(e, ctx, a.zipped)
		if err != nil {
			return sweep.Domain{}, err
		}
		domains[i] = d
	}
	if !a.zipped {
		return domains[0], nil
	}
	return a.zip(domains)
}

// zip is the choices of several parameters side by side. One that does not
// exist in the variant is null throughout.
func (a axis) zip(domains []sweep.Domain) (sweep.Domain, error) {
	bad := func(i int, format string, args ...any) (sweep.Domain, error) {
		return sweep.Domain{}, exprError{hcl.Diagnostics{fault(a.exprs[i].Range(), "Lists of different lengths", format, args...)}}
	}
	length, first := 0, ""
	for i, d := range domains {
		switch {
		case d.Shape == sweep.Absent:
		case d.Shape != sweep.Choice:
			return bad(i, "A zip advances lists together: %s is a distribution. List its values, or move it out of the zip.", a.names[i])
		case length == 0:
			length, first = len(d.Choices), a.names[i]
		case len(d.Choices) != length:
			return bad(i, "The parameters of a zip advance together and need lists of the same length: %s has %d values and %s has %d.", first, length, a.names[i], len(d.Choices))
		}
	}
	if length == 0 {
		return sweep.Domain{}, nil
	}
	choices := make([]sweep.Value, length)
	for k := range choices {
		row := make([]sweep.Value, len(domains))
		for i, d := range domains {
			if d.Shape == sweep.Choice {
				row[i] = d.Choices[k]
			}
		}
		choices[k] = sweep.List(row...)
		if j := slices.IndexFunc(choices[:k], choices[k].Equal); j >= 0 {
			return bad(0, "Rows %d and %d of the zip are the same: leave one out.", j+1, k+1)
		}
	}
	return sweep.Domain{Shape: sweep.Choice, Choices: choices}, nil
}

// domainOf is what an expression in params says a parameter may be, by itself
// or as a member of a zip.
func domainOf(e hcl.Expression, ctx *hcl.EvalContext, zipped bool) (sweep.Domain, error) {
	raw, diags := evaluate(e, ctx)
	if diags.HasErrors() {
		return sweep.Domain{}, exprError{diags}
	}
	if !raw.IsNull() && raw.IsKnown() && raw.Type() == distribution {
		return *raw.EncapsulatedValue().(*sweep.Domain), nil
	}
	bad := func(summary, format string, args ...any) (sweep.Domain, error) {
		return sweep.Domain{}, exprError{hcl.Diagnostics{fault(e.Range(), summary, format, args...)}}
	}
	v, err := fromCty(raw)
	if err != nil {
		return bad("Not a set of values", "Here %s. A parameter is a list such as [1, 2, 3], or a distribution such as uniform(0, 1).", err)
	}
	switch v.Kind() {
	case sweep.Null:
		return sweep.Domain{}, nil
	case sweep.ListKind:
		if len(v.Items()) == 0 {
			return bad("Empty list", "A parameter needs at least one value: write one into the list, or null for a parameter that does not exist in some variants.")
		}
		if len(v.Items()) > maxList {
			return bad("Too many values", "A list of %d values is more than the %d that a parameter may have: use a distribution such as uniform(lo, hi).", len(v.Items()), maxList)
		}
	default:
		v = sweep.List(v)
	}
	choices := harmonise(v.Items())
	if slices.ContainsFunc(choices, sweep.Value.IsNull) {
		return bad("Null in a list", "A value of a list cannot be null. A parameter that does not exist in some variants is written as a condition: param.x == \"a\" ? [1, 2] : null.")
	}
	d := sweep.Domain{Shape: sweep.Choice, Choices: choices}
	if zipped { // rows are to differ, not each column's values
		return d, nil
	}
	if err := unique(choices); err != nil {
		return bad("Duplicate value", "%s: leave one of them out.", err)
	}
	return d, nil
}

// unique finds a doubled choice in linear time.
func unique(choices []sweep.Value) error {
	seen := make(map[string]bool, len(choices))
	for _, c := range choices {
		key := sweep.Params{"": c}.Key()
		if seen[key] {
			return fmt.Errorf("the value %s is listed twice", c)
		}
		seen[key] = true
	}
	return nil
}

// skip is the constraint of all skip blocks, nil where there are none.
func (r *reader) skip(bodies []*hclsyntax.Body) func(sweep.Params) (bool, error) {
	var conditions []hcl.Expression
	for _, body := range bodies {
		ok := true
		for _, attr := range inOrder(body.Attributes) {
			if attr.Name != "when" {
				r.add(fault(attr.NameRange, "Unknown attribute", "A skip block has one attribute: when = param.a * param.b > 512."))
				ok = false
			}
		}
		when, found := body.Attributes["when"]
		if !found && ok {
			r.add(fault(body.SrcRange, "Missing attribute", "Say which variants to leave out: when = param.a * param.b > 512."))
		}
		if found && r.check(when.Expr, "param", "var", "local") && ok {
			conditions = append(conditions, when.Expr)
		}
	}
	if len(conditions) == 0 {
		return nil
	}
	var needs []string
	for _, e := range conditions {
		needs = append(needs, references(e, "param", r.params)...)
	}
	slices.Sort(needs)
	needs = slices.Compact(needs)
	var mu sync.Mutex
	known := map[string]bool{}
	return func(p sweep.Params) (bool, error) {
		key := keyOf(p, needs)
		mu.Lock()
		skip, ok := known[key]
		mu.Unlock()
		if ok {
			return skip, nil
		}
		ctx := paramContext(r.ctx, needs, p)
		for _, e := range conditions {
			v, diags := e.Value(ctx)
			if diags.HasErrors() {
				return false, exprError{diags}
			}
			if v.IsNull() || v.Type() != cty.Bool {
				return false, exprError{hcl.Diagnostics{fault(e.Range(), "Not a condition", "A skip block's when must be true or false, as in param.a * param.b > 512.")}}
			}
			skip = skip || v.True()
		}
		mu.Lock()
		defer mu.Unlock()
		if len(known) >= maxMemo {
			clear(known)
		}
		known[key] = skip
		return skip, nil
	}
}

// baselines reads the try blocks, once the space is known to be good.
func (r *reader) baselines(space sweep.Space) []sweep.Params {
	var out []sweep.Params
	for _, body := range r.tries {
		p := sweep.Params{}
		good := true
		for _, attr := range inOrder(body.Attributes) {
			if !slices.Contains(r.params, attr.Name) {
				r.unknown(attr, "parameter", r.params)
				good = false
				continue
			}
			if !r.check(attr.Expr, "var", "local") {
				good = false
				continue
			}
			v, diags := value(attr.Expr, r.ctx)
			if diags.HasErrors() {
				r.add(diags...)
				good = false
				continue
			}
			if !v.IsNull() {
				p[attr.Name] = v
			}
		}
		for _, block := range body.Blocks {
			r.unknownBlock(block, nil)
			good = false
		}
		if !good {
			continue
		}
		fitted, err := space.Fit(p)
		var inner exprError
		switch {
		case errors.As(err, &inner):
			r.add(inner.diags...)
		case err != nil:
			r.add(fault(body.SrcRange, "Baseline outside the space", "This variant is not one of the sweep's: %s.", err))
		default:
			out = append(out, fitted)
		}
	}
	return out
}
