// Package config reads sweep files: a file in, a sweep.Spec, the plugins it
// names and diagnostics out. It is the only home of HCL. It runs nothing.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schedule"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// File is a sweep file, read and found good.
type File struct {
	Path       string
	Hash       string // of the source and the variables' values: equal hashes mean the same sweep
	Spec       sweep.Spec
	Finite     bool // whether the space is
	Breeds     bool // whether variants go on from others: then there may be more than the space has
	SearchName string
	Searcher   sweep.Searcher
	Choice     string        // of a search that chooses its method: which, and why
	WarmStart  []string      // runs or sweeps from whose results the search sets out
	Trials     int           // variants that the search was told to propose; 0: no such number
	Stopper    sweep.Stopper // nil: none
	Runner     sweep.Runner
	Notifiers  []Notifier
	Unset      Diagnostics        // what notify blocks need and the environment lacks: these are not among Notifiers
	Champion   *Champion          // nil: no record is kept
	Regression *Regression        // nil: none is looked for
	Keep       *Keep              // nil: all is kept
	Schedule   *schedule.Schedule // nil: none

	runnerAt hcl.Range // of the runner's block
	sources  map[string]*hcl.File
}

// Read reads the sweep file at path. vars are the values given to its
// variables, as texts.
func Read(path string, vars map[string]string, p *Plugins, options ...Option) (*File, error) {
	r := &reader{plugins: p, path: path}
	for _, set := range options {
		set(r)
	}
	return open(vars, r)
}

// ReadSearch is Read where the trials are trained elsewhere: the file may leave
// out what a trial does.
func ReadSearch(path string, vars map[string]string, p *Plugins) (*File, error) {
	return open(vars, &reader{plugins: p, path: path, elsewhere: true})
}

func open(vars map[string]string, r *reader) (*File, error) {
	src, err := os.ReadFile(r.path)
	if err != nil {
		return nil, fmt.Errorf("read sweep file: %w", err)
	}
	return parse(src, vars, r)
}

// Parse is Read for a source at hand. Mistakes in it are returned as a Diagnostics.
func Parse(src []byte, path string, vars map[string]string, p *Plugins) (*File, error) {
	return parse(src, vars, &reader{plugins: p, path: path})
}

func parse(src []byte, vars map[string]string, r *reader) (*File, error) {
	r.src = src
	parsed, diags := hclsyntax.ParseConfig(src, r.path, hcl.InitialPos)
	r.add(diags...)
	if parsed == nil || diags.HasErrors() {
		return nil, r.diagnostics(parsed)
	}
	if err := r.readProfiles(); err != nil {
		return nil, err
	}
	file := r.file(parsed.Body.(*hclsyntax.Body), vars)
	if len(r.diags) > 0 {
		return nil, r.diagnostics(parsed)
	}
	file.Path, file.Hash, file.sources = r.path, hash(src, vars), r.sources(parsed)
	file.Unset = Diagnostics{list: tidied(r.unset), sources: file.sources, path: r.path}
	return file, nil
}

func hash(src []byte, vars map[string]string) string {
	if vars == nil {
		vars = map[string]string{} // none is none
	}
	text, err := json.Marshal(vars) // sorted by name
	if err != nil {
		panic(err) // a map of strings always has an encoding
	}
	sum := sha256.Sum256(append(append(slices.Clone(src), 0), text...))
	return hex.EncodeToString(sum[:8])
}

// Format is a sweep file in the canonical layout.
func Format(src []byte, path string) ([]byte, error) {
	parsed, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, Diagnostics{list: tidied(diags), sources: map[string]*hcl.File{path: parsed}, path: path}
	}
	return hclwrite.Format(src), nil
}

// reader collects what a file says and every mistake in it.
type reader struct {
	plugins *Plugins
	path    string
	src     []byte
	diags   hcl.Diagnostics
	ctx     *hcl.EvalContext // functions, var and local
	vars    []string
	locals  []string
	params  []string
	tries   []*hclsyntax.Body
	watched []watch
	unset   hcl.Diagnostics // variables of the environment

	chosen   string // runner; "": the file's own
	profiles profiles

	elsewhere bool // whether the file may leave out what a trial does
}

func (r *reader) add(diags ...*hcl.Diagnostic) { r.diags = append(r.diags, diags...) }

// addErr adds what an evaluation or a plugin found wrong with the block at at.
func (r *reader) addErr(err error, at hcl.Range) {
	if inner, ok := errors.AsType[exprError](err); ok {
		r.add(inner.diags...)
		return
	}
	text := err.Error()
	r.add(fault(at, "Invalid block", "%s.", strings.ToUpper(text[:1])+text[1:]))
}

