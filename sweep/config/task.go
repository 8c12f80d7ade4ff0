package config

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/model"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

func joined(names []string) string { return strings.Join(names, ", ") }

// command is the model type that a command block stands for.
const command = "exec"

// task is what the file says of a single trial: blocks whose expressions are
// evaluated with each variant's parameters.
type task struct {
	data, model, train *part
	metrics            sweep.Value // of a command: list of {name, pattern}
	params             []string
	ctx                *hcl.EvalContext
}

// part is one block of a task.
type part struct {
	typ    string
	body   *hclsyntax.Body
	at     hcl.Range
	schema *schema.Schema
}

// elsewhere is the task of a file that leaves out what a trial does.
func elsewhere(p sweep.Params) (sweep.Task, uint64, error) {
	return sweep.Task{Model: sweep.Block{Type: "elsewhere", Config: sweep.Object(nil)}, Params: p}, 1, nil
}

// task reads the data, model, train, command and metric blocks; nil where the
// file leaves them out and may.
func (r *reader) task(body *hclsyntax.Body, blocks map[string][]*hclsyntax.Block) *task {
	t := &task{params: r.params, ctx: r.ctx}
	run, network := first(blocks, "command"), first(blocks, "model")
	switch {
	case run != nil:
		r.noLabels(run)
		for _, other := range []string{"model", "train", "data"} {
			if b := first(blocks, other); b != nil {
				r.add(fault(b.TypeRange, "Two things to run", "A command is the whole of a trial: leave out the %s block, or the command on line %d.", other, run.TypeRange.Start.Line))
			}
		}
		t.model = r.part(run, command, r.plugins.Models)
		t.metrics = r.metrics(blocks["metric"])
		if run.Body.Attributes["metrics"] != nil && len(blocks["metric"]) > 0 {
			r.add(fault(run.Body.Attributes["metrics"].NameRange, "Two places for metrics", "Use metric blocks."))
		}
		return t
	case network == nil && r.elsewhere:
		return nil
	case network == nil:
		r.add(fault(body.MissingItemRange(), "Nothing to run", "Say what a trial does: a model block (with data and train), or a command block."))
		return t
	}
	for _, b := range blocks["metric"] {
		r.add(fault(b.TypeRange, "Metric without a command", "Metric blocks find numbers in what a command prints; a model reports its own."))
	}
	names := slices.DeleteFunc(r.plugins.Models.Names(), func(n string) bool { return n == command })
	if name, ok := r.label(network, "what kind of model it is", names); ok {
		t.model = r.part(network, name, r.plugins.Models)
	}
	if source := first(blocks, "data"); source == nil {
		r.add(fault(body.MissingItemRange(), "Missing block", "A model needs data: write data \"glyphs\" {} to begin with."))
	} else if name, ok := r.label(source, "where the data comes from", r.plugins.Data.Names()); ok {
		t.data = r.part(source, name, r.plugins.Data)
	}
	train := first(blocks, "train")
	if train == nil {
		train = &hclsyntax.Block{Type: "train", Body: &hclsyntax.Body{SrcRange: network.Range(), EndRange: network.Range()}, TypeRange: network.TypeRange}
	}
	r.noLabels(train)
	t.train = &part{typ: "train", body: train.Body, at: train.TypeRange, schema: r.plugins.Train}
	r.checkPart(t.train)
	return t
}

func (r *reader) part(block *hclsyntax.Block, typ string, from catalogue) *part {
	s, ok := from.lookup(typ)
	if !ok {
		r.add(fault(block.TypeRange, "Unknown block", "There is no %s here.", block.Type))
		return nil
	}
	p := &part{typ: typ, body: block.Body, at: block.TypeRange, schema: s}
	r.checkPart(p)
	return p
}

// checkPart finds what is wrong in any variant: unknown names, references that
// lead nowhere.
func (r *reader) checkPart(p *part) {
	for _, attr := range inOrder(p.body.Attributes) {
		if _, ok := p.schema.Attr(attr.Name); !ok {
			r.unknown(attr, "attribute", p.schema.Names())
		}
		r.check(attr.Expr, "param", "var", "local")
	}
	for _, block := range p.body.Blocks {
		r.unknownBlock(block, nil)
	}
	for _, a := range p.schema.Attrs {
		if _, ok := p.body.Attributes[a.Name]; a.Required && !ok {
			r.add(fault(p.body.MissingItemRange(), "Missing attribute", "%s is required: %s", a.Name, a.Doc))
		}
	}
}

