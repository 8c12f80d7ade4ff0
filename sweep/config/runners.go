package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Option changes how a file is read.
type Option func(*reader)

// On has the trials run where the runner block of that name says, of the file or of
// the user's profiles. An empty name is no option.
func On(runner string) Option { return func(r *reader) { r.chosen = runner } }

// byDefault is the runner of a file that names none.
const byDefault = "local"

// profiles are the runner blocks of the user's own file, by name.
type profiles struct {
	path   string
	file   *hcl.File
	blocks []*hclsyntax.Block
}

// readProfiles reads the user's runner blocks, if there are any.
func (r *reader) readProfiles() error {
	if r.profiles.path = r.plugins.Profiles; r.profiles.path == "" {
		return nil
	}
	src, err := os.ReadFile(r.profiles.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read runner profiles: %w", err)
	}
	parsed, diags := hclsyntax.ParseConfig(src, r.profiles.path, hcl.InitialPos)
	r.profiles.file = parsed
	r.add(diags...)
	if parsed == nil || diags.HasErrors() {
		return nil
	}
	body := parsed.Body.(*hclsyntax.Body)
	for _, attr := range inOrder(body.Attributes) {
		r.add(fault(attr.NameRange, "Unexpected attribute", "Profiles are runner blocks, and nothing else: runner \"slurm\" { %s = ... }.", attr.Name))
	}
	for _, block := range body.Blocks {
		if block.Type != "runner" {
			r.add(fault(block.TypeRange, "Unexpected block", "Profiles are runner blocks, and nothing else."))
			continue
		}
		r.profiles.blocks = append(r.profiles.blocks, block)
		for _, attr := range inOrder(block.Body.Attributes) {
			r.check(attr.Expr) // it knows no sweep file's variables
		}
	}
	return nil
}

// runnerName is what a runner block is called: by its second label, else its first.
func runnerName(block *hclsyntax.Block) string {
	if n := len(block.Labels); n > 0 {
		return block.Labels[min(n, 2)-1]
	}
	return ""
}

// named finds a runner block.
func named(blocks []*hclsyntax.Block, name string) *hclsyntax.Block {
	i := slices.IndexFunc(blocks, func(b *hclsyntax.Block) bool { return runnerName(b) == name })
	if i < 0 {
		return nil
	}
	return blocks[i]
}

// running builds the runner: of the block that is chosen, or the file's first, with
// what the user's profile of that name adds to it.
func (r *reader) running(f *File, blocks []*hclsyntax.Block, body *hclsyntax.Body) {
	for _, all := range [][]*hclsyntax.Block{blocks, r.profiles.blocks} {
		for i, b := range all {
			if first := named(all, runnerName(b)); first != all[i] {
				r.add(fault(b.TypeRange, "Duplicate block", "There is a runner %q on line %d already: give this one a name of its own, as in runner %q \"name\" { ... }.", runnerName(b), first.TypeRange.Start.Line, first.Labels[0]))
			}
		}
	}
	name := r.chosen
	if name == "" && len(blocks) > 0 {
		name = runnerName(blocks[0])
	} else if name == "" {
		name = byDefault
	}
	own, profile := named(blocks, name), named(r.profiles.blocks, name)
	for _, b := range blocks { // those that are not chosen are to be good too
		if b != own {
			_, _ = r.runner(b, nil) // its mistakes are in the diagnostics
		}
	}
	chosen := sweep.Block{Type: name, Config: sweep.Object(nil)}
	switch {
	case own != nil || profile != nil:
		block, err := r.runner(own, profile)
		if err != nil {
			return
		}
		chosen, f.runnerAt = block, cmp.Or(own, profile).TypeRange
	case !slices.Contains(r.plugins.Runners.Names(), name):
		r.add(fault(body.MissingItemRange(), "Unknown runner", "--runner %s: %s", name, sentence(schema.Unknown(name, r.runnerNames(blocks)))))
		return
	}
	var err error
	f.Runner, err = r.plugins.Runners.New(f.Spec, chosen)
	switch {
	case err == nil:
	case own == nil && profile == nil:
		r.add(fault(body.MissingItemRange(), "Runner without a block", "%s Write a runner %q { ... } block, here or in %s.", sentence(err.Error()), name, r.plugins.Profiles))
	default:
		r.addErr(err, f.runnerAt)
	}
}

// runnerNames are all that --runner may say.
func (r *reader) runnerNames(blocks []*hclsyntax.Block) []string {
	names := r.plugins.Runners.Names()
	for _, b := range slices.Concat(blocks, r.profiles.blocks) {
		names = append(names, runnerName(b))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// runner reads a runner block and its profile, either of which may be nil. What the
// block says counts.
func (r *reader) runner(own, profile *hclsyntax.Block) (sweep.Block, error) {
	block := *cmp.Or(own, profile)
	if own != nil && profile != nil && len(own.Labels) > 0 && len(profile.Labels) > 0 {
		if own.Labels[0] != profile.Labels[0] {
			r.add(fault(own.LabelRanges[0], "Two runners of one name", "%q is a runner %q here and a runner %q in %s: give one of them another name.", runnerName(own), own.Labels[0], profile.Labels[0], r.profiles.path))
			return sweep.Block{}, errReported
		}
		body := *own.Body
		body.Attributes = maps.Clone(profile.Body.Attributes)
		maps.Copy(body.Attributes, own.Body.Attributes)
		body.Blocks = slices.Concat(own.Body.Blocks, profile.Body.Blocks)
		block.Body = &body
	}
	if n := len(block.Labels); n == 2 {
		if !goodName.MatchString(block.Labels[1]) {
			r.add(fault(block.LabelRanges[1], "Unusable name", "A runner's name is letters, digits, dots, dashes and underscores: %q is not.", block.Labels[1]))
		}
		block.Labels, block.LabelRanges = block.Labels[:1], block.LabelRanges[:1]
	}
	return r.plugin(&block, "where trials run", r.plugins.Runners)
}

// RunnerFault is what the machines of the file's runner say against its block, as a
// mistake in it.
func (f *File) RunnerFault(words string) error {
	if f.runnerAt.Filename == "" { // there is no block to show
		return errors.New(words)
	}
	at := f.runnerAt
	return Diagnostics{list: hcl.Diagnostics{fault(at, "Refused", "%s.", strings.TrimSuffix(words, "."))}, sources: f.sources, path: f.Path}
}

// Runner builds a runner by the user's profiles alone.
func Runner(name string, p *Plugins) (sweep.Runner, error) {
	r := &reader{plugins: p, path: p.Profiles, chosen: name}
	if err := r.readProfiles(); err != nil {
		return nil, err
	}
	r.ctx = &hcl.EvalContext{Functions: functions()}
	f := &File{}
	body := &hclsyntax.Body{}
	if file := r.profiles.file; file != nil {
		body = file.Body.(*hclsyntax.Body)
	}
	if len(r.diags) == 0 {
		r.running(f, nil, body)
	}
	switch {
	case len(r.diags) > 0 && r.profiles.file == nil: // there is no source to show
		return nil, errors.New(r.diags[0].Detail)
	case len(r.diags) > 0:
		return nil, r.diagnostics(nil)
	}
	return f.Runner, nil
}