func (r *reader) diagnostics(file *hcl.File) error {
	return Diagnostics{list: tidied(r.diags), sources: r.sources(file), path: r.path}
}

// sources are the files that mistakes may be in.
func (r *reader) sources(file *hcl.File) map[string]*hcl.File {
	out := map[string]*hcl.File{}
	for path, f := range map[string]*hcl.File{r.profiles.path: r.profiles.file, r.path: file} {
		if f != nil {
			out[path] = f
		}
	}
	return out
}

// check finds references of e that lead nowhere; roots are those allowed.
func (r *reader) check(e hcl.Expression, roots ...string) bool {
	names := map[string][]string{"param": r.params, "var": r.vars, "local": r.locals}
	s := scope{}
	for _, root := range roots {
		s[root] = names[root]
	}
	known := functions()
	if r.ctx != nil { // which profiles come before
		known = r.ctx.Functions
	}
	diags := append(s.check(e), checkCalls(e, known)...)
	r.add(diags...)
	return len(diags) == 0
}

func (r *reader) unknown(attr *hclsyntax.Attribute, what string, known []string) {
	r.add(fault(attr.NameRange, "Unknown "+what, "%s", sentence(schema.Unknown(attr.Name, known))))
}

func (r *reader) unknownBlock(block *hclsyntax.Block, known []string) {
	if slices.Contains(known, block.Type) {
		return
	}
	detail := sentence(schema.Unknown(block.Type, known))
	if known == nil {
		detail = fmt.Sprintf("No blocks stand in here: write %s = { ... } or %s = [ ... ].", block.Type, block.Type)
	}
	r.add(fault(block.TypeRange, "Unknown block", "%s", detail))
}

