package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// env is the function that reads the environment. It stands in notify blocks alone:
// they are neither hashed nor recorded.
const env = "env"

// notifyConfig are attributes of every notify block.
type notifyConfig struct {
	On []string `hcl:"on" doc:"Of what to tell: that the run finished, that it has a new champion, that it is a regression, that it failed." oneof:"finished,champion,regression,failed" default:"[\"finished\", \"champion\", \"regression\", \"failed\"]"`
}

var notifySchema = schema.Of(notifyConfig{})

// Notifier is a notify block: who is told, and of what.
type Notifier struct {
	Way  string // the plugin's name
	Line int
	sweep.Only
	secrets secrets
}

func (n Notifier) String() string { return fmt.Sprintf("notify %q on line %d", n.Way, n.Line) }

// Notify tells of a run. The error names the block, and nothing that env gave.
func (n Notifier) Notify(ctx context.Context, notice sweep.Notice) error {
	if err := n.Only.Notify(ctx, notice); err != nil {
		return fmt.Errorf("%s told nobody: %w", n, n.secrets.hide(err))
	}
	return nil
}

// notifier builds a notify block; false: it has a mistake, or the environment lacks
// something.
func (r *reader) notifier(s sweep.Spec, block *hclsyntax.Block) (Notifier, bool) {
	way, on, known := r.told(block)
	if known == nil || len(r.diags) > 0 {
		return Notifier{}, false
	}
	inner, err := r.plugins.Notify.New(s, way)
	if err != nil {
		r.addErr(known.hide(err), block.TypeRange)
		return Notifier{}, false
	}
	return Notifier{way.Type, block.TypeRange.Start.Line, sweep.Only{Notifier: inner, On: on}, known}, true
}

// told reads a notify block. The secrets are nil where it cannot be built.
func (r *reader) told(block *hclsyntax.Block) (way sweep.Block, on []sweep.Occasion, known secrets) {
	own, common := apart(block.Body, notifySchema)
	v := r.fixed(common, notifySchema)
	for _, o := range v.Fields()["on"].Items() {
		text, _ := o.AsString()
		on = append(on, sweep.Occasion(text))
	}
	if attr, given := common.Attributes["on"]; given && len(on) == 0 && !v.IsNull() && len(v.Fields()) > 0 {
		r.add(fault(attr.Expr.Range(), "Nobody to tell", "With no occasion nobody is ever told: name some, or leave on out for all."))
	}
	known, unset := r.environment(own)
	if known == nil {
		return way, on, nil
	}
	outer, before := r.ctx, len(r.diags)
	r.ctx = r.ctx.NewChild()
	r.ctx.Functions = withEnv(outer.Functions)
	inner := *block
	inner.Body = own
	way, err := r.plugin(&inner, "the way to notify", r.plugins.Notify)
	r.ctx = outer
	found := slices.Clone(r.diags[before:])
	r.diags = append(r.diags[:before], discreet(found, own, len(unset) > 0)...)
	if r.unset = append(r.unset, unset...); len(unset) > 0 || err != nil {
		return way, on, nil
	}
	return way, on, known
}

// environment is what the calls of env in a body give, and a fault for each that
// finds nothing. The secrets are nil where a call makes no sense.
func (r *reader) environment(body *hclsyntax.Body) (known secrets, unset hcl.Diagnostics) {
	known, before := secrets{}, len(r.diags)
	for _, attr := range inOrder(body.Attributes) {
		for _, call := range envCalls(attr.Expr) {
			name, ok := constant(call)
			if !ok {
				r.add(fault(call.Range(), "Not a name", `Write the name of a variable of the environment in quotes: env("SLACK_URL").`))
				continue
			}
			value := os.Getenv(name)
			if value == "" {
				missing := fault(call.Range(), "Unset environment variable", "%s is not set here, so nobody is told this way: export it where sweep will run.", name)
				missing.Severity = hcl.DiagWarning // results are worth more than the news of them
				unset = append(unset, missing)
				continue
			}
			known = known.with(value)
		}
	}
	if len(r.diags) > before {
		return nil, nil
	}
	return known, unset
}

func envCalls(e hcl.Expression) []*hclsyntax.FunctionCallExpr {
	return slices.DeleteFunc(calls(e), func(c *hclsyntax.FunctionCallExpr) bool { return c.Name != env })
}

// constant is the one argument of a call, a text that needs no evaluation.
func constant(call *hclsyntax.FunctionCallExpr) (string, bool) {
	if len(call.Args) != 1 || len(call.Args[0].Variables()) > 0 || len(calls(call.Args[0])) > 0 {
		return "", false
	}
	v, diags := call.Args[0].Value(nil)
	if diags.HasErrors() || v.IsNull() || v.Type() != cty.String || v.AsString() == "" {
		return "", false
	}
	return v.AsString(), true
}

// withEnv adds env to functions. What is not set was told already: any text stands in.
func withEnv(functions map[string]function.Function) map[string]function.Function {
	out := maps.Clone(functions)
	out[env] = function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(os.Getenv(args[0].AsString())), nil
		},
	})
	return out
}

// discreet is faults without what env gave: those of an attribute that calls it say
// nothing of the value. Where something is unset they are about what stands in for
// it, and left out.
func discreet(faults hcl.Diagnostics, body *hclsyntax.Body, unset bool) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, f := range faults {
		secret := false
		for _, attr := range body.Attributes {
			secret = secret || f.Subject != nil && attr.SrcRange.Overlaps(*f.Subject) && len(envCalls(attr.Expr)) > 0
		}
		switch {
		case secret && unset:
		case secret:
			out = append(out, fault(*f.Subject, f.Summary, "What the environment gives does not fit here; it is not shown."))
		default:
			out = append(out, f)
		}
	}
	return out
}

// secrets are texts that nobody may read in a message.
type secrets []string

// with adds a secret, and of an address also what follows its host: servers are told
// that alone, and may repeat it.
func (s secrets) with(text string) secrets {
	s = append(s, text)
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		for _, part := range []string{u.RequestURI(), u.Path, u.RawQuery} {
			if len(part) > 1 {
				s = append(s, part)
			}
		}
	}
	slices.SortFunc(s, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may be part of another
	return s
}

// hide is an error without the secrets.
func (s secrets) hide(err error) error {
	text := err.Error()
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
