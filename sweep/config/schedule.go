package config

import (
	"errors"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/inflame-deeplearning/sweep/sweep/schedule"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// schedule reads when the sweep named name runs by itself; nil: not at all.
func (r *reader) schedule(block *hclsyntax.Block, name string) *schedule.Schedule {
	if block == nil {
		return nil
	}
	r.noLabels(block)
	before := len(r.diags)
	v := r.fixed(block.Body, scheduleSchema)
	if len(r.diags) > before || v.IsNull() {
		return nil
	}
	var c schedule.Config
	if err := schema.Decode(v, &c); err != nil {
		panic(err) // Complete lets nothing through that does not fit
	}
	s, err := schedule.New(name, c)
	if wrong, ok := errors.AsType[schedule.MistakesError](err); ok {
		for _, m := range wrong {
			r.add(fault(place(block.Body, []string{m.Attribute}), m.Summary, "%s", m.Detail))
		}
		return nil
	}
	return s
}