func sentence(s string) string {
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

func (r *reader) noLabels(block *hclsyntax.Block) {
	if len(block.Labels) > 0 {
		r.add(fault(block.LabelRanges[0], "Unexpected label", "A %s block has no label: write %s { ... }.", block.Type, block.Type))
	}
}

func inOrder(attrs hclsyntax.Attributes) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return out
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// file reads a whole file.
func (r *reader) file(body *hclsyntax.Body, vars map[string]string) *File {
	blocks := map[string][]*hclsyntax.Block{}
	for _, block := range body.Blocks {
		r.unknownBlock(block, blockNames)
		blocks[block.Type] = append(blocks[block.Type], block)
	}
	for _, name := range blockNames {
		single := !slices.Contains([]string{"variable", "locals", "metric", "notify", "objective", "stop", "runner"}, name)
		if all := blocks[name]; single && len(all) > 1 {
			r.add(fault(all[1].TypeRange, "Duplicate block", "There is a %s block on line %d already: a file has one.", name, all[0].TypeRange.Start.Line))
		}
	}
	r.variables(blocks["variable"], vars, body)
	r.readLocals(blocks["locals"])

	f := &File{}
	top := r.fixed(&hclsyntax.Body{Attributes: withoutFeasible(body.Attributes), SrcRange: body.SrcRange}, topSchema)
	f.Spec.Name = r.name(body, top)
	f.Spec.Repeat = 1
	if n, ok := top.Fields()["repeat"].AsInt(); ok {
		f.Spec.Repeat = int(n)
	}
	f.Spec.Objectives = r.objectives(body, top, blocks["objective"])
	f.Spec.Feasible = r.feasible(body.Attributes["feasible"])
	if first(blocks, "params") == nil {
		r.add(fault(body.MissingItemRange(), "Missing block", "A sweep needs parameters to vary: params { learning_rate = [0.1, 0.01] }."))
	} else {
		r.noLabels(blocks["params"][0])
		f.Spec.Space = r.space(blocks["params"][0].Body)
	}
	f.Spec.Limits = r.limits(first(blocks, "limits"))
	r.record(f, first(blocks, "champion"), first(blocks, "regression"))
	f.Schedule = r.schedule(first(blocks, "schedule"), f.Spec.Name)
	f.Keep = r.keep(first(blocks, "keep"))
	task := r.task(body, blocks)
	if len(r.diags) > 0 { // what follows evaluates, and would only repeat these
		r.leftovers(blocks)
		return nil
	}
	f.Spec.Try = r.baselines(f.Spec.Space)
	finite, axis, err := f.Spec.Space.Finite()
	if err != nil {
		r.addErr(err, blocks["params"][0].TypeRange)
	}
	f.Finite = finite
	f.Spec.Resolve = elsewhere
	if task != nil {
		f.Spec.Resolve = task.resolve
	}
	r.searching(f, first(blocks, "search"), axis, blocks["params"][0].TypeRange)
	if limits := first(blocks, "limits"); f.Spec.Limits.Confirm > 0 && (f.Breeds || len(f.Spec.Objectives) > 1) {
		r.add(fault(limits.Body.Attributes["confirm"].SrcRange, "Nothing to confirm", "A winner is confirmed where there is one: not with several objectives, nor under a pbt search, whose winner's parameters changed while it trained. Leave confirm out."))
	}
	r.plugged(f, blocks, body)
	if len(r.diags) == 0 && task != nil {
		r.sample(f.Spec, task)
	}
	return f
}

func first(blocks map[string][]*hclsyntax.Block, name string) *hclsyntax.Block {
	if all := blocks[name]; len(all) > 0 {
		return all[0]
	}
	return nil
}

func (r *reader) name(body *hclsyntax.Body, top sweep.Value) string {
	if name, ok := top.Fields()["name"].AsString(); ok {
		if !goodName.MatchString(name) {
			r.add(fault(body.Attributes["name"].Expr.Range(), "Unusable name", "A sweep's name is letters, digits, dots, dashes and underscores, and starts with a letter or digit: %q is not.", name))
		}
		return name
	}
	name := strings.TrimSuffix(filepath.Base(r.path), filepath.Ext(r.path))
	name = strings.Trim(regexp.MustCompile(`[^A-Za-z0-9._-]+`).ReplaceAllString(name, "-"), "-._")
	if name == "" {
		return "sweep"
	}
	return name
}

// objectives are said in exactly one way: minimize, maximize or objective blocks.
func (r *reader) objectives(body *hclsyntax.Body, top sweep.Value, blocks []*hclsyntax.Block) []sweep.Objective {
	var out []sweep.Objective
	var at []hcl.Range
	for _, goal := range []sweep.Goal{sweep.Minimize, sweep.Maximize} {
		if metric, ok := top.Fields()[string(goal)].AsString(); ok {
			out = append(out, sweep.Objective{Name: metric, Goal: goal})
			at = append(at, body.Attributes[string(goal)].NameRange)
		}
	}
	if len(out) > 1 || len(out) == 1 && len(blocks) > 0 {
		where := blocks
		place := slices.MaxFunc(at, func(a, b hcl.Range) int { return a.Start.Byte - b.Start.Byte })
		if len(where) > 0 {
			place = where[0].TypeRange
		}
		r.add(fault(place, "Two objectives", "Give the objective once: minimize = \"...\" or maximize = \"...\", or, for several, an objective block each and neither of the two."))
	}
	for _, block := range blocks {
		name, ok := r.label(block, "the metric's name", nil)
		v := r.fixed(block.Body, objectiveSchema)
		goal, _ := v.Fields()["goal"].AsString()
		if slices.ContainsFunc(out, func(o sweep.Objective) bool { return o.Name == name }) {
			r.add(fault(block.TypeRange, "Duplicate objective", "%q is an objective already.", name))
		}
		if ok {
			out = append(out, sweep.Objective{Name: name, Goal: sweep.Goal(goal)})
		}
	}
	_, wrongMin := body.Attributes["minimize"]
	_, wrongMax := body.Attributes["maximize"]
	if len(out) == 0 && len(blocks) == 0 && !wrongMin && !wrongMax {
		r.add(fault(body.MissingItemRange(), "Missing objective", "Say which metric decides: maximize = \"val_accuracy\" or minimize = \"val_loss\"."))
	}
	return out
}

// label is a block's one label, checked against the known ones where given.
func (r *reader) label(block *hclsyntax.Block, what string, known []string) (string, bool) {
	switch {
	case len(block.Labels) == 0:
		hint := ""
		if len(known) > 0 {
			hint = fmt.Sprintf(", one of %s", strings.Join(known, ", "))
		}
		r.add(fault(block.TypeRange, "Missing label", "A %s block is labelled with %s%s: write %s \"...\" { ... }.", block.Type, what, hint, block.Type))
		return "", false
	case len(block.Labels) > 1:
		r.add(fault(block.LabelRanges[1], "Unexpected label", "A %s block has one label, %s.", block.Type, what))
		return "", false
	}
	if known != nil && !slices.Contains(known, block.Labels[0]) {
		r.add(fault(block.LabelRanges[0], "Unknown "+block.Type, "%s", sentence(schema.Unknown(block.Labels[0], known))))
		return "", false
	}
	return block.Labels[0], true
}
