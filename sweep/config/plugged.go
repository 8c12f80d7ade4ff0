package config

import (
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// automatic is the search where nothing is said and the space is not finite.
const automatic = "auto"

// searching builds the search the file asks for: a grid where nothing is said
// and the space is finite.
func (r *reader) searching(f *File, block *hclsyntax.Block, infinite sweep.Axis, params hcl.Range) {
	f.SearchName = "grid"
	at := params
	chosen := sweep.Block{Type: "grid", Config: sweep.Object(nil)}
	switch {
	case block != nil:
		name, ok := r.label(block, "the method", r.plugins.Search.Names())
		if !ok {
			return
		}
		s, _ := r.plugins.Search.lookup(name)
		own, common := apart(block.Body, searchSchema)
		chosen = sweep.Block{Type: name, Config: r.fixed(own, s)}
		var c searchConfig
		r.decode(r.fixed(common, searchSchema), &c)
		f.WarmStart = c.WarmStart
		f.SearchName, at = name, block.TypeRange
		n, _ := chosen.Config.Fields()["trials"].AsInt()
		f.Trials = int(n)
	case !f.Finite && f.Spec.Limits.Trials == 0 && f.Spec.Limits.Duration == 0:
		if len(r.diags) == 0 {
			r.add(fault(params, "Trials without end", "%s is a distribution, so there is no last variant: say how many to try, with limits { trials = 50 } or a search block, such as search \"random\" { trials = 50 }.", joined(infinite.Names)))
		}
		return
	case !f.Finite:
		f.SearchName, chosen.Type = automatic, automatic
	}
	if len(r.diags) > 0 {
		return
	}
	searcher, err := r.plugins.Search.New(f.Spec, chosen)
	if err != nil {
		r.addErr(err, at)
		return
	}
	_, f.Breeds = searcher.(sweep.Breeder)
	if _, learns := searcher.(sweep.Learner); len(f.WarmStart) > 0 && (!learns || f.Breeds) {
		r.add(fault(block.Body.Attributes["warm_start"].SrcRange, "Nothing to set out from", "A %s search does not learn from the results of other runs: leave warm_start out, or choose a method that does, such as tpe.", f.SearchName))
	}
	if c, ok := searcher.(sweep.Chooser); ok {
		f.Choice = c.Choice()
	}
	f.Searcher = sweep.WithTry(searcher, f.Spec.Try)
	if rule, ok := searcher.(sweep.Stopper); ok {
		f.Stopper = rule
	}
}

// apart is a body without the attributes of a schema, and these alone.
func apart(body *hclsyntax.Body, s *schema.Schema) (rest, known *hclsyntax.Body) {
	rest = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, Blocks: body.Blocks, SrcRange: body.SrcRange, EndRange: body.EndRange}
	known = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: body.SrcRange, EndRange: body.EndRange}
	for name, attr := range body.Attributes {
		if _, ok := s.Attr(name); ok {
			known.Attributes[name] = attr
		} else {
			rest.Attributes[name] = attr
		}
	}
	return rest, known
}

// plugged builds the runner, the stop rules and the notifiers.
func (r *reader) plugged(f *File, blocks map[string][]*hclsyntax.Block, body *hclsyntax.Body) {
	r.running(f, blocks["runner"], body)
	f.Stopper = r.stopping(f, blocks["stop"])
	for _, b := range blocks["notify"] {
		if n, ok := r.notifier(f.Spec, b); ok {
			f.Notifiers = append(f.Notifiers, n)
		}
	}
}

// stopping builds the stop rules as one, that of the search first where it has
// one; nil: there is none.
func (r *reader) stopping(f *File, blocks []*hclsyntax.Block) sweep.Stopper {
	var rules []sweep.Stopper
	if f.Stopper != nil {
		rules = append(rules, f.Stopper)
	}
	for _, b := range blocks {
		block, err := r.plugin(b, "the stop rule", r.plugins.Stop)
		if err != nil {
			continue
		}
		rule, err := r.plugins.Stop.New(f.Spec, block)
		if err != nil {
			r.addErr(err, b.TypeRange)
			continue
		}
		rules = append(rules, rule)
		if w, ok := rule.(sweep.Watcher); ok {
			r.watched = append(r.watched, watch{w.Metrics(), place(b.Body, []string{"metric"})})
		}
	}
	return sweep.Stoppers(rules...)
}

// watch is metrics that something other than an objective needs, and where it says so.
type watch struct {
	metrics []string
	at      hcl.Range
}

// checkWatched reports whether nothing but known metrics is needed.
func (r *reader) checkWatched(known []string) bool {
	good := true
	for _, w := range r.watched {
		for _, name := range w.metrics {
			if !slices.Contains(known, name) {
				r.add(fault(w.at, "Metric never reported", "The trials report no %s: %s", name, sentence(schema.Unknown(name, known))))
				good = false
			}
		}
	}
	return good
}

var errReported = errors.New("reported as a diagnostic")

// plugin reads a labelled block of the whole sweep.
func (r *reader) plugin(block *hclsyntax.Block, what string, from catalogue) (sweep.Block, error) {
	before := len(r.diags)
	known := from.Names()
	name, ok := r.label(block, what, append([]string{}, known...))
	if !ok {
		return sweep.Block{}, errReported
	}
	s, _ := from.lookup(name)
	b := sweep.Block{Type: name, Config: r.fixed(block.Body, s)}
	if len(r.diags) > before {
		return sweep.Block{}, errReported
	}
	return b, nil
}

// leftovers checks the blocks that a file with mistakes does not come to build.
func (r *reader) leftovers(blocks map[string][]*hclsyntax.Block) {
	for _, b := range blocks["runner"] {
		_, _ = r.runner(b, named(r.profiles.blocks, runnerName(b))) // it is in the diagnostics
	}
	for name, from := range map[string]catalogue{
		"search": r.plugins.Search, "stop": r.plugins.Stop,
	} {
		for _, b := range blocks[name] {
			if name == "search" {
				own := *b
				own.Body, _ = apart(b.Body, searchSchema)
				b = &own
			}
			_, _ = r.plugin(b, "its kind", from) // it is in the diagnostics
		}
	}
	for _, b := range blocks["notify"] {
		_, _, _ = r.told(b) // they are in the diagnostics
	}
}