func (r *reader) metrics(blocks []*hclsyntax.Block) sweep.Value {
	var list []sweep.Value
	seen := map[string]bool{}
	for _, block := range blocks {
		name, ok := r.label(block, "the metric's name", nil)
		if ok && seen[name] {
			r.add(fault(block.TypeRange, "Duplicate metric", "%q has a pattern already.", name))
		}
		seen[name] = true
		v := r.fixed(block.Body, metricSchema)
		list = append(list, sweep.Object(map[string]sweep.Value{"name": sweep.String(name), "pattern": v.Fields()["pattern"]}))
	}
	return sweep.List(list...)
}

// resolve is the task of a variant, and its base seed.
func (t *task) resolve(p sweep.Params) (sweep.Task, uint64, error) {
	out, diags := t.evaluate(p)
	if diags.HasErrors() {
		return sweep.Task{}, 0, exprError{diags}
	}
	seed := uint64(1)
	if n, ok := out.Train.Fields()["seed"].AsInt(); ok {
		seed = uint64(n)
	}
	return out, seed, nil
}

func (t *task) evaluate(p sweep.Params) (sweep.Task, hcl.Diagnostics) {
	ctx := paramContext(t.ctx, t.params, p)
	var out sweep.Task
	var diags hcl.Diagnostics
	if t.data != nil {
		v, faults := complete(t.data.body, t.data.schema, ctx)
		diags = append(diags, faults...)
		out.Data = &sweep.Block{Type: t.data.typ, Config: v}
	}
	v, faults := complete(t.model.body, t.model.schema, ctx)
	diags = append(diags, faults...)
	if len(t.metrics.Items()) > 0 && !faults.HasErrors() {
		fields := maps.Clone(v.Fields())
		fields["metrics"] = t.metrics
		v = sweep.Object(fields)
	}
	out.Model = sweep.Block{Type: t.model.typ, Config: v}
	if t.model.typ == command {
		out.Params = p
	}
	if t.train != nil {
		v, faults := complete(t.train.body, t.train.schema, ctx)
		diags = append(diags, faults...)
		out.Train = v
	}
	return out, diags
}

// How many variants validation evaluates: the first ones, and draws from all
// over the space.
const (
	sampleFirst = 64
	sampleDrawn = 192
)

// sample evaluates the task for some variants, and builds their plugins, to
// find mistakes before anything runs.
func (r *reader) sample(spec sweep.Spec, t *task) {
	tried := 0
	try := func(p sweep.Params, err error) bool {
		if err != nil {
			r.addErr(err, t.model.at)
			return false
		}
		tried++
		return r.tryVariant(spec, t, p)
	}
	if finite, _, _ := spec.Space.Finite(); finite {
		for p, err := range spec.Space.Variants() {
			if tried >= sampleFirst || !try(p, err) {
				break
			}
		}
		if tried == 0 && len(r.diags) == 0 {
			r.add(fault(t.model.at, "No variant left", "The skip blocks leave out every variant: loosen one of them."))
		}
	}
	source := rand.New(rand.NewPCG(1, 1))
	for range sampleDrawn {
		if len(r.diags) > 0 {
			return
		}
		p, err := spec.Space.Sample(source)
		if err == nil && spec.Space.Skip != nil {
			skip, fault := spec.Space.Skip(p)
			if err = fault; skip {
				continue
			}
		}
		if !try(p, err) {
			return
		}
	}
}

// tryVariant reports whether nothing is wrong with a variant.
func (r *reader) tryVariant(spec sweep.Spec, t *task, p sweep.Params) bool {
	out, diags := t.evaluate(p)
	if diags.HasErrors() {
		for _, d := range diags {
			if len(p) > 0 {
				d.Detail += " (Seen with " + describe(p, t.params) + ".)"
			}
		}
		r.add(diags...)
		return false
	}
	if out.Data != nil {
		if _, err := r.plugins.Data.New(spec, *out.Data); err != nil {
			r.addErr(err, t.data.at)
			return false
		}
	}
	trainer, err := r.plugins.Models.New(spec, out.Model)
	if err != nil {
		r.addErr(err, t.model.at)
		return false
	}
	reporter, ok := trainer.(model.Reporter)
	if !ok {
		return true
	}
	if known := reporter.Metrics(); len(known) > 0 {
		for _, o := range spec.Objectives {
			if !slices.Contains(known, o.Name) {
				r.add(fault(t.model.at, "Objective never reported", "The objective is %s, and this reports no such metric: %s", o.Name, sentence(schema.Unknown(o.Name, known))))
				return false
			}
		}
		return r.checkWatched(known)
	}
	return true
}

func describe(p sweep.Params, order []string) string {
	var parts []string
	for _, name := range order {
		if v, ok := p[name]; ok {
			parts = append(parts, fmt.Sprintf("%s = %s", name, v))
		}
	}
	return strings.Join(parts, ", ")
}
